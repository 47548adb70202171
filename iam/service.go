package iam

import (
	"crypto/rand"
	"encoding/base32"
	"log/slog"
	"time"

	"github.com/sallyport-iam/sallyport/mfa"
)

// Service is IAM: its methods are the operations, and [Service.Do] is the way to them. All fields are set before
// first use and never change; those without "optional" are needed.
type Service struct {
	Store     Store
	Directory *Directory
	Passwords *Passwords
	Keys      *mfa.RelyingParty // optional: without it there are no security keys
	Now       func() time.Time
	Node      string                                      // name of this node in audit records and hash chains
	Reads     func(e AuditEntry)                          // takes the records of reads; must not block
	Log       *slog.Logger                                // optional
	Verified  func(outcome string)                        // optional: told the outcome of each verification of a second factor
	Encode    func(account string, message []byte) string // optional: seals the details of a refusal for DecodeAuthorizationMessage
	// ClockFault, optional, tells why this node's clock can't be trusted; nil if it can.
	ClockFault func() error
}

// newID makes a unique id of AWS's form: the prefix that tells its kind and 17 base32 characters, 85 random bits.
func newID(prefix string) string {
	var b [11]byte
	rand.Read(b[:])
	return prefix + base32.StdEncoding.EncodeToString(b[:])[:17]
}

// Prefixes of unique ids (IAM User Guide, "IAM identifiers").
const (
	prefixUser      = "AIDA"
	prefixGroup     = "AGPA"
	prefixRole      = "AROA"
	prefixPolicy    = "ANPA"
	prefixAccessKey = "AKIA"
)

func (s *Service) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}
