package iam

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/sallyport-iam/sallyport/wire"
	"golang.org/x/crypto/argon2"
)

// Passwords hashes and verifies passwords with argon2id (RFC 9106), a bounded number of them at a time: each
// takes 19 MiB and some 20 ms of a processor. A bounded number more waits, each until its context ends; all others
// are answered Throttling. So that no client fills the queue alone, guesses take a [Passwords.Turn] before. It is safe for
// concurrent use.
type Passwords struct {
	cost    argon // of new hashes
	slots   chan struct{}
	waiting atomic.Int32
	turns   turns
}

// maxWaiting is how many wait for their turn at most: more would have to wait for seconds.
const maxWaiting = 64

// NewPasswords makes a hasher that works on at most parallel passwords at a time; 0 means one per processor but
// one, so that passwords leave time for everything else.
func NewPasswords(parallel int) *Passwords {
	if parallel <= 0 {
		parallel = max(runtime.GOMAXPROCS(0)-1, 1)
	}
	return &Passwords{cost: newHashCost, slots: make(chan struct{}, parallel)}
}

// NewCheapPasswords makes a hasher whose hashes keep nobody from guessing: for tests, which would spend most of their time
// on hashing.
func NewCheapPasswords(parallel int) *Passwords {
	p := NewPasswords(parallel)
	p.cost = argon{memory: 8, passes: 1, threads: 1}
	return p
}

// argon is what a hash costs.
type argon struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// newHashCost is the cost of new hashes (OWASP Password Storage Cheat Sheet, "Argon2id").
var newHashCost = argon{memory: 19 << 10, passes: 2, threads: 1}

// Bounds of the cost and the lengths that a stored hash may ask for: a row that has been tampered with is an error
// and no way to take the server's memory.
const (
	maxArgonMemory  = 256 << 10 // KiB
	maxArgonPasses  = 16
	maxArgonThreads = 16
	minSaltBytes    = 8
	minSumBytes     = 16
	maxHashBytes    = 64
)

const (
	saltBytes = 16
	sumBytes  = 32
)

// Hash returns the argon2id hash of a password with a new salt, in PHC string form:
// $argon2id$v=19$m=19456,t=2,p=1$SALT$SUM.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	var salt [saltBytes]byte
	rand.Read(salt[:])
	sum, err := p.derive(ctx, password, p.cost, salt[:], sumBytes)
	if err != nil {
		return "", err
	}
	return phcHash{p.cost, salt[:], sum}.String(), nil
}

// Verify tells whether the hash is the password's, in a time that does not depend on the answer. It fails when
// ctx ends before its turn, with Throttling when too many wait, and on a hash that Hash can't have written.
func (p *Passwords) Verify(ctx context.Context, hash, password string) (bool, error) {
	h, err := parseHash(hash)
	if err != nil {
		return false, err
	}
	sum, err := p.derive(ctx, password, h.cost, h.salt, uint32(len(h.sum)))
	return err == nil && subtle.ConstantTimeCompare(sum, h.sum) == 1, err
}

// VerifyNothing takes the time of a Verify that fails: what a sign-in does for a user that doesn't exist or has
// no password, so that its answer takes as long as any other.
func (p *Passwords) VerifyNothing(ctx context.Context, password string) error {
	_, err := p.derive(ctx, password, p.cost, make([]byte, saltBytes), sumBytes)
	return err
}

func (p *Passwords) derive(ctx context.Context, password string, cost argon, salt []byte, length uint32) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := p.enter(ctx); err != nil {
		return nil, err
	}
	defer func() { <-p.slots }()
	return argon2.IDKey([]byte(password), salt, cost.passes, cost.memory, cost.threads, length), nil
}

// enter takes a slot, and waits for one if it may.
func (p *Passwords) enter(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	defer p.waiting.Add(-1)
	if p.waiting.Add(1) > maxWaiting {
		return wire.Errorf("Throttling", "Rate exceeded")
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// phcHash is a hash with what it was made of.
type phcHash struct {
	cost      argon
	salt, sum []byte
}

// phcBase64 is the base64 of PHC strings: without padding, and with one spelling for every value.
var phcBase64 = base64.RawStdEncoding.Strict()

const phcStart = "$argon2id$v=19$m=" // 19 is version 1.3, the only one in use

// String writes the hash in PHC string form.
func (h phcHash) String() string {
	number := func(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
	return phcStart + number(h.cost.memory) + ",t=" + number(h.cost.passes) + ",p=" + number(uint32(h.cost.threads)) +
		"$" + phcBase64.EncodeToString(h.salt) + "$" + phcBase64.EncodeToString(h.sum)
}

// errBadHash does not show the hash.
var errBadHash = errors.New("iam: a stored password hash is malformed or asks for too much")

// parseHash reads the one spelling that String writes, within the bounds.
func parseHash(text string) (phcHash, error) {
	rest, ok := strings.CutPrefix(text, phcStart)
	parts := strings.Split(rest, "$")
	if !ok || len(parts) != 3 || len(text) > 256 {
		return phcHash{}, errBadHash
	}
	memory, rest, ok1 := strings.Cut(parts[0], ",t=")
	passes, threads, ok2 := strings.Cut(rest, ",p=")
	m, err1 := strconv.ParseUint(memory, 10, 32)
	t, err2 := strconv.ParseUint(passes, 10, 32)
	p, err3 := strconv.ParseUint(threads, 10, 8)
	salt, err4 := phcBase64.DecodeString(parts[1])
	sum, err5 := phcBase64.DecodeString(parts[2])
	switch {
	case !ok1, !ok2, errors.Join(err1, err2, err3, err4, err5) != nil,
		m < 8*p, m > maxArgonMemory, t < 1, t > maxArgonPasses, p < 1, p > maxArgonThreads,
		len(salt) < minSaltBytes, len(salt) > maxHashBytes, len(sum) < minSumBytes, len(sum) > maxHashBytes:
		return phcHash{}, errBadHash
	}
	h := phcHash{argon{uint32(m), uint32(t), uint8(p)}, salt, sum}
	if h.String() != text { // leading zeros, line breaks in the base64
		return phcHash{}, errBadHash
	}
	return h, nil
}

// NewPassword makes a password of 125 random bits: five groups of five letters and digits, parted by hyphens, and
// none that are taken for one another (l and 1, o and 0). It meets the rules of an account without a password
// policy.
func NewPassword() string {
	const alphabet = "abcdefghijkmnpqrstuvwxyz23456789" // 32, so that each is five bits
	for {
		var random [25]byte
		rand.Read(random[:])
		var b strings.Builder
		for i, r := range random {
			if i > 0 && i%5 == 0 {
				b.WriteByte('-')
			}
			b.WriteByte(alphabet[r&31])
		}
		if (*PasswordPolicy)(nil).check(b.String()) == nil { // one in a thousand has no digit
			return b.String()
		}
	}
}
