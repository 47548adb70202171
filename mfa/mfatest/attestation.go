package mfatest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"slices"
)

// The attestations that an Authenticator can give. All but None and Self come with a
// certificate of Authenticator.CA.
const (
	None       = "none"
	Self       = "self" // packed, signed with the new key itself
	Packed     = "packed"
	U2F        = "fido-u2f" // for ES256; its signature does not cover the AAGUID
	TPM        = "tpm"      // for ES256; its signature covers whatever the platform wants
	AndroidKey = "android-key"
	Compound   = "compound" // packed and fido-u2f
)

// AndroidKeystore marks the certificate of a key in an Android keystore (WebAuthn L3
// §8.4.1). Its value is empty, because no test gets as far as reading it.
var AndroidKeystore = pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 1, 17}, Value: []byte{0x30, 0}}

// NamesModel is the extension that names the model in its certificate,
// id-fido-gen-ce-aaguid (WebAuthn L3 §8.2.1).
func NamesModel(aaguid []byte) pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}, Value: must(asn1.Marshal(aaguid))}
}

// attest makes an attestation statement (WebAuthn L3 §8).
func (a *Authenticator) attest(attestation string, key credential, data, clientData []byte) (format string, statement any) {
	switch attestation {
	case None:
		return "none", map[string]any{}
	case Self:
		return "packed", map[string]any{"alg": key.algorithm, "sig": a.sign(key.signer, key.algorithm, data, clientData)}
	case Packed:
		signer, certificate := a.CA.attestationKey(a.extensions())
		return "packed", map[string]any{"alg": ES256, "sig": a.sign(signer, ES256, data, clientData), "x5c": [][]byte{certificate}}
	case U2F:
		signer, certificate := a.CA.attestationKey(a.extensions())
		hash := sha256.Sum256(clientData)
		point := must(key.signer.Public().(*ecdsa.PublicKey).Bytes())
		message := slices.Concat([]byte{0}, data[:sha256.Size], hash[:], key.id, point) // §8.6
		return "fido-u2f", map[string]any{"sig": a.signMessage(signer, ES256, message), "x5c": [][]byte{certificate}}
	case TPM:
		signer, certificate := a.CA.attestationIdentityKey(a.extensions())
		public := a.tpmPublic(key.signer.Public().(*ecdsa.PublicKey))
		certified := tpmCertify(public, data, clientData)
		return "tpm", map[string]any{"ver": "2.0", "alg": ES256, "sig": a.signMessage(signer, ES256, certified), "x5c": [][]byte{certificate},
			"pubArea": public, "certInfo": certified}
	case AndroidKey:
		certificate := a.CA.issue(key.signer, &x509.Certificate{
			Subject:         pkix.Name{CommonName: "Android Keystore Key"},
			ExtraExtensions: []pkix.Extension{AndroidKeystore},
		})
		return "android-key", map[string]any{"alg": key.algorithm, "sig": a.sign(key.signer, key.algorithm, data, clientData), "x5c": [][]byte{certificate}}
	case Compound:
		var parts []any
		for _, attestation := range []string{Packed, U2F} {
			format, statement := a.attest(attestation, key, data, clientData)
			parts = append(parts, map[string]any{"fmt": format, "attStmt": statement})
		}
		return "compound", parts
	}
	panic(fmt.Sprintf("mfatest: attestation %q", attestation))
}

func (a *Authenticator) extensions() []pkix.Extension {
	if a.Extensions != nil {
		return a.Extensions
	}
	return []pkix.Extension{NamesModel(a.AAGUID[:])}
}

// attestationKey returns the attestation key of an authenticator, with a certificate as
// WebAuthn L3 §8.2.1 asks for.
func (ca *CA) attestationKey(extensions []pkix.Extension) (crypto.Signer, []byte) {
	return ca.batch, ca.issue(ca.batch, &x509.Certificate{
		Subject: pkix.Name{
			Country:            []string{"CH"},
			Organization:       []string{"Test Keys"},
			OrganizationalUnit: []string{"Authenticator Attestation"},
			CommonName:         "Test Key",
		},
		ExtraExtensions: extensions,
	})
}

// Chain is a certificate of the attestation key, with extensions of one's own. The
// authority itself is left out.
func (ca *CA) Chain(extensions ...pkix.Extension) []*x509.Certificate {
	_, der := ca.attestationKey(extensions)
	return []*x509.Certificate{must(x509.ParseCertificate(der))}
}

// attestationIdentityKey returns the key with which a TPM certifies others, with a
// certificate as WebAuthn L3 §8.3.1 asks for.
func (ca *CA) attestationIdentityKey(extensions []pkix.Extension) (crypto.Signer, []byte) {
	var device pkix.RDNSequence
	for i, value := range []string{"id:494E5443", "Test TPM", "id:00010000"} { // manufacturer, model and version
		device = append(device, pkix.RelativeDistinguishedNameSET{{Type: asn1.ObjectIdentifier{2, 23, 133, 2, i + 1}, Value: value}})
	}
	directoryName := asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 4, IsCompound: true, Bytes: must(asn1.Marshal(device))}
	return ca.batch, ca.issue(ca.batch, &x509.Certificate{
		UnknownExtKeyUsage: []asn1.ObjectIdentifier{{2, 23, 133, 8, 3}}, // tcg-kp-AIKCertificate
		ExtraExtensions: append([]pkix.Extension{{
			Id:       asn1.ObjectIdentifier{2, 5, 29, 17}, // subjectAltName
			Critical: true,
			Value:    must(asn1.Marshal([]asn1.RawValue{directoryName})),
		}}, extensions...),
	})
}

// tpmPublic is the TPMT_PUBLIC of a P-256 key (TPM 2.0 Library, part 2 §12.2.4).
func (a *Authenticator) tpmPublic(key *ecdsa.PublicKey) []byte {
	point := must(key.Bytes())
	attributes := uint32(0x00040472) // sign, noDA, userWithAuth, sensitiveDataOrigin, fixedParent, fixedTPM
	if a.Imported {
		attributes = 0x00040440 // sign, noDA, userWithAuth
	}
	public := []byte{0x00, 0x23, 0x00, 0x0b} // ECC, names by SHA-256
	public = binary.BigEndian.AppendUint32(public, attributes)
	public = append(public, 0, 0, 0x00, 0x10, 0x00, 0x10, 0x00, 0x03, 0x00, 0x10) // no policy, no symmetric cipher, any scheme, P-256, no KDF
	return slices.Concat(public, []byte{0, 32}, point[1:33], []byte{0, 32}, point[33:])
}

// tpmCertify is the TPMS_ATTEST by which a TPM certifies one of its keys (TPM 2.0
// Library, part 2 §10.12.12). The platform chose what else it covers.
func tpmCertify(public, data, clientData []byte) []byte {
	hash := sha256.Sum256(clientData)
	covered := sha256.Sum256(slices.Concat(data, hash[:]))
	named := sha256.Sum256(public)
	return slices.Concat(
		[]byte{0xff, 'T', 'C', 'G', 0x80, 0x17}, // made by the TPM, by TPM2_Certify
		[]byte{0, 0},                            // signer
		[]byte{0, 32}, covered[:],
		make([]byte, 17+8), // clock and firmware
		[]byte{0, 34, 0x00, 0x0b}, named[:],
		[]byte{0, 0}, // qualified name
	)
}
