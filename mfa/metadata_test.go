package mfa_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/mfa/mfatest"
)

var model = [16]byte{0xc0, 0xff, 0xee, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}

// alliance signs the metadata of the tests, maker the attestations of the model.
var alliance, maker = mfatest.NewCA("alliance"), mfatest.NewCA("maker")

func readMetadata(t testing.TB, models ...mfatest.Model) *mfa.Metadata {
	t.Helper()
	m, err := mfa.ReadMetadataWithRoot(alliance.BLOB(models...), alliance.Certificate, noon)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestReadMetadata(t *testing.T) {
	m := readMetadata(t, mfatest.Model{AAGUID: model, Name: "Key", CA: maker}, mfatest.Model{CA: maker})
	if m.Number() != 7 || !m.NextUpdate().Equal(time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)) || m.Models() != 2 || m.Skipped() != 0 {
		t.Errorf("number %d, next update %s, %d models, %d skipped", m.Number(), m.NextUpdate(), m.Models(), m.Skipped())
	}
	for overdue, days := range map[bool][]time.Time{
		false: {noon, time.Date(2099, 1, 1, 23, 59, 59, 0, time.UTC)},
		true:  {time.Date(2099, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		for _, day := range days {
			if m.Overdue(day) != overdue {
				t.Errorf("overdue on %s: %v", day, !overdue)
			}
		}
	}
	// An entry of tomorrow does not make the others unreadable, nor is it passed over in silence.
	payload := bytes.Replace(mfatest.Payload(8, "2099-01-01", mfatest.Model{AAGUID: model, CA: maker}, mfatest.Model{CA: maker}),
		[]byte("2020-01-01"), []byte("tomorrow"), 1)
	m, err := mfa.ReadMetadataWithRoot(alliance.SignBLOB("ES256", "", payload), alliance.Certificate, noon)
	if err != nil || m.Models() != 1 || m.Skipped() != 1 {
		t.Errorf("%+v, %v", m, err)
	}
	// A file from a text editor.
	if _, err := mfa.ReadMetadataWithRoot(append(alliance.BLOB(), "\r\n"...), alliance.Certificate, noon); err != nil {
		t.Error(err)
	}
}

// Item 15 of WebAuthn's and FIDO's rules: the chain of the BLOB leads to the root.
func TestReadMetadataRefuses(t *testing.T) {
	good := string(alliance.BLOB(mfatest.Model{AAGUID: model, CA: maker}))
	header, rest, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	withHeader := func(change func(map[string]any)) string {
		text, _ := base64.RawURLEncoding.DecodeString(header)
		var o map[string]any
		json.Unmarshal(text, &o)
		change(o)
		text, _ = json.Marshal(o)
		return base64.RawURLEncoding.EncodeToString(text) + "." + rest
	}
	for name, blob := range map[string]string{
		"empty":                "",
		"no JWS":               "hello",
		"two parts":            header + "." + payload,
		"four parts":           good + "." + signature,
		"no base64":            "!." + rest,
		"padding":              header + "=." + rest,
		"no signature":         header + "." + payload + ".",
		"another signature":    header + "." + payload + "." + strings.Repeat("A", len(signature)),
		"another payload":      header + "." + base64.RawURLEncoding.EncodeToString(mfatest.Payload(9, "2099-01-01")) + "." + signature,
		"no chain":             withHeader(func(o map[string]any) { delete(o, "x5c") }),
		"empty chain":          withHeader(func(o map[string]any) { o["x5c"] = []string{} }),
		"chain of rubbish":     withHeader(func(o map[string]any) { o["x5c"] = []string{"AAAA"} }),
		"chain elsewhere":      withHeader(func(o map[string]any) { delete(o, "x5c"); o["x5u"] = "https://evil.example" }),
		"another root":         string(mfatest.NewCA("mallory").BLOB()),
		"payload no JSON":      string(alliance.SignBLOB("ES256", "", []byte("hello"))),
		"payload without date": string(alliance.SignBLOB("ES256", "", []byte("{}"))),
	} {
		if m, err := mfa.ReadMetadataWithRoot([]byte(blob), alliance.Certificate, noon); err == nil || m != nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, now := range []time.Time{time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if _, err := mfa.ReadMetadataWithRoot([]byte(good), alliance.Certificate, now); err == nil {
			t.Errorf("accepted on %s, when its certificates are not valid", now)
		}
	}
}

// The algorithm is one of two, and that of the key: the header can't choose a weaker one.
func TestReadMetadataAlgorithm(t *testing.T) {
	payload := mfatest.Payload(1, "2099-01-01")
	for algorithm, ok := range map[string]bool{"RS256": true, "ES256": true,
		"": false, "none": false, "HS256": false, "ES384": false, "RS512": false, "PS256": false, "RS1": false, "es256": false} {
		_, err := mfa.ReadMetadataWithRoot(alliance.SignBLOB(algorithm, "", payload), alliance.Certificate, noon)
		if (err == nil) != ok {
			t.Errorf("%q: %v", algorithm, err)
		}
	}
}

// The FIDO Alliance's root signs the certificates of others as well.
func TestReadMetadataAsksForTheHost(t *testing.T) {
	const host = "mds.fidoalliance.org"
	payload := mfatest.Payload(1, "2099-01-01")
	for signer, ok := range map[string]bool{host: true, "evil.example": false, "": false} {
		if _, err := mfa.ReadMetadataFrom(alliance.SignBLOB("ES256", signer, payload), alliance.Certificate, host, noon); (err == nil) != ok {
			t.Errorf("signed by %q: %v", signer, err)
		}
	}
	if _, err := mfa.ReadMetadata(alliance.SignBLOB("ES256", host, payload), noon); err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("a root of one's own: %v", err)
	}
}

// attested registers a new key of the model with metadata.
func attested(t *testing.T, m *mfa.Metadata, change func(*mfatest.Authenticator)) (*mfa.SecurityKey, error) {
	t.Helper()
	rp := relyingParty(t, func(c *mfa.RelyingPartyConfig) { c.Metadata = m })
	options, c, err := rp.BeginRegistration(user(), noon)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(options), `"attestation":"direct"`) {
		t.Errorf("no attestation asked for: %s", options)
	}
	a := mfatest.New(origin)
	a.AAGUID, a.Attestation, a.CA = model, mfatest.Packed, maker
	if change != nil {
		change(a)
	}
	return rp.FinishRegistration(user(), c, a.Create(options), noon)
}

func TestCertifications(t *testing.T) {
	type status = mfatest.Status
	for _, c := range []struct {
		name     string
		statuses []status
		want     map[string]string
	}{
		{"none", nil, nil},
		{"not certified", []status{{Status: "NOT_FIDO_CERTIFIED"}}, nil},
		{"submitted", []status{{Status: "SELF_ASSERTION_SUBMITTED"}}, nil},
		{"the old scheme", []status{{Status: "FIDO_CERTIFIED"}}, map[string]string{"FIDO": "L1"}},
		{"L1", []status{{Status: "FIDO_CERTIFIED_L1"}}, map[string]string{"FIDO": "L1"}},
		{"L1plus", []status{{Status: "FIDO_CERTIFIED_L1plus"}}, map[string]string{"FIDO": "L1plus"}},
		{"the highest, oldest first", []status{{Status: "FIDO_CERTIFIED_L1"}, {Status: "FIDO_CERTIFIED_L1plus"}, {Status: "FIDO_CERTIFIED_L2"}}, map[string]string{"FIDO": "L2"}},
		{"the highest, newest first", []status{{Status: "FIDO_CERTIFIED_L3plus"}, {Status: "FIDO_CERTIFIED_L3"}, {Status: "FIDO_CERTIFIED"}}, map[string]string{"FIDO": "L3plus"}},
		{"FIPS", []status{{Status: "FIDO_CERTIFIED_L2"}, {Status: "FIPS140_CERTIFIED_L2", FIPSRevision: 2}, {Status: "FIPS140_CERTIFIED_L3", FIPSRevision: 3}},
			map[string]string{"FIDO": "L2", "FIDO-FIPS-140-2": "L2", "FIDO-FIPS-140-3": "L3"}},
		{"FIPS of no revision", []status{{Status: "FIPS140_CERTIFIED_L2"}}, nil},
		{"not yet", []status{{Status: "FIDO_CERTIFIED_L1"}, {Status: "FIDO_CERTIFIED_L2", EffectiveDate: "2041-06-02"}}, map[string]string{"FIDO": "L1"}},
		{"since today", []status{{Status: "FIDO_CERTIFIED_L2", EffectiveDate: "2041-06-01"}}, map[string]string{"FIDO": "L2"}},
		{"no longer", []status{{Status: "FIPS140_CERTIFIED_L2", FIPSRevision: 2, SunsetDate: "2041-06-01"}}, nil},
		{"update available", []status{{Status: "FIDO_CERTIFIED_L1"}, {Status: "UPDATE_AVAILABLE"}}, map[string]string{"FIDO": "L1"}},
		{"weakness found tomorrow", []status{{Status: "REVOKED", EffectiveDate: "2041-06-02"}}, nil},
		{"weakness of another batch", []status{{Status: "FIDO_CERTIFIED_L1"}, {Status: "ATTESTATION_KEY_COMPROMISE", Certificate: alliance.Certificate.Raw}}, map[string]string{"FIDO": "L1"}},
	} {
		m := readMetadata(t, mfatest.Model{AAGUID: model, Name: "Key", CA: maker, Statuses: c.statuses})
		key, err := attested(t, m, nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, errors.Unwrap(err))
		} else if !reflect.DeepEqual(key.Certifications, c.want) || key.Attestation != "packed/basic_full" || !bytes.Equal(key.AAGUID, model[:]) {
			t.Errorf("%s: %+v", c.name, key)
		}
	}
}

// Only a certificate chain certifies. What has none is welcome, and certified nothing.
func TestNothingIsCertifiedWithoutAChain(t *testing.T) {
	certified := []mfatest.Status{{Status: "FIDO_CERTIFIED_L2"}}
	m := readMetadata(t, mfatest.Model{AAGUID: model, CA: maker, Statuses: certified})
	for name, change := range map[string]func(*mfatest.Authenticator){
		"no attestation":                    func(a *mfatest.Authenticator) { a.Attestation = mfatest.None },
		"self attestation":                  func(a *mfatest.Authenticator) { a.Attestation = mfatest.Self },
		"unknown model":                     func(a *mfatest.Authenticator) { a.AAGUID = [16]byte{1} },
		"unknown model of the maker's name": func(a *mfatest.Authenticator) { a.AAGUID, a.CA = [16]byte{1}, mfatest.NewCA("maker") },
		"synced passkey without a model": func(a *mfatest.Authenticator) {
			a.AAGUID, a.Attestation, a.BackupEligible, a.BackedUp = [16]byte{}, mfatest.None, true, true
		},
		"U2F key of an unknown maker": func(a *mfatest.Authenticator) { a.AAGUID, a.Attestation = [16]byte{}, mfatest.U2F },
		"no model, but a certificate": func(a *mfatest.Authenticator) { a.AAGUID = [16]byte{} },
	} {
		key, err := attested(t, m, change)
		if err != nil {
			t.Errorf("%s: %v", name, errors.Unwrap(err))
		} else if key.Certifications != nil {
			t.Errorf("%s: certified %v", name, key.Certifications)
		}
	}
}

// A key that shows a certificate of another maker is a forgery.
func TestAttack26_ForgedModel(t *testing.T) {
	m := readMetadata(t, mfatest.Model{AAGUID: model, CA: maker, Statuses: []mfatest.Status{{Status: "FIDO_CERTIFIED_L2"}}})
	_, err := attested(t, m, func(a *mfatest.Authenticator) { a.CA = mfatest.NewCA("maker") })
	wantRefused(t, err, "trust anchors")
}

// Item 15: models with a known weakness are not registered, whether they prove to be
// of the model or only say so.
func TestAttack26_WeakModel(t *testing.T) {
	for _, status := range []string{"REVOKED", "USER_VERIFICATION_BYPASS", "ATTESTATION_KEY_COMPROMISE",
		"USER_KEY_REMOTE_COMPROMISE", "USER_KEY_PHYSICAL_COMPROMISE"} {
		statuses := []mfatest.Status{{Status: "FIDO_CERTIFIED_L1"}, {Status: status, EffectiveDate: "2041-06-01"}, {Status: "UPDATE_AVAILABLE"}}
		for name, change := range map[string]func(*mfatest.Authenticator){
			"full attestation": nil,
			"self attestation": func(a *mfatest.Authenticator) { a.Attestation = mfatest.Self },
			"no attestation":   func(a *mfatest.Authenticator) { a.Attestation = mfatest.None },
		} {
			t.Run(status+" "+name, func(t *testing.T) {
				_, err := attested(t, readMetadata(t, mfatest.Model{AAGUID: model, CA: maker, Statuses: statuses}), change)
				wantRefused(t, err, status)
			})
		}
	}
	// A finding about a batch concerns the keys with its certificates.
	batch := []mfatest.Status{{Status: "ATTESTATION_KEY_COMPROMISE", Certificate: alliance.Certificate.Raw}}
	m := readMetadata(t, mfatest.Model{AAGUID: model, CA: maker, Statuses: batch})
	_, err := attested(t, m, func(a *mfatest.Authenticator) { a.Attestation = mfatest.None })
	wantRefused(t, err, "ATTESTATION_KEY_COMPROMISE")
}

func FuzzReadMetadata(f *testing.F) {
	f.Add(alliance.BLOB(mfatest.Model{AAGUID: model, CA: maker}))
	f.Add([]byte("e30.e30.AA"))
	f.Fuzz(func(t *testing.T, blob []byte) {
		if m, err := mfa.ReadMetadataWithRoot(blob, alliance.Certificate, noon); (m == nil) != (err != nil) {
			t.Errorf("%v, %v", m, err)
		}
		// The signature keeps the fuzzer out of the payload, so sign what it makes.
		if m, err := mfa.ReadMetadataWithRoot(alliance.SignBLOB("ES256", "", blob), alliance.Certificate, noon); (m == nil) != (err != nil) {
			t.Errorf("%v, %v", m, err)
		}
	})
}
