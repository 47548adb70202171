package mfa_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"maps"
	"reflect"
	"testing"

	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/mfa/mfatest"
)

// sibling is another model of the same maker.
var sibling = [16]byte{0x51, 0xb1}

// unnamed is an attestation certificate that names no model.
func unnamed(a *mfatest.Authenticator) { a.Extensions = []pkix.Extension{} }

func forged(attestation string, changes ...func(*mfatest.Authenticator)) func(*mfatest.Authenticator) {
	return func(a *mfatest.Authenticator) {
		a.Attestation = attestation
		for _, change := range changes {
			change(a)
		}
	}
}

// A key that claims a certified model with a genuine certificate of the model's maker,
// but one that was made for something else, is refused in every format.
func TestAttack26_ForgedAAGUID(t *testing.T) {
	certificate := func(extensions ...pkix.Extension) func(*mfatest.Authenticator) {
		return func(a *mfatest.Authenticator) { a.Extensions = append([]pkix.Extension{}, extensions...) }
	}
	bogus := func(a *mfatest.Authenticator) { a.AAGUID, a.BogusSignature = [16]byte{}, true }
	ofSibling := certificate(mfatest.NamesModel(sibling[:]))
	ofNoModel := certificate(mfatest.NamesModel(nil))
	ofKeystore := certificate(mfatest.AndroidKeystore)
	m := readMetadata(t, mfatest.Model{AAGUID: model, CA: maker, Statuses: []mfatest.Status{{Status: "FIDO_CERTIFIED_L3"}}})
	for _, a := range []struct {
		name   string
		change func(*mfatest.Authenticator)
		log    string
	}{
		{"U2F", forged(mfatest.U2F, unnamed), "fido-u2f"},
		{"U2F, certificate of the model", forged(mfatest.U2F), "fido-u2f"},
		{"U2F, certificate of another model", forged(mfatest.U2F, ofSibling), "fido-u2f"},
		{"U2F in a compound", forged(mfatest.Compound), "fido-u2f"},
		{"packed, certificate of another model", forged(mfatest.Packed, ofSibling), "AAGUID does not match"},
		{"packed, certificate of an empty model", forged(mfatest.Packed, ofNoModel), "names model"},
		{"packed, certificate that names rubbish", forged(mfatest.Packed, certificate(pkix.Extension{Id: mfatest.NamesModel(nil).Id, Value: []byte{0xff}})), "AAGUID from certificate"},
		{"packed, certificate with rubbish after the name", forged(mfatest.Packed,
			certificate(pkix.Extension{Id: mfatest.NamesModel(nil).Id, Value: append(mfatest.NamesModel(model[:]).Value, 0)})), "names"},
		{"packed, certificate of an Android keystore", forged(mfatest.Packed, ofKeystore), "Android keystore"},
		{"packed in a compound, certificate of an Android keystore", forged(mfatest.Compound, ofKeystore, func(a *mfatest.Authenticator) { a.AAGUID = [16]byte{} }), "Android keystore"},
		{"TPM, certificate of another model", forged(mfatest.TPM, ofSibling), "AAGUID does not match"},
		{"TPM, certificate of an empty model", forged(mfatest.TPM, ofNoModel), "AAGUID does not match"},
		{"TPM, certificate of an Android keystore", forged(mfatest.TPM, ofKeystore), "Android keystore"},
		{"U2F, bogus signature", forged(mfatest.U2F, bogus), "ignature"},
		{"TPM, bogus signature", forged(mfatest.TPM, bogus), "ignature"},
		{"Android key, not of Google", forged(mfatest.AndroidKey), "chain"},
	} {
		t.Run(a.name, func(t *testing.T) {
			key, err := attested(t, m, a.change)
			if key != nil {
				t.Errorf("certified %v", key.Certifications)
			}
			wantRefused(t, err, a.log)
		})
	}
	// The chain of an Apple key: the library wants it to lead to Apple, whatever the metadata says.
	rp := relyingParty(t, func(c *mfa.RelyingPartyConfig) { c.Metadata = m })
	options, c, err := rp.BeginRegistration(user(), noon)
	if err != nil {
		t.Fatal(err)
	}
	a := mfatest.New(origin)
	a.AAGUID = model
	apple := restate("apple", map[string]any{"x5c": [][]byte{maker.Chain()[0].Raw}})
	_, err = rp.FinishRegistration(user(), c, apple(a.Create(options)), noon)
	wantRefused(t, err, "chain")
}

// A certificate that names no model proves only who made the key, or its TPM or phone:
// the key is certified what all models have that the certificate would do for.
func TestAttack26_ClaimedSibling(t *testing.T) {
	type levels = map[string]string
	status := func(names ...string) (all []mfatest.Status) {
		for _, name := range names {
			all = append(all, mfatest.Status{Status: name, FIPSRevision: 3})
		}
		return all
	}
	certified := status("FIDO_CERTIFIED_L3", "FIPS140_CERTIFIED_L2")
	named := levels{"FIDO": "L3", "FIDO-FIPS-140-3": "L2"}
	for _, c := range []struct {
		name   string
		others []mfatest.Model
		want   levels
	}{
		{"no other model", nil, named},
		{"other maker", []mfatest.Model{{AAGUID: sibling, CA: mfatest.NewCA("maker")}}, named},
		{"sibling that is not certified", []mfatest.Model{{AAGUID: sibling, CA: maker}}, nil},
		{"lower sibling", []mfatest.Model{{AAGUID: sibling, CA: maker, Statuses: status("FIDO_CERTIFIED_L1plus")}}, levels{"FIDO": "L1plus"}},
		{"equal sibling", []mfatest.Model{{AAGUID: sibling, CA: maker, Statuses: certified}}, named},
		{"higher sibling", []mfatest.Model{{AAGUID: sibling, CA: maker, Statuses: status("FIDO_CERTIFIED_L3plus", "FIPS140_CERTIFIED_L3")}}, named},
		{"revoked sibling", []mfatest.Model{{AAGUID: sibling, CA: maker, Statuses: append(status("REVOKED"), certified...)}}, nil},
		{"several siblings", []mfatest.Model{
			{AAGUID: sibling, CA: maker, Statuses: status("FIDO_CERTIFIED_L2", "FIPS140_CERTIFIED_L1")},
			{AAGUID: [16]byte{2}, CA: maker, Statuses: status("FIDO_CERTIFIED_L1", "FIPS140_CERTIFIED_L3")},
		}, levels{"FIDO": "L1", "FIDO-FIPS-140-3": "L1"}},
	} {
		m := readMetadata(t, append(c.others, mfatest.Model{AAGUID: model, CA: maker, Statuses: certified})...)
		for _, attestation := range []string{mfatest.Packed, mfatest.TPM} {
			t.Run(attestation+", "+c.name, func(t *testing.T) {
				for name, want := range map[string]levels{"unnamed": c.want, "named": named} {
					key, err := attested(t, m, func(a *mfatest.Authenticator) {
						if a.Attestation = attestation; name == "unnamed" {
							unnamed(a)
						}
					})
					if err != nil {
						t.Errorf("%s: %v", name, errors.Unwrap(err))
					} else if !reflect.DeepEqual(key.Certifications, want) {
						t.Errorf("%s: certified %v, want %v", name, key.Certifications, want)
					}
				}
			})
		}
		// Only Google and Apple can sign these chains, so begin where the library has verified them.
		for _, format := range []string{"android-key", "apple"} {
			got, err := m.Certify(format, model[:], maker.Chain(), noon)
			if err != nil || !maps.Equal(got, c.want) {
				t.Errorf("%s, %s: certified %v, %v", format, c.name, got, err)
			}
		}
	}
}

// The trust anchors of models need not be on one height of a maker's hierarchy.
func TestAttack26_ClaimedSiblingElsewhereInTheHierarchy(t *testing.T) {
	below := maker.Subordinate("production line")
	l1, l3 := []mfatest.Status{{Status: "FIDO_CERTIFIED_L1"}}, []mfatest.Status{{Status: "FIDO_CERTIFIED_L3"}}
	chain := below.Chain()
	for name, c := range map[string]struct {
		model, sibling *mfatest.CA
		chain          []*x509.Certificate
	}{
		"sibling above": {below, maker, chain},
		"sibling below": {maker, below, append(chain, below.Certificate)},
	} {
		m := readMetadata(t, mfatest.Model{AAGUID: model, CA: c.model, Statuses: l3}, mfatest.Model{AAGUID: sibling, CA: c.sibling, Statuses: l1})
		for _, format := range []string{"packed", "tpm", "android-key", "apple"} {
			if got, err := m.Certify(format, model[:], c.chain, noon); err != nil || got["FIDO"] != "L1" {
				t.Errorf("%s, %s: %v, %v", name, format, got, err)
			}
		}
	}
}

// In these formats the library does not look whom the certificate names.
func TestAttack26_NamedInTheCertificate(t *testing.T) {
	m := readMetadata(t, mfatest.Model{AAGUID: model, CA: maker, Statuses: []mfatest.Status{{Status: "FIDO_CERTIFIED_L3"}}})
	for _, format := range []string{"packed", "tpm", "android-key", "apple"} {
		_, err := m.Certify(format, model[:], maker.Chain(mfatest.NamesModel(sibling[:])), noon)
		wantRefused(t, err, "names model")
		if got, err := m.Certify(format, model[:], maker.Chain(mfatest.NamesModel(model[:])), noon); err != nil || got["FIDO"] != "L3" {
			t.Errorf("%s: %v, %v", format, got, err)
		}
	}
}

// A TPM certifies any key it holds, also one that was made elsewhere and is held
// elsewhere as well.
func TestAttack26_KeyImportedIntoTPM(t *testing.T) {
	m := readMetadata(t, mfatest.Model{AAGUID: model, CA: maker, Statuses: []mfatest.Status{{Status: "FIDO_CERTIFIED_L3"}}})
	key, err := attested(t, m, forged(mfatest.TPM, func(a *mfatest.Authenticator) { a.Imported = true }))
	if err != nil || key.Certifications != nil {
		t.Errorf("%+v, %v", key, err)
	}
}

// A U2F key is known by its certificate, and nothing but a U2F key is.
func TestU2FModel(t *testing.T) {
	zero := func(a *mfatest.Authenticator) { a.AAGUID = [16]byte{} }
	m := readMetadata(t, mfatest.Model{CA: maker, Statuses: []mfatest.Status{{Status: "FIDO_CERTIFIED_L2"}}})
	for _, c := range []struct {
		name    string
		changes []func(*mfatest.Authenticator)
		want    map[string]string
	}{
		{mfatest.U2F, []func(*mfatest.Authenticator){zero, unnamed}, map[string]string{"FIDO": "L2"}},
		{mfatest.U2F, []func(*mfatest.Authenticator){zero, func(a *mfatest.Authenticator) { // that of its FIDO2 side
			a.Extensions = []pkix.Extension{mfatest.NamesModel(model[:])}
		}}, map[string]string{"FIDO": "L2"}},
		{mfatest.U2F, []func(*mfatest.Authenticator){zero, func(a *mfatest.Authenticator) { a.CA = mfatest.NewCA("maker") }}, nil},
		{mfatest.Packed, []func(*mfatest.Authenticator){zero}, nil},
		{mfatest.Compound, []func(*mfatest.Authenticator){zero}, nil},
		{mfatest.TPM, []func(*mfatest.Authenticator){zero}, nil},
	} {
		key, err := attested(t, m, forged(c.name, c.changes...))
		if err != nil {
			t.Errorf("%s: %v", c.name, errors.Unwrap(err))
		} else if !reflect.DeepEqual(key.Certifications, c.want) {
			t.Errorf("%s: certified %v, want %v", c.name, key.Certifications, c.want)
		}
	}
	// Not of the maker's certificates, though with the attestation key that the metadata names.
	_, err := m.Certify("fido-u2f", make([]byte, 16), maker.Chain(), noon.AddDate(100, 0, 0))
	wantRefused(t, err, "trust anchors")
	if got, err := m.Certify("fido-u2f", make([]byte, 16), nil, noon); got != nil || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}
