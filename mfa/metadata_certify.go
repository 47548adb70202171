package mfa

import (
	"bytes"
	"crypto/sha1" // names keys in FIDO metadata (RFC 5280 §4.2.1.2); nothing rests on it being collision-free
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/metadata"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/google/uuid"
)

// u2f is the attestation format of keys that are older than AAGUIDs (WebAuthn L3 §8.6).
const u2f = string(protocol.AttestationFormatFIDOUniversalSecondFactor)

// namesModel is id-fido-gen-ce-aaguid, the extension of an attestation certificate that
// holds the AAGUID of the model (WebAuthn L3 §8.2.1).
var namesModel = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}

// unproven is the reason of refusals that only a forged attestation meets.
const unproven = "This security key could not prove that it is what it says. Use another key."

// refusedStatus are the findings after which a model is not registered any more
// (FIDO Metadata Service 3.1, §3.1.4).
var refusedStatus = []metadata.AuthenticatorStatus{
	metadata.Revoked,
	metadata.UserVerificationBypass,
	metadata.AttestationKeyCompromise,
	metadata.UserKeyRemoteCompromise,
	metadata.UserKeyPhysicalCompromise,
}

// certify returns the certifications of a new key, whose attestation of a format has
// been verified with the first certificate of the chain. A key without a certificate, or
// of a model that the metadata does not know, such as a synced passkey, is welcome and
// certified nothing.
func (m *Metadata) certify(format string, aaguid []byte, chain []*x509.Certificate, now time.Time) (map[string]string, error) {
	model := m.model(format, aaguid, chain)
	if model == nil {
		return nil, nil
	}
	levels, weakness := standing(model, chain, now)
	if weakness != "" {
		return nil, refuse("This model of security key has a known weakness and can't be registered. Use another model.",
			"model %s, %.100q, is %s", model.AaGUID, model.MetadataStatement.Description, weakness)
	}
	if len(chain) == 0 {
		return nil, nil
	}
	// A certificate that is not the model's is a forgery, and worth more than silence (WebAuthn L3 §7.1 step 24).
	anchors := model.MetadataStatement.AttestationRootCertificates
	if err := verifyChain(chain, anchors, "", now); err != nil {
		return nil, refuse(unproven, "the attestation does not lead to the trust anchors of model %s: %w", model.AaGUID, err)
	}
	if format == u2f {
		return levels, nil // the certificate itself said which model it is
	}
	for _, extension := range chain[0].Extensions {
		if !extension.Id.Equal(namesModel) {
			continue
		}
		// The library looks only in some formats, and in packed takes an empty name for none.
		if want, err := asn1.Marshal(aaguid); err != nil || !bytes.Equal(extension.Value, want) {
			return nil, refuse(unproven, "the attestation certificate names model %x, not %x", extension.Value, want)
		}
		return levels, nil
	}
	// The AAGUID is only claimed now: in "tpm" and "android-key" what signs it signs whatever the platform wants, and a
	// packed certificate has to name the model if its root serves several (WebAuthn L3 §8.2.1). Proven is that the key is
	// one of those whose trust anchors the chain leads to, so it has what they have in common.
	longer := slices.Concat(chain, anchors) // another model's anchor may stand above this one's
	for _, other := range m.models {
		if other != model && verifyChain(longer, other.MetadataStatement.AttestationRootCertificates, "", now) == nil {
			others, _ := standing(other, chain, now)
			levels = common(levels, others)
		}
	}
	return levels, nil
}

// model finds the entry of an authenticator: by its AAGUID, or, for the U2F keys that
// have none, by its attestation certificate. Nothing in a U2F attestation covers an AAGUID.
func (m *Metadata) model(format string, aaguid []byte, chain []*x509.Certificate) *metadata.Entry {
	if format == u2f {
		if len(chain) == 0 {
			return nil
		}
		return m.u2fModels[keyIdentifier(chain[0])]
	}
	id, err := uuid.FromBytes(aaguid)
	if err != nil {
		return nil
	}
	return m.models[id]
}

// standing returns what a model is certified, or for which weakness it is refused.
func standing(model *metadata.Entry, chain []*x509.Certificate, now time.Time) (levels map[string]string, weakness metadata.AuthenticatorStatus) {
	reports := metadata.EffectiveStatusReports(model.StatusReports, now)
	for _, report := range reports {
		if slices.Contains(refusedStatus, report.Status) && concerns(report, chain) {
			return nil, report.Status
		}
	}
	return certifications(reports), ""
}

// common is the lower of two levels of each certification that both have. Nil if there is none.
func common(a, b map[string]string) map[string]string {
	var both map[string]string
	for name := range a {
		if b[name] == "" {
			continue
		}
		if both == nil {
			both = map[string]string{}
		}
		both[name] = min(a[name], b[name]) // "L1" < "L1plus" < "L2"
	}
	return both
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
