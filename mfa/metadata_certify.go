package mfa

import (
	"crypto/sha1" // names keys in FIDO metadata (RFC 5280 §4.2.1.2); nothing rests on it being collision-free
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/metadata"
	"github.com/google/uuid"
)

// refusedStatus are the findings after which a model is not registered any more
// (FIDO Metadata Service 3.1, §3.1.4).
var refusedStatus = []metadata.AuthenticatorStatus{
	metadata.Revoked,
	metadata.UserVerificationBypass,
	metadata.AttestationKeyCompromise,
	metadata.UserKeyRemoteCompromise,
	metadata.UserKeyPhysicalCompromise,
}

// certify returns the certifications of a new key, whose attestation has been verified
// with the first certificate of the chain. A key without a certificate, or of a model that the metadata
// does not know, such as a synced passkey, is welcome and certified nothing.
func (m *Metadata) certify(aaguid []byte, chain []*x509.Certificate, now time.Time) (map[string]string, error) {
	model := m.model(aaguid, chain)
	if model == nil {
		return nil, nil
	}
	reports := metadata.EffectiveStatusReports(model.StatusReports, now)
	for _, report := range reports {
		if slices.Contains(refusedStatus, report.Status) && concerns(report, chain) {
			return nil, refuse("This model of security key has a known weakness and can't be registered. Use another model.",
				"model %s, %.100q, is %s", model.AaGUID, model.MetadataStatement.Description, report.Status)
		}
	}
	if len(chain) == 0 {
		return nil, nil
	}
	// A certificate that is not the model's is a forgery, and worth more than silence (WebAuthn L3 §7.1 step 24).
	if err := verifyChain(chain, model.MetadataStatement.AttestationRootCertificates, "", now); err != nil {
		return nil, refuse("This security key could not prove that it is what it says. Use another key.",
			"the attestation does not lead to the trust anchors of model %s: %w", model.AaGUID, err)
	}
	return certifications(reports), nil
}

// model finds the entry of an authenticator: by its AAGUID, or, for the U2F keys that
// have none, by its attestation certificate.
func (m *Metadata) model(aaguid []byte, chain []*x509.Certificate) *metadata.Entry {
	id, err := uuid.FromBytes(aaguid)
	if err == nil && id != uuid.Nil {
		return m.models[id]
	}
	if len(chain) == 0 {
		return nil
	}
	return m.u2fModels[keyIdentifier(chain[0])]
}

// keyIdentifier is the SHA-1 of the public key in a certificate, hexadecimal (RFC 5280
// §4.2.1.2 method 1), as FIDO Metadata Service 3.1 §3.1.1 wants it.
func keyIdentifier(c *x509.Certificate) string {
	var info struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &info); err != nil {
		return ""
	}
	sum := sha1.Sum(info.Key.Bytes)
	return hex.EncodeToString(sum[:])
}

// concerns reports whether a finding is about a key: one about a single certificate is
// only about the keys attested with it, and about those that don't show theirs.
func concerns(report metadata.StatusReport, chain []*x509.Certificate) bool {
	if report.Certificate == nil && report.BatchCertificate == nil || len(chain) == 0 {
		return true
	}
	return slices.ContainsFunc(chain, func(c *x509.Certificate) bool {
		return c.Equal(report.Certificate) || c.Equal(report.BatchCertificate)
	})
}

// certifications are the highest levels among the reports, under AWS's names ("FIDO
// certification" in the IAM guide's list of condition keys). Nil if there is none.
func certifications(reports []metadata.StatusReport) map[string]string {
	var levels map[string]string
	for _, report := range reports {
		name, level := "FIDO", ""
		status := string(report.Status)
		if fips, ok := strings.CutPrefix(status, "FIPS140_CERTIFIED_"); ok {
			name, level = fmt.Sprintf("FIDO-FIPS-140-%d", report.FIPSRevision), fips
			if report.FIPSRevision != 2 && report.FIPSRevision != 3 {
				continue
			}
		} else if fido, ok := strings.CutPrefix(status, "FIDO_CERTIFIED_"); ok {
			level = fido
		} else if report.Status == metadata.FidoCertified {
			level = "L1" // its successor
		}
		if level == "" || level <= levels[name] { // "L1" < "L1plus" < "L2"
			continue
		}
		if levels == nil {
			levels = map[string]string{}
		}
		levels[name] = level
	}
	return levels
}
