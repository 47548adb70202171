package mfa

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"image"
	"image/color"
	"image/png"
	"net/url"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// seedBytes is the 320 bits that AWS gives a virtual device.
const seedBytes = 40

// NewSeed returns the random seed of a new virtual device.
func NewSeed() []byte {
	seed := make([]byte, seedBytes)
	rand.Read(seed) // never fails: crypto/rand ends the program where there is no randomness
	return seed
}

// Base32 returns a seed as authenticator apps take it, RFC 4648 base32 without
// padding: 64 characters for a seed of NewSeed.
func Base32(seed []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed)
}

// KeyURI returns the otpauth:// URI that carries the seed of a default TOTP (SHA-1,
// 6 digits, 30 s) into an authenticator app, labelled ISSUER:NAME@ACCOUNT. account
// is the account's alias, or its id. Without an issuer the label is NAME@ACCOUNT.
//
// Everything but letters, digits and -._~ is percent-encoded, because apps disagree
// on what a bare + or : means. The URI holds the seed: it is as secret as that.
func KeyURI(account, name, issuer string, seed []byte) string {
	label := escape(name) + "@" + escape(account)
	query := "?secret=" + Base32(seed)
	if issuer != "" {
		label = escape(issuer) + ":" + label
		query += "&issuer=" + escape(issuer)
	}
	return "otpauth://totp/" + label + query
}

func escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

const (
	qrSide      = 250 // pixels, the size of AWS's image
	qrQuietZone = 4   // modules of white on each side (ISO/IEC 18004 §5.3.8)
	qrMinModule = 3   // pixels; smaller modules are hard to scan from a screen
)

// QRCodePNG draws uri as a black and white PNG of 250 by 250 pixels, or larger when
// the text is too long for that. It fails when no QR code can hold the text.
func QRCodePNG(uri string) ([]byte, error) {
	if uri == "" {
		return nil, errors.New("mfa: nothing to draw a QR code of")
	}
	code, err := qr.Encode(uri, qr.M, qr.Auto)
	if err != nil {
		// The encoder's own error could quote the text, which holds the seed.
		return nil, errors.New("mfa: too long for a QR code")
	}
	modules := code.Bounds().Dx()
	module := max(qrMinModule, qrSide/(modules+2*qrQuietZone))
	side := max(qrSide, module*(modules+2*qrQuietZone))
	margin := (side - module*modules) / 2

	// Two colours make one bit a pixel; index 0, white, is what a new image is full of.
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range module * modules {
		for x := range module * modules {
			if r, _, _, _ := code.At(x/module, y/module).RGBA(); r == 0 {
				img.SetColorIndex(margin+x, margin+y, 1)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
