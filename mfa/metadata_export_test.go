package mfa

import (
	"crypto/x509"
	"time"
)

// ReadMetadataFrom is ReadMetadata with another root, but the check of the host kept.
var ReadMetadataFrom = readMetadata

// Certify is certify, for chains that only makers of authenticators can sign.
func (m *Metadata) Certify(format string, aaguid []byte, chain []*x509.Certificate, now time.Time) (map[string]string, error) {
	return m.certify(format, aaguid, chain, now)
}
