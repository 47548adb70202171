package mfa

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
)

var (
	// ErrPassword says that an encrypted seed file did not open. A wrong password and
	// an altered file can't be told apart.
	ErrPassword = errors.New("wrong password or key, or the file was altered")

	// ErrNoPassword says that a seed file is encrypted and no password was given.
	ErrNoPassword = errors.New("the file is encrypted: a password or key is needed")
)

// Bounds of PBKDF2, so that a file can't keep the reader busy for long: two million
// rounds take about a second.
const (
	maxIterations = 2_000_000
	maxSaltBytes  = 1024
)

// encryptedData is the part of xenc:EncryptedDataType that PSKC uses.
type encryptedData struct {
	Method struct {
		Algorithm string `xml:"Algorithm,attr"`
	} `xml:"EncryptionMethod"`
	Value string `xml:"CipherData>CipherValue"`
}

// encryptionKey is what a container says about the key its values are encrypted with:
// how to derive it from a password (RFC 6030 §6.2), or the name of one known to both
// sides (§6.1).
type encryptionKey struct {
	KeyName *string     `xml:"KeyName"`
	Derived *derivedKey `xml:"DerivedKey"`
}

type derivedKey struct {
	Method struct {
		Algorithm string `xml:"Algorithm,attr"`
		PBKDF2    struct {
			Salt       string `xml:"Salt>Specified"`
			Iterations string `xml:"IterationCount"`
			KeyLength  string `xml:"KeyLength"`
			PRF        struct {
				Algorithm string `xml:"Algorithm,attr"`
			} `xml:"PRF"`
		} `xml:"PBKDF2-params"`
	} `xml:"KeyDerivationMethod"`
}

type macMethod struct {
	Algorithm string         `xml:"Algorithm,attr"`
	Key       *encryptedData `xml:"MACKey"`
}

// pskcOpener opens the values of one container. The keys are made when the first
// encrypted value asks for them, once for all values.
type pskcOpener struct {
	password []byte
	key      encryptionKey
	mac      macMethod

	cipherKey []byte
	macKey    []byte
	macHash   func() hash.Hash
}

// open returns the bytes of a value, plain or encrypted.
func (o *pskcOpener) open(v pskcValue) ([]byte, error) {
	switch {
	case v.Plain != nil && v.Encrypted != nil:
		return nil, errors.New("the Secret is given twice, plain and encrypted")
	case v.Plain != nil:
		secret, err := decodeBase64(*v.Plain)
		if err != nil {
			return nil, fmt.Errorf("PlainValue of the Secret: %w", err)
		}
		return secret, nil
	case v.Encrypted == nil:
		return nil, errors.New("no Secret")
	}
	if err := o.makeKeys(); err != nil {
		return nil, err
	}
	sealed, err := v.Encrypted.bytes()
	if err != nil {
		return nil, err
	}
	// AES-CBC does not notice an altered value, so the MAC is not optional.
	want, err := decodeBase64(v.MAC)
	if err != nil || len(want) == 0 {
		return nil, errors.New("the encrypted Secret has no ValueMAC")
	}
	mac := hmac.New(o.macHash, o.macKey)
	mac.Write(sealed)
	if !hmac.Equal(mac.Sum(nil), want) {
		return nil, ErrPassword
	}
	return v.Encrypted.decrypt(o.cipherKey, sealed)
}

func (o *pskcOpener) makeKeys() (err error) {
	if o.macKey != nil {
		return nil
	}
	if o.macHash = hmacHash(o.mac.Algorithm); o.macHash == nil {
		return errors.New("the MACMethod is missing or is not HMAC with SHA-1, SHA-256 or SHA-512")
	}
	switch {
	case o.key.Derived == nil && o.key.KeyName == nil:
		return errors.New("the EncryptionKey is neither derived from a password nor a named pre-shared key")
	case len(o.password) == 0:
		return ErrNoPassword
	case o.key.Derived != nil:
		o.cipherKey, err = o.key.Derived.derive(o.password)
	default:
		o.cipherKey, err = hex.DecodeString(string(o.password))
		if err != nil {
			err = errors.New("the file is encrypted with a pre-shared key, which must be given in hexadecimal")
		}
	}
	if err != nil {
		return err
	}
	if o.mac.Key == nil {
		o.macKey = o.cipherKey // no key of its own for the MAC
		return nil
	}
	sealed, err := o.mac.Key.bytes()
	if err != nil {
		return fmt.Errorf("MACKey: %w", err)
	}
	if o.macKey, err = o.mac.Key.decrypt(o.cipherKey, sealed); err != nil {
		return fmt.Errorf("MACKey: %w", err)
	}
	return nil
}

// derive is PBKDF2 (RFC 8018 §5.2) with the parameters of the file.
func (d *derivedKey) derive(password []byte) ([]byte, error) {
	if !strings.HasSuffix(d.Method.Algorithm, "#pbkdf2") {
		return nil, errors.New("the key derivation is not PBKDF2")
	}
	params := &d.Method.PBKDF2
	salt, err := decodeBase64(params.Salt)
	if err != nil || len(salt) == 0 || len(salt) > maxSaltBytes {
		return nil, errors.New("the Salt of PBKDF2 is missing or unusable")
	}
	iterations, err := parseCount(strings.TrimSpace(params.Iterations), 0)
	if err != nil || iterations == 0 || iterations > maxIterations {
		return nil, fmt.Errorf("the IterationCount of PBKDF2 is not 1 to %d", maxIterations)
	}
	length, err := parseCount(strings.TrimSpace(params.KeyLength), aes.BlockSize)
	if err != nil || (length != 16 && length != 24 && length != 32) {
		return nil, errors.New("the KeyLength of PBKDF2 is not 16, 24 or 32")
	}
	prf := sha1.New // the default of RFC 8018
	if algorithm := params.PRF.Algorithm; algorithm != "" {
		if prf = hmacHash(algorithm); prf == nil {
			return nil, errors.New("the PRF of PBKDF2 is not HMAC with SHA-1, SHA-256 or SHA-512")
		}
	}
	return pbkdf2.Key(prf, string(password), salt, iterations, length)
}

// hmacHash returns the hash of an HMAC algorithm URI, or nil. XML signature and XML
// encryption have URIs of their own for the same thing, so only their ends are compared.
func hmacHash(uri string) func() hash.Hash {
	_, name, _ := strings.Cut(uri, "#")
	switch strings.ToLower(name) {
	case "hmac-sha1":
		return sha1.New
	case "hmac-sha256":
		return sha256.New
	case "hmac-sha512":
		return sha512.New
	}
	return nil
}

// bytes returns the cipher value, the initialisation vector first.
func (e *encryptedData) bytes() ([]byte, error) {
	sealed, err := decodeBase64(e.Value)
	if err != nil {
		return nil, fmt.Errorf("CipherValue: %w", err)
	}
	if len(sealed) < 2*aes.BlockSize || len(sealed)%aes.BlockSize != 0 {
		return nil, errors.New("CipherValue: not an initialisation vector and whole AES blocks")
	}
	return sealed, nil
}

// decrypt opens sealed, which is from bytes, with AES-CBC (XML Encryption §5.2): the
// last byte of the padding is its length, the others may be anything.
func (e *encryptedData) decrypt(key, sealed []byte) ([]byte, error) {
	_, name, _ := strings.Cut(e.Method.Algorithm, "#")
	size := map[string]int{"aes128-cbc": 16, "aes192-cbc": 24, "aes256-cbc": 32}[name]
	if size == 0 {
		return nil, errors.New("the encryption is not AES in CBC mode")
	}
	if len(key) != size {
		return nil, fmt.Errorf("the key has %d bytes, %s needs %d", len(key), name, size)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	iv, plain := sealed[:aes.BlockSize], make([]byte, len(sealed)-aes.BlockSize)
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, sealed[aes.BlockSize:])
	padding := int(plain[len(plain)-1])
	if padding < 1 || padding > aes.BlockSize {
		return nil, ErrPassword
	}
	return plain[:len(plain)-padding], nil
}
