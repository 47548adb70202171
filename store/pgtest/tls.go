package pgtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// useTLS makes the server's key and certificate, and takes connections with TLS only.
func (s *Server) useTLS() error {
	certificate, key, err := newCertificate()
	if err != nil {
		return err
	}
	if s.authority, err = s.dir.write("server.crt", certificate); err != nil {
		return err
	}
	keyPath, err := s.dir.write("server.key", key)
	if err != nil {
		return err
	}
	s.settings["ssl"], s.settings["ssl_cert_file"], s.settings["ssl_key_file"] = "on", s.authority, keyPath
	hba := filepath.Join(s.data(), "pg_hba.conf") // there already: as its owner's
	return os.WriteFile(hba, fmt.Appendf(nil, "hostssl all all %s/32 scram-sha-256\n", loopback), 0o600)
}

// newCertificate returns a certificate for 127.0.0.1, signed by itself, and its key, both as PEM.
func newCertificate() (certificate, key string, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sallyport pgtest"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 30),
		IPAddresses:           []net.IP{net.ParseIP(loopback)},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, &template, &template, private.Public(), private)
	if err != nil {
		return "", "", err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", "", err
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return block("CERTIFICATE", signed), block("PRIVATE KEY", encoded), nil
}
