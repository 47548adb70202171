package seal

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

const (
	fileVersion = 1
	maxFile     = 1 << 20 // bytes; room for about a thousand rotations
)

// keysetFile is the JSON form of the file. Checksum is over everything else: a bit
// that flips inside a key leaves a well-formed keyset which opens nothing.
type keysetFile struct {
	Version  int             `json:"version"`
	ID       string          `json:"id"`
	Checksum string          `json:"checksum"`
	Rows     json.RawMessage `json:"rows"`
	Tokens   json.RawMessage `json:"tokens"`
	Digests  json.RawMessage `json:"digests"`
}

// Create makes a new keyset in a new file that only its owner can read, and opens
// it. It never overwrites: where path exists it fails with an error that is
// [fs.ErrExist]. When it returns, file and directory entry are on disk.
func Create(path string) (*Keyset, error) {
	b := &bundle{id: hex.EncodeToString(random(16))}
	var err error
	if b.rows, err = newKeyset(rowKey()); err != nil {
		return nil, fmt.Errorf("seal: create %s: %w", path, err)
	}
	if b.tokens, err = newKeyset(tokenKey()); err != nil {
		return nil, fmt.Errorf("seal: create %s: %w", path, err)
	}
	if b.digests, err = newKeyset(digestKey()); err != nil {
		return nil, fmt.Errorf("seal: create %s: %w", path, err)
	}
	text, err := b.encode()
	if err != nil {
		return nil, fmt.Errorf("seal: create %s: %w", path, err)
	}

	// Written under another name and then linked, the file is there whole or not at
	// all, and unlike a rename a link never replaces one that is there already.
	pending := fmt.Sprintf("%s.%s.new", path, hex.EncodeToString(random(8)))
	file, err := os.OpenFile(pending, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("seal: create %s: %w", path, err)
	}
	defer os.Remove(pending)
	defer file.Close()
	if err := writeSynced(file, text); err != nil {
		return nil, fmt.Errorf("seal: create %s: %w", path, err)
	}
	if err := os.Link(pending, path); err != nil {
		return nil, fmt.Errorf("seal: create %s: %w", path, err)
	}
	if err := syncDirectory(path); err != nil {
		return nil, err
	}
	return Open(path)
}

// Open reads the keyset in the file at path. A file that does not exist is an error
// that is [fs.ErrNotExist]. A file which others than its owner can read, or which is
// damaged, is refused with a sentence that says what to do.
func Open(path string) (*Keyset, error) {
	b, keys, err := readFile(path)
	if err != nil {
		return nil, err
	}
	k := &Keyset{path: path, id: b.id}
	k.keys.Store(keys)
	return k, nil
}

func readFile(path string) (*bundle, *keys, error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, nil, err
	}
	b, err := decode(text)
	if err != nil {
		return nil, nil, damaged(path, err)
	}
	keys, err := b.open()
	if err != nil {
		// Tink's own words are left out: they may quote the keyset.
		return nil, nil, damaged(path, errors.New("its keys do not fit their use"))
	}
	return b, keys, nil
}

func damaged(path string, why error) error {
	return fmt.Errorf("seal: keyset file %s is damaged: %w; restore this file from a backup: "+
		"a new keyset cannot open the existing database", path, why)
}

// readPrivate returns the content of a regular file that is its owner's alone.
func readPrivate(path string) ([]byte, error) {
	// Asked before opening, which would wait at a named pipe.
	if info, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("seal: keyset file: %w", err)
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("seal: keyset file %s is not a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("seal: keyset file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("seal: keyset file: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("seal: keyset file %s is open to others than its owner (mode %04o) and it holds every key: "+
			"run chmod 600 %s, and if others may have read it, rotate the keys", path, mode, path)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("seal: keyset file: %w", err)
	}
	if len(text) > maxFile {
		return nil, damaged(path, fmt.Errorf("it is longer than %d bytes", maxFile))
	}
	return text, nil
}

// decode reads the file's text. Its errors never quote the text, which is secret.
func decode(text []byte) (*bundle, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("it is empty")
	}
	var f keysetFile
	if json.Unmarshal(text, &f) != nil {
		return nil, errors.New("it is not the JSON of a keyset file")
	}
	switch {
	case f.Version > fileVersion:
		return nil, fmt.Errorf("it has version %d, this program reads version %d", f.Version, fileVersion)
	case f.Version != fileVersion || f.ID == "":
		return nil, errors.New("it has no version or id")
	}
	sum, err := f.checksum()
	if err != nil || sum != f.Checksum {
		return nil, errors.New("its checksum does not match")
	}
	b := &bundle{id: f.ID}
	for _, part := range []struct {
		name   string
		text   []byte
		handle **keyset.Handle
	}{{"rows", f.Rows, &b.rows}, {"tokens", f.Tokens, &b.tokens}, {"digests", f.Digests, &b.digests}} {
		*part.handle, err = insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(part.text)))
		if err != nil {
			return nil, fmt.Errorf("its keyset %q cannot be read", part.name)
		}
	}
	return b, nil
}

// encode returns the file's text.
func (b *bundle) encode() ([]byte, error) {
	f := keysetFile{Version: fileVersion, ID: b.id}
	var err error
	if f.Rows, err = secretJSON(b.rows); err != nil {
		return nil, err
	}
	if f.Tokens, err = secretJSON(b.tokens); err != nil {
		return nil, err
	}
	if f.Digests, err = secretJSON(b.digests); err != nil {
		return nil, err
	}
	if f.Checksum, err = f.checksum(); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, err
	}
	if len(text) >= maxFile {
		return nil, fmt.Errorf("the keyset would be longer than %d bytes", maxFile)
	}
	return append(text, '\n'), nil
}

// checksum is over the compact form, so that white space in the file is free.
func (f *keysetFile) checksum() (string, error) {
	parts := []string{"sallyport keyset 1", f.ID}
	for _, text := range []json.RawMessage{f.Rows, f.Tokens, f.Digests} {
		c, err := compact(text)
		if err != nil {
			return "", err
		}
		parts = append(parts, string(c))
	}
	sum := sha256.Sum256(bind(parts...))
	return hex.EncodeToString(sum[:]), nil
}

func secretJSON(handle *keyset.Handle) ([]byte, error) {
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text)); err != nil {
		return nil, err
	}
	return compact(text.Bytes())
}

func writeSynced(file *os.File, text []byte) error {
	if _, err := file.Write(text); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return file.Close()
}

// syncDirectory makes the directory entry of path durable.
func syncDirectory(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("seal: sync the directory of %s: %w", path, err)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil && !errors.Is(err, fs.ErrInvalid) {
		return fmt.Errorf("seal: sync the directory of %s: %w", path, err)
	}
	return nil
}

// random returns n random bytes; crypto/rand never fails.
func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
