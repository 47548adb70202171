package mfa

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/go-webauthn/webauthn/metadata"
	"github.com/google/uuid"
)

const (
	maxMetadataBytes = 64 << 20 // the FIDO Alliance's own is about 10 MB
	metadataHost     = "mds.fidoalliance.org"
)

// Metadata is what the FIDO Alliance says about models of authenticators (FIDO
// Metadata Service 3): the trust anchors of their attestations, their certifications
// and their known weaknesses.
type Metadata struct {
	number     int
	nextUpdate time.Time
	skipped    int
	models     map[uuid.UUID]*metadata.Entry
	u2fModels  map[string]*metadata.Entry // by the key identifier of the attestation certificate, hexadecimal
}

// Number is the serial number of the BLOB. It only grows: who has seen a higher one
// is being offered an old BLOB.
func (m *Metadata) Number() int { return m.number }

// NextUpdate is the day by which a newer BLOB is to be had. An old one goes on
// working, but knows nothing of the weaknesses found since.
func (m *Metadata) NextUpdate() time.Time { return m.nextUpdate }

// Overdue reports whether the day of the next update is over, in UTC.
func (m *Metadata) Overdue(now time.Time) bool { return !now.Before(m.nextUpdate.AddDate(0, 0, 1)) }

// Models counts the models known, Skipped the entries that could not be read.
// A model that was skipped is as good as unknown.
func (m *Metadata) Models() int  { return len(m.models) + len(m.u2fModels) }
func (m *Metadata) Skipped() int { return m.skipped }

// ReadMetadata reads a BLOB as served at https://mds3.fidoalliance.org/ (FIDO
// Metadata Service 3.1, §3.2): a JSON Web Signature with its certificate chain. The
// chain must lead from the host name of the service to the root that the FIDO Alliance
// names, and be valid now.
//
// Nothing is fetched: the revocation lists of the chain are not consulted.
func ReadMetadata(blob []byte, now time.Time) (*Metadata, error) {
	der, err := base64.StdEncoding.DecodeString(metadata.ProductionMDSRoot)
	if err != nil {
		return nil, fmt.Errorf("mfa: metadata root: %w", err)
	}
	root, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("mfa: metadata root: %w", err)
	}
	// The root is that of a public authority, so the name of the signer matters: without it
	// anyone with a certificate of that authority could sign metadata.
	return readMetadata(blob, root, metadataHost, now)
}

// ReadMetadataWithRoot is [ReadMetadata] for a BLOB of one's own, signed under a root
// that signs nothing else.
func ReadMetadataWithRoot(blob []byte, root *x509.Certificate, now time.Time) (*Metadata, error) {
	return readMetadata(blob, root, "", now)
}

func readMetadata(blob []byte, root *x509.Certificate, host string, now time.Time) (*Metadata, error) {
	if len(blob) > maxMetadataBytes {
		return nil, fmt.Errorf("mfa: metadata of %d bytes, more than %d", len(blob), maxMetadataBytes)
	}
	text, err := verifyJWS(bytes.TrimSpace(blob), root, host, now)
	if err != nil {
		return nil, fmt.Errorf("mfa: metadata: %w", err)
	}
	var payload metadata.PayloadJSON
	if err := json.Unmarshal(text, &payload); err != nil {
		return nil, fmt.Errorf("mfa: metadata: %w", err)
	}
	decoder, err := metadata.NewDecoder(metadata.WithIgnoreEntryParsingErrors())
	if err != nil {
		return nil, fmt.Errorf("mfa: metadata: %w", err)
	}
	parsed, err := decoder.Parse(&payload)
	if err != nil {
		return nil, fmt.Errorf("mfa: metadata: %w", err)
	}
	return &Metadata{
		number:     parsed.Parsed.Number,
		nextUpdate: parsed.Parsed.NextUpdate,
		skipped:    len(parsed.Unparsed),
		models:     parsed.ToMap(),
		u2fModels:  parsed.ToKeyIdentifierMap(),
	}, nil
}

// verifyJWS returns the payload of a signed BLOB (RFC 7515). The library has the same,
// but it looks at the real clock and fetches revocation lists over the network.
func verifyJWS(blob []byte, root *x509.Certificate, host string, now time.Time) ([]byte, error) {
	parts := bytes.Split(blob, []byte("."))
	if len(parts) != 3 {
		return nil, errors.New("not a JSON Web Signature")
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		if decoded[i], err = base64.RawURLEncoding.DecodeString(string(part)); err != nil {
			return nil, fmt.Errorf("not a JSON Web Signature: %w", err)
		}
	}
	var header struct {
		Algorithm string   `json:"alg"`
		Chain     [][]byte `json:"x5c"` // standard base64, which is how encoding/json writes bytes
	}
	if err := json.Unmarshal(decoded[0], &header); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	chain, err := parseChain(header.Chain)
	if err != nil {
		return nil, err
	}
	if len(chain) == 0 {
		return nil, errors.New("no certificate chain (x5c) in the header")
	}
	if err := verifyChain(chain, []*x509.Certificate{root}, host, now); err != nil {
		return nil, err
	}
	digest := sha256.Sum256(blob[:len(parts[0])+1+len(parts[1])])
	if !verifySHA256(header.Algorithm, chain[0].PublicKey, digest[:], decoded[2]) {
		return nil, errors.New("the signature is wrong, or not RS256 or ES256")
	}
	return decoded[1], nil
}

// verifySHA256 verifies RS256 and ES256 (RFC 7518 §3.3, §3.4). The algorithm must fit
// the key, so that the header can't choose a weaker check.
func verifySHA256(algorithm string, key crypto.PublicKey, digest, signature []byte) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return algorithm == "RS256" && rsa.VerifyPKCS1v15(key, crypto.SHA256, digest, signature) == nil
	case *ecdsa.PublicKey:
		if algorithm != "ES256" || key.Curve != elliptic.P256() || len(signature) != 64 {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		return ecdsa.Verify(key, digest, r, s)
	}
	return false
}

func parseChain(ders [][]byte) ([]*x509.Certificate, error) {
	chain := make([]*x509.Certificate, len(ders))
	for i, der := range ders {
		var err error
		if chain[i], err = x509.ParseCertificate(der); err != nil {
			return nil, fmt.Errorf("certificate %d of the chain: %w", i+1, err)
		}
	}
	return chain, nil
}

// verifyChain verifies that a chain, the signer first, leads to one of the roots.
func verifyChain(chain, roots []*x509.Certificate, host string, now time.Time) error {
	options := x509.VerifyOptions{
		Roots:         x509.NewCertPool(),
		Intermediates: x509.NewCertPool(),
		DNSName:       host,
		CurrentTime:   now,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	for _, root := range roots {
		options.Roots.AddCert(root)
	}
	for _, issuer := range chain[1:] {
		options.Intermediates.AddCert(issuer)
	}
	_, err := chain[0].Verify(options)
	return err
}
