package mfa

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// maxRSABits bounds the RSA keys in certificates. One that fills an answer would take
// more than ten seconds to verify a signature with.
const maxRSABits = 8192

// attestation is the format and type of an attestation, "packed/basic_full".
func attestation(c *webauthn.Credential) string {
	if c.AttestationFormat == string(protocol.AttestationFormatNone) {
		return c.AttestationFormat
	}
	return c.AttestationFormat + "/" + c.AttestationType
}

// attestationChain returns the certificates of an attestation statement, the
// authenticator's first, or none if it has none. It bounds what the library will do
// with them, and must be called before.
func attestationChain(attested *protocol.AttestationObject) ([]*x509.Certificate, error) {
	switch protocol.AttestationFormat(attested.Format) {
	case protocol.AttestationFormatAndroidSafetyNet:
		return nil, errors.New("attested by SafetyNet, which Google has ended")
	case protocol.AttestationFormatCompound:
		// A key that proves its model in several ways is not certified by any: which one counts is nobody's rule yet.
		for _, part := range attested.SubStatements {
			if protocol.AttestationFormat(part.Format) == protocol.AttestationFormatAndroidSafetyNet {
				return nil, errors.New("attested by SafetyNet, which Google has ended")
			}
			if _, err := statementChain(part.AttStatement); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
	chain, err := statementChain(attested.AttStatement)
	if err != nil {
		return nil, err
	}
	if len(chain) > 0 && protocol.AttestationFormat(attested.Format) == protocol.AttestationFormatTPM {
		// The maker of a TPM stands in a critical extension that crypto/x509 does not know; the library reads it.
		subjectAltName := asn1.ObjectIdentifier{2, 5, 29, 17}
		chain[0].UnhandledCriticalExtensions = slices.DeleteFunc(chain[0].UnhandledCriticalExtensions, subjectAltName.Equal)
	}
	return chain, nil
}

// statementChain returns the certificates in x5c, where all formats but SafetyNet have them.
func statementChain(statement map[string]any) ([]*x509.Certificate, error) {
	list, _ := statement["x5c"].([]any)
	ders := make([][]byte, len(list))
	for i, item := range list {
		der, ok := item.([]byte)
		if !ok {
			return nil, errors.New("x5c holds something else than certificates")
		}
		ders[i] = der
	}
	chain, err := parseChain(ders)
	if err != nil {
		return nil, err
	}
	for _, c := range chain {
		if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxRSABits {
			return nil, fmt.Errorf("certificate for an RSA key of %d bits", key.N.BitLen())
		}
	}
	return chain, nil
}
