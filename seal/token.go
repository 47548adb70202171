package seal

import (
	"encoding/base64"
	"strings"
)

// tokenPrefix is the version of the token's form. It is outside the encryption so
// that a later form can be told apart before any key is tried.
const tokenPrefix = "sp1."

// tokenText is unpadded base64url, which needs no escaping in a presigned URL. Strict
// refuses trailing bits that decode to nothing, so that one token has one spelling.
var tokenText = base64.RawURLEncoding.Strict()

// SealToken encrypts plaintext into a text of the letters A-Z a-z 0-9 - _ and one
// dot, that only [Keyset.OpenToken] with the same purpose opens. It is about
// 4/3·(len(plaintext)+45)+4 characters long.
func (k *Keyset) SealToken(purpose string, plaintext []byte) string {
	sealed := encrypt(k.keys.Load().tokens, plaintext, bind("sallyport token 1", purpose))
	text := make([]byte, len(tokenPrefix)+tokenText.EncodedLen(len(sealed)))
	copy(text, tokenPrefix)
	tokenText.Encode(text[len(tokenPrefix):], sealed)
	return string(text)
}

// OpenToken decrypts what [Keyset.SealToken] made for the same purpose. Anything
// else, down to another spelling of the same bytes, is [ErrRefused]. Its work grows
// with the token's length, which the caller bounds.
func (k *Keyset) OpenToken(purpose, token string) ([]byte, error) {
	text, ok := strings.CutPrefix(token, tokenPrefix)
	// The decoder skips line ends even when strict.
	if !ok || strings.IndexByte(text, '\n') >= 0 || strings.IndexByte(text, '\r') >= 0 {
		return nil, ErrRefused
	}
	sealed, err := tokenText.DecodeString(text)
	if err != nil {
		return nil, ErrRefused
	}
	plaintext, err := k.keys.Load().tokens.Decrypt(sealed, bind("sallyport token 1", purpose))
	if err != nil {
		return nil, ErrRefused
	}
	return plaintext, nil
}
