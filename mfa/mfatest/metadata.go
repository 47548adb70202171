package mfatest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"strings"
	"time"
)

// CA is a certificate authority: the maker of authenticators, or the metadata service.
type CA struct {
	Certificate *x509.Certificate
	key, batch  *ecdsa.PrivateKey // of the authority, and of all authenticators that it makes
}

// All certificates of this package are valid for a century.
var (
	validFrom  = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	validUntil = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// NewCA returns an authority that signs itself, valid from 2000 to 2100.
func NewCA(name string) *CA { return newCA(name, nil) }

// Subordinate returns an authority that this one signs.
func (ca *CA) Subordinate(name string) *CA { return newCA(name, ca) }

func newCA(name string, issuer *CA) *CA {
	ca := &CA{key: newKey(), batch: newKey()}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             validFrom,
		NotAfter:              validUntil,
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	parent, key := template, ca.key
	if issuer != nil {
		parent, key = issuer.Certificate, issuer.key
	}
	der := must(x509.CreateCertificate(rand.Reader, template, parent, ca.key.Public(), key))
	ca.Certificate = must(x509.ParseCertificate(der))
	return ca
}

func newKey() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }

// issue signs a certificate for a key.
func (ca *CA) issue(key crypto.Signer, template *x509.Certificate) []byte {
	template.SerialNumber = must(rand.Int(rand.Reader, big.NewInt(1<<62)))
	template.NotBefore, template.NotAfter = validFrom, validUntil
	template.BasicConstraintsValid = true
	return must(x509.CreateCertificate(rand.Reader, template, ca.Certificate, key.Public(), ca.key))
}

// Model is an entry of a metadata BLOB.
type Model struct {
	AAGUID   [16]byte
	Name     string
	CA       *CA // signs the attestations of the model; nil for none
	Statuses []Status
}

// Status is a status report of a model. The JSON names are those of FIDO Metadata
// Service 3.1, §3.1.3.
type Status struct {
	Status        string `json:"status"` // "FIDO_CERTIFIED_L1", "REVOKED"
	EffectiveDate string `json:"effectiveDate,omitempty"`
	SunsetDate    string `json:"sunsetDate,omitempty"`
	FIPSRevision  int    `json:"fipsRevision,omitempty"`
	Certificate   []byte `json:"certificate,omitempty"`
}

// BLOB returns signed metadata about models: serial number 7, next update on
// 2099-01-01. The authority is the root that the reader has to be given.
func (ca *CA) BLOB(models ...Model) []byte {
	return ca.SignBLOB("ES256", "", Payload(7, "2099-01-01", models...))
}

// Payload is the payload of a BLOB before it is signed.
func Payload(number int, nextUpdate string, models ...Model) []byte {
	entries := []any{}
	for _, m := range models {
		id := hex.EncodeToString(m.AAGUID[:])
		roots := [][]byte{}
		if m.CA != nil {
			roots = append(roots, m.CA.Certificate.Raw)
		}
		id = id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
		entry := map[string]any{
			"statusReports":          append([]Status{}, m.Statuses...),
			"timeOfLastStatusChange": "2020-01-01",
			"metadataStatement": map[string]any{
				"description":                 m.Name,
				"protocolFamily":              "fido2",
				"schema":                      3,
				"attestationTypes":            []string{"basic_full"},
				"attestationRootCertificates": roots,
			},
		}
		if m.AAGUID == [16]byte{} { // a U2F key is known by its attestation key
			sum := sha1.Sum(must(m.CA.batch.PublicKey.Bytes()))
			entry["attestationCertificateKeyIdentifiers"] = []string{hex.EncodeToString(sum[:])}
		} else {
			entry["aaguid"] = id
		}
		entries = append(entries, entry)
	}
	return must(json.Marshal(map[string]any{"no": number, "nextUpdate": nextUpdate, "entries": entries}))
}

// SignBLOB signs any payload, in the name of a host when it is not "". The algorithm
// stands in the header: ES256, RS256 as the FIDO Alliance has it, or a lie. The key is an
// RSA key if it begins with R or P, and the hash is always SHA-256.
func (ca *CA) SignBLOB(algorithm, host string, payload []byte) []byte {
	template := &x509.Certificate{Subject: pkix.Name{CommonName: "metadata"}}
	if host != "" {
		template.DNSNames = []string{host}
	}
	var key crypto.Signer = newKey()
	if strings.HasPrefix(algorithm, "R") || strings.HasPrefix(algorithm, "P") {
		key = must(rsa.GenerateKey(rand.Reader, 2048))
	}
	header := must(json.Marshal(map[string]any{"alg": algorithm, "typ": "JWT", "x5c": [][]byte{ca.issue(key, template), ca.Certificate.Raw}}))
	text := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	digest := sha256.Sum256([]byte(text))
	signature := must(key.Sign(rand.Reader, digest[:], crypto.SHA256))
	if _, ec := key.(*ecdsa.PrivateKey); ec { // JWS writes r and s side by side, RFC 7518 §3.4
		var point struct{ R, S *big.Int }
		must(asn1.Unmarshal(signature, &point))
		signature = append(point.R.FillBytes(make([]byte, 32)), point.S.FillBytes(make([]byte, 32))...)
	}
	return []byte(text + "." + base64.RawURLEncoding.EncodeToString(signature))
}
