// Package audit is the audit log: what a record looks like, how records are chained
// so that tampering shows, how the chain is verified, and how records that may be
// lost wait to be written. It stores nothing itself and knows no user, role or
// session; callers hand it plain strings.
//
// # Records
//
// A [Record] is one event in the JSON form of AWS CloudTrail, so that tools which
// read CloudTrail read these. [Record.Marshal] gives its bytes: deterministic,
// bounded, harmless to a terminal, and with every parameter that is a secret by its
// name hidden. From then on the bytes are the record; they are stored and hashed as
// they are.
//
// Records of changes and of sign-ins are stored in the transaction of the change.
// Records of reads go through a [Queue], which is bounded, never makes its caller
// wait, and counts what it loses. Those of an account that are written together are
// one [Segment]: one row of the store and one link of the chain.
//
// # The chain
//
// Each node chains its own records. A [Sealer] follows the committed ones, off the
// writers' path, and gives each a sequence number and a hash over the record and the
// hash before it ([ChainHash]). Every hour, and when it stops, it signs a [Digest]
// over the stretch since the last one.
//
//	record 1 ── record 2 ── … ── record 40 ── record 41 ── … ── record 95 ── record 96
//	└──────────── digest ────────────┘└──────────── digest ──────────┘   not yet covered
//
// A segment has one number and one hash, over all its bytes. Reports count its records
// one by one, and numbers as they are in the chain.
//
// Retention removes the oldest records, up to the last one of a digest; that digest
// stays, and the chain then begins after it.
//
// # What verification shows
//
// [Verify] reads the log again, needs nothing but the log and the public keys, and
// names the first record or digest that was changed, removed, inserted or moved; of a
// record within a segment it names the segment.
// Somebody who can write the database but has no key cannot alter what a digest
// covers. They can still alter records that no digest covers yet, drop the newest
// digests together with the records since, or drop the oldest as if retention had:
// the report tells how much is uncovered, when the last digest was signed, and where
// the log begins. The [Sealer] also writes each digest to the ordinary log, and a log
// collector elsewhere that keeps those lines closes that gap.
package audit

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"
)

// Time formats an instant as CloudTrail does: UTC, to the second.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// NewID returns a random event id, a version 4 UUID (RFC 9562 section 5.4).
func NewID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var id [36]byte
	hex.Encode(id[0:8], b[0:4])
	hex.Encode(id[9:13], b[4:6])
	hex.Encode(id[14:18], b[6:8])
	hex.Encode(id[19:23], b[8:10])
	hex.Encode(id[24:36], b[10:16])
	id[8], id[13], id[18], id[23] = '-', '-', '-', '-'
	return string(id[:])
}

// commonErrors are the codes that every AWS service shares (IAM API Reference,
// "Common Errors"; Signature Version 4 troubleshooting). They are not modelled by
// the service, so no shape name stands behind them.
var commonErrors = map[string]bool{
	"AccessDenied": true, "AuthFailure": true, "ExpiredToken": true,
	"IncompleteSignature": true, "InternalError": true, "InternalFailure": true,
	"InvalidAction": true, "InvalidClientTokenId": true, "InvalidParameterCombination": true,
	"InvalidParameterValue": true, "InvalidQueryParameter": true, "MalformedInput": true,
	"MalformedQueryString": true, "MissingAction": true, "MissingAuthenticationToken": true,
	"MissingParameter": true, "NotAuthorized": true, "OptInRequired": true,
	"RequestExpired": true, "ServiceUnavailable": true, "SignatureDoesNotMatch": true,
	"Throttling": true, "UnauthorizedOperation": true, "UnrecognizedClient": true,
	"ValidationError": true,
}

// ErrorCode turns the error code of an API answer into the errorCode of its record:
// an error of the service's own model carries the suffix of its shape name
// (NoSuchEntity → NoSuchEntityException), a common error is written as it is.
func ErrorCode(wire string) string {
	if wire == "" || commonErrors[wire] || strings.HasSuffix(wire, "Exception") {
		return wire
	}
	return wire + "Exception"
}
