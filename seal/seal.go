// Package seal keeps the service's keys and does everything that needs one: it
// encrypts secrets at rest, seals session tokens, and signs audit digests.
//
// # The keyset
//
// A [Keyset] lives in one file, DATA/keyset.json, made once by [Create] and read
// at every start by [Open]. It holds three Tink keysets, one per use, so that no
// key ever serves two purposes:
//
//	rows     AES-256-GCM    secrets in the database: access-key secrets, seeds
//	tokens   XAES-256-GCM   session tokens handed to clients
//	digests  Ed25519        signatures over the audit chain
//
// The file is in the clear and readable by its owner only. Whoever has it and the
// database has everything, so back the two up apart. Losing it loses every sealed
// secret: a new keyset does not open an old database. [Keyset.ID] is a public name
// that a database remembers, so that a mismatch is noticed at start.
//
// # Sealed rows
//
// [Keyset.Seal] binds a ciphertext to its table, column and row. Copied to another
// row, say by somebody who can write the database but has no key, it does not open.
//
// # Sealed tokens
//
// [Keyset.SealToken] makes the text that a client carries as a session token; it is
// bound to a purpose, so that a token made for one use is refused for another.
// Tokens are made at every sign-in for the life of the service, hence the cipher
// with an extended nonce: plain AES-GCM must not seal more than 2³² random-nonce
// messages under one key (NIST SP 800-38D section 8.3), XAES-256-GCM has no limit
// that can be reached (C2SP XAES-256-GCM).
//
// # Rotation
//
// Every keyset holds one key more than it uses: the next one. [Keyset.Rotate] makes
// the next key primary and adds a new next; old keys stay and still open what they
// sealed. A process that has not read the file since the last rotation can therefore
// open what a process that has seals, so keys rotate beside a running server and
// across nodes without a moment in which tokens fail; [Keyset.Reload] must have run
// once before the following rotation. After a leak of the file rotate twice, since
// the leaked file held the next key too, and then replace the secrets it sealed.
//
// Where every node has its own copy of the file, [Keyset.Prepare] and
// [Keyset.Activate] do it in two steps. Prepare adds a key after the next one, which
// nothing is sealed with; when the file has been copied to all nodes and read by them,
// Activate makes that key primary. It leaves out the next key, so one such rotation is
// enough after a leak. The ids of the keys in the file say which step it has reached:
// two keys after the primary are a prepared rotation.
package seal

import (
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrRefused says that a ciphertext or token was not sealed by this keyset for this
// place or purpose, or was altered since. It deliberately says no more.
var ErrRefused = errors.New("seal: altered, or sealed elsewhere or under another keyset")

// Keyset is the open keyset. Its methods may be called from any goroutine, and
// rotation never disturbs a call in flight.
type Keyset struct {
	path string
	id   string

	file sync.Mutex // held by Rotate and Reload, the two that read the file again
	keys atomic.Pointer[keys]
}

// keys are the primitives of one generation of the file.
type keys struct {
	rows, tokens tink.AEAD
	signer       tink.Signer
	public       []byte
	version      string
}

// Version is a name of the keys in use and their order, 8 hexadecimal digits: nodes whose versions differ have different
// generations of the file. It tells nothing about the keys.
func (k *Keyset) Version() string { return k.keys.Load().version }

// ID returns the keyset's public name, 32 hexadecimal digits. It is random, tells
// nothing about the keys, and stays the same through rotation.
func (k *Keyset) ID() string { return k.id }

// Seal encrypts a secret for one cell of the database. Only [Keyset.Unseal] with the
// same table, column and row opens it. The result is 33 bytes longer than plaintext.
func (k *Keyset) Seal(plaintext []byte, table, column, row string) []byte {
	return encrypt(k.keys.Load().rows, plaintext, bind("sallyport row 1", table, column, row))
}

// Unseal decrypts what [Keyset.Seal] made for the same cell, or returns [ErrRefused].
func (k *Keyset) Unseal(ciphertext []byte, table, column, row string) ([]byte, error) {
	plaintext, err := k.keys.Load().rows.Decrypt(ciphertext, bind("sallyport row 1", table, column, row))
	if err != nil {
		return nil, ErrRefused
	}
	return plaintext, nil
}

// encrypt panics where AES-GCM can't fail: crypto/rand ends the program rather than
// return an error, and a plaintext over 64 GiB never gets this far.
func encrypt(aead tink.AEAD, plaintext, bound []byte) []byte {
	ciphertext, err := aead.Encrypt(plaintext, bound)
	if err != nil {
		panic("seal: encryption failed: " + err.Error())
	}
	return ciphertext
}

// bind encodes parts so that no two lists of parts give the same bytes: each part
// is preceded by its length, and the first names the use.
func bind(parts ...string) []byte {
	size := 0
	for _, part := range parts {
		size += binary.MaxVarintLen64 + len(part)
	}
	out := make([]byte, 0, size)
	for _, part := range parts {
		out = binary.AppendUvarint(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}
