package seal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/signature"
)

// bundle is what the file holds: one Tink keyset per use.
type bundle struct {
	id                    string
	rows, tokens, digests *keyset.Handle
}

// The kinds of key that new ones are made as; the file says what old ones are.
var (
	rowKey    = aead.AES256GCMKeyTemplate
	tokenKey  = aead.XAES256GCM192BitNonceKeyTemplate
	digestKey = signature.ED25519KeyTemplate
)

// The errors of the two steps of a rotation, in the wrong order.
var (
	ErrPrepared    = errors.New("seal: new keys are prepared already and not yet in use")
	ErrNotPrepared = errors.New("seal: no new keys are prepared")
)

// Rotate makes the next keys primary, or those of [Keyset.Prepare], and adds new next
// ones, in the file and in memory; see the package comment. It starts from what the
// file holds now, so that keys which another process added are kept.
func (k *Keyset) Rotate() error { return k.change(rotated) }

// Prepare adds new keys that nothing is sealed with until [Keyset.Activate]. It
// returns [ErrPrepared] if there are such keys: others may have copied them already.
func (k *Keyset) Prepare() error {
	return k.change(func(handle *keyset.Handle, kind *tinkpb.KeyTemplate) (*keyset.Handle, error) {
		following, err := afterPrimary(handle)
		if err != nil {
			return nil, err
		}
		if len(following) > 1 {
			return nil, ErrPrepared
		}
		return grown(keyset.NewManagerFromHandle(handle), kind, 2-len(following))
	})
}

// Activate is Rotate for keys of [Keyset.Prepare]. It returns [ErrNotPrepared] if
// there are none.
func (k *Keyset) Activate() error {
	return k.change(func(handle *keyset.Handle, kind *tinkpb.KeyTemplate) (*keyset.Handle, error) {
		following, err := afterPrimary(handle)
		if err != nil {
			return nil, err
		}
		if len(following) < 2 {
			return nil, ErrNotPrepared
		}
		return rotated(handle, kind)
	})
}

// change replaces the keysets of the file, each by what next makes of it.
func (k *Keyset) change(next func(*keyset.Handle, *tinkpb.KeyTemplate) (*keyset.Handle, error)) error {
	k.file.Lock()
	defer k.file.Unlock()

	renamed := false
	// The new file's own creation is the lock between processes: two rotations at
	// once would each drop the keys of the other.
	pending := k.path + ".rotating"
	file, err := os.OpenFile(pending, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("seal: %s exists: another rotation is running, or one was interrupted; "+
			"if none is running, delete it and rotate again", pending)
	}
	if err != nil {
		return fmt.Errorf("seal: rotate %s: %w", k.path, err)
	}
	defer func() {
		file.Close()
		if !renamed { // afterwards the name may be another rotation's
			os.Remove(pending)
		}
	}()

	b, _, err := k.read()
	if err != nil {
		return err
	}
	for _, r := range []struct {
		handle **keyset.Handle
		kind   *tinkpb.KeyTemplate
	}{{&b.rows, rowKey()}, {&b.tokens, tokenKey()}, {&b.digests, digestKey()}} {
		if *r.handle, err = next(*r.handle, r.kind); err != nil {
			return fmt.Errorf("seal: rotate %s: %w", k.path, err)
		}
	}
	keys, err := b.open()
	if err != nil {
		return fmt.Errorf("seal: rotate %s: %w", k.path, err)
	}
	text, err := b.encode()
	if err != nil {
		return fmt.Errorf("seal: rotate %s: %w", k.path, err)
	}
	if err := writeSynced(file, text); err != nil {
		return fmt.Errorf("seal: rotate %s: %w", k.path, err)
	}
	if err := os.Rename(pending, k.path); err != nil {
		return fmt.Errorf("seal: rotate %s: %w", k.path, err)
	}
	renamed = true
	// Should a power cut bring the old file back, it still has the key used from here on.
	k.keys.Store(keys)
	return syncDirectory(k.path)
}

// Reload reads the file again, after a rotation by another process or node. On an
// error the keys in memory stay in use.
func (k *Keyset) Reload() error {
	k.file.Lock()
	defer k.file.Unlock()
	_, keys, err := k.read()
	if err != nil {
		return err
	}
	k.keys.Store(keys)
	return nil
}

// read reads the file that this keyset came from, and no other keyset put in its place.
func (k *Keyset) read() (*bundle, *keys, error) {
	b, keys, err := readFile(k.path)
	if err != nil {
		return nil, nil, err
	}
	if b.id != k.id {
		return nil, nil, fmt.Errorf("seal: %s now holds keyset %s, not %s which is in use: put the right file back",
			k.path, b.id, k.id)
	}
	return b, keys, nil
}

// rotated returns the keyset with the last key made primary, and a new one after it.
// That is the next key or, of a prepared keyset, the one after that. A keyset without
// a next key gets one first.
func rotated(handle *keyset.Handle, kind *tinkpb.KeyTemplate) (*keyset.Handle, error) {
	manager := keyset.NewManagerFromHandle(handle)
	following, err := afterPrimary(handle)
	if err != nil {
		return nil, err
	}
	if len(following) == 0 {
		next, err := manager.Add(kind)
		if err != nil {
			return nil, err
		}
		following = append(following, next)
	}
	if err := manager.SetPrimary(following[len(following)-1]); err != nil {
		return nil, err
	}
	return grown(manager, kind, 1)
}

// grown adds new keys.
func grown(manager *keyset.Manager, kind *tinkpb.KeyTemplate, count int) (*keyset.Handle, error) {
	for range count {
		if _, err := manager.Add(kind); err != nil {
			return nil, err
		}
	}
	return manager.Handle()
}

// afterPrimary returns the ids of the enabled keys that follow the primary: the next
// one, and a second one if new keys are prepared.
func afterPrimary(handle *keyset.Handle) (ids []uint32, err error) {
	primary := false
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, err
		}
		if primary && entry.KeyStatus() == keyset.Enabled {
			ids = append(ids, entry.KeyID())
		}
		primary = primary || entry.IsPrimary()
	}
	return ids, nil
}

// newKeyset returns a keyset of two keys: the primary and the next one.
func newKeyset(kind *tinkpb.KeyTemplate) (*keyset.Handle, error) {
	manager := keyset.NewManager()
	primary, err := manager.Add(kind)
	if err != nil {
		return nil, err
	}
	if err := manager.SetPrimary(primary); err != nil {
		return nil, err
	}
	return grown(manager, kind, 1)
}

// open returns the primitives of the keysets; it fails when one holds keys of
// another kind than its use needs.
func (b *bundle) open() (*keys, error) {
	var k keys
	var err error
	if k.rows, err = aead.New(b.rows); err != nil {
		return nil, err
	}
	if k.tokens, err = aead.New(b.tokens); err != nil {
		return nil, err
	}
	if k.signer, err = signature.NewSigner(b.digests); err != nil {
		return nil, err
	}
	if k.public, err = publicJSON(b.digests); err != nil {
		return nil, err
	}
	ids := sha256.New()
	for _, handle := range []*keyset.Handle{b.rows, b.tokens, b.digests} {
		info := handle.KeysetInfo()
		fmt.Fprintln(ids, info.PrimaryKeyId)
		for _, key := range info.KeyInfo {
			fmt.Fprintln(ids, key.KeyId)
		}
	}
	k.version = hex.EncodeToString(ids.Sum(nil)[:4])
	return &k, nil
}
