package mfa

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// maxRSABits bounds the RSA keys in certificates. One that fills an answer would take
// more than ten seconds to verify a signature with.
const maxRSABits = 8192

// maxChain bounds the certificates in an answer. Chains in use have up to five, and
// crypto/x509 gives up silently where very many could have signed one.
const maxChain = 10

// Extensions of certificates.
var (
	subjectAltName  = asn1.ObjectIdentifier{2, 5, 29, 17}
	androidKeystore = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 1, 17} // WebAuthn L3 §8.4.1
)

// attestation is the format and type of an attestation, "packed/basic_full".
func attestation(c *webauthn.Credential) string {
	if c.AttestationFormat == string(protocol.AttestationFormatNone) {
		return c.AttestationFormat
	}
	return c.AttestationFormat + "/" + c.AttestationType
}

// attestationChain returns the certificates of an attestation, the authenticator's
// first, or none if it has none that could certify it. It bounds what the library will
// do with them, and must be called before.
func attestationChain(attested *protocol.AttestationObject) ([]*x509.Certificate, error) {
	aaguid := attested.AuthData.AttData.AAGUID
	if protocol.AttestationFormat(attested.Format) == protocol.AttestationFormatCompound {
		// A key that proves its model in several ways is not certified by any: which one counts is nobody's rule yet.
		for _, part := range attested.SubStatements {
			if _, err := statementChain(part.Format, part.AttStatement, aaguid); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
	return statementChain(attested.Format, attested.AttStatement, aaguid)
}

// statementChain is attestationChain for a single statement. The certificates are in
// x5c, where all formats but SafetyNet have them.
func statementChain(format string, statement map[string]any, aaguid []byte) ([]*x509.Certificate, error) {
	if protocol.AttestationFormat(format) == protocol.AttestationFormatAndroidSafetyNet {
		return nil, errors.New("attested by SafetyNet, which Google has ended")
	}
	// Browsers write zeros for the AAGUID of a U2F key (CTAP 2.1, on U2F authenticators), and the
	// signature does not cover it (WebAuthn L3 §8.6): anything else is somebody's invention.
	if format == u2f && len(bytes.Trim(aaguid, "\x00")) > 0 {
		return nil, fmt.Errorf("fido-u2f for AAGUID %x, though U2F keys have none", aaguid)
	}
	list, _ := statement["x5c"].([]any)
	if len(list) > maxChain {
		return nil, fmt.Errorf("%d certificates, more than %d", len(list), maxChain)
	}
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
	if len(chain) == 0 {
		return nil, nil
	}
	// A key in an Android keystore signs whatever its app wants, and the app writes the subject of its certificate: as
	// the attestation key of another format it would vouch for credentials that are anywhere.
	inKeystore := slices.ContainsFunc(chain[0].Extensions, func(e pkix.Extension) bool { return e.Id.Equal(androidKeystore) })
	if inKeystore && protocol.AttestationFormat(format) != protocol.AttestationFormatAndroidKey {
		return nil, fmt.Errorf("%s, signed with a key of an Android keystore", format)
	}
	if protocol.AttestationFormat(format) == protocol.AttestationFormatTPM {
		if !madeInTPM(statement) {
			return nil, nil
		}
		// The maker of a TPM stands in a critical extension that crypto/x509 does not know; the library reads it.
		chain[0].UnhandledCriticalExtensions = slices.DeleteFunc(chain[0].UnhandledCriticalExtensions, subjectAltName.Equal)
	}
	return chain, nil
}

// madeInTPM reports whether a TPM made the key that it certifies and will never give it
// away: it certifies imported keys as well. WebAuthn L3 §8.3 does not ask.
func madeInTPM(statement map[string]any) bool {
	const (
		fixedTPM            = 1 << 1 // TPMA_OBJECT, TPM 2.0 Library, part 2 §8.3
		fixedParent         = 1 << 4
		sensitiveDataOrigin = 1 << 5
		made                = fixedTPM | fixedParent | sensitiveDataOrigin
	)
	public, _ := statement["pubArea"].([]byte) // TPMT_PUBLIC: type and nameAlg, of two bytes each, and the attributes
	return len(public) >= 8 && binary.BigEndian.Uint32(public[4:])&made == made
}
