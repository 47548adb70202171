package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func TestCreateMakesAPrivateFileAndOpenReadsIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyset.json")
	k, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %04o, want 0600", info.Mode().Perm())
	}
	onlyFile(t, path)

	again, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if again.ID() != k.ID() {
		t.Errorf("id %s became %s", k.ID(), again.ID())
	}
	if _, err := again.Unseal(k.Seal([]byte("x"), "t", "c", "r"), "t", "c", "r"); err != nil {
		t.Errorf("row: %v", err)
	}
	if _, err := again.OpenToken("p", k.SealToken("p", []byte("x"))); err != nil {
		t.Errorf("token: %v", err)
	}
	if err := Verify(again.PublicKeys(), []byte("m"), k.Sign([]byte("m"))); err != nil {
		t.Errorf("signature: %v", err)
	}
}

func TestCreateNeverOverwrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyset.json")
	if err := os.WriteFile(path, []byte("something"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create = %v, want fs.ErrExist", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "something" {
		t.Errorf("the file now holds %q", text)
	}
	onlyFile(t, path)
}

func TestConcurrentCreatesMakeOneKeyset(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyset.json")
	made := make(chan string, 8)
	var all sync.WaitGroup
	for range cap(made) {
		all.Go(func() {
			k, err := Create(path)
			switch {
			case err == nil:
				made <- k.ID()
			case !errors.Is(err, fs.ErrExist):
				t.Errorf("Create = %v, want nil or fs.ErrExist", err)
			}
		})
	}
	all.Wait()
	close(made)
	k, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(made) != 1 || <-made != k.ID() {
		t.Errorf("%d calls made a keyset, want the one that is there", len(made))
	}
	onlyFile(t, path)
}

func TestOpenOfMissingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyset.json")
	if _, err := Open(path); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("Open = %v, want fs.ErrNotExist naming the file", err)
	}
}

func TestOpenRefusesAFileOfOthers(t *testing.T) {
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620, 0o602, 0o601, 0o610, 0o644, 0o666, 0o777} {
		k := newTestKeyset(t)
		if err := os.Chmod(k.path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := Open(k.path)
		if err == nil || !strings.Contains(err.Error(), "chmod 600 "+k.path) {
			t.Errorf("mode %04o: %v, want a refusal that says chmod 600", mode, err)
		}
		if err := k.Reload(); err == nil {
			t.Errorf("mode %04o: Reload took it", mode)
		}
	}
	for _, mode := range []fs.FileMode{0o600, 0o400} {
		k := newTestKeyset(t)
		if err := os.Chmod(k.path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(k.path); err != nil {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
}

// A named pipe in place of the file must not make the start wait for ever.
func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	for _, path := range []string{pipe, t.TempDir()} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("Open(%s) = %v", path, err)
		}
	}
}

func TestOpenRefusesADamagedFile(t *testing.T) {
	k := newTestKeyset(t)
	text, err := os.ReadFile(k.path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(newTestKeyset(t).path)
	if err != nil {
		t.Fatal(err)
	}
	// edit changes one member of the file and keeps the rest, checksum too.
	edit := func(name string, value any) []byte {
		var f map[string]any
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatal(err)
		}
		f[name] = value
		out, _ := json.Marshal(f)
		return out
	}
	from := func(text []byte, name string) any {
		var f map[string]any
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatal(err)
		}
		return f[name]
	}
	// resummed is a file whose checksum fits, so that what is behind it is reached.
	resummed := func(change func(f *keysetFile)) []byte {
		var f keysetFile
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatal(err)
		}
		change(&f)
		f.Checksum, _ = f.checksum()
		out, _ := json.Marshal(f)
		return out
	}

	for _, c := range []struct {
		name string
		text []byte
		want string
	}{
		{"empty", nil, "is empty"},
		{"blank", []byte(" \n"), "is empty"},
		{"zeros, as after a power cut", make([]byte, len(text)), "not the JSON"},
		{"first half", text[:len(text)/2], "not the JSON"},
		{"last brace missing", bytes.TrimRight(text, "}\n"), "not the JSON"},
		{"twice", append(bytes.Clone(text), text...), "not the JSON"},
		{"array", []byte("[]"), "not the JSON"},
		{"null", []byte("null"), "no version or id"},
		{"other JSON", []byte(`{"users":[]}`), "no version or id"},
		{"version 0", edit("version", 0), "no version or id"},
		{"version of the future", edit("version", 2), "version 2"},
		{"id changed", edit("id", strings.Repeat("0", 32)), "checksum"},
		{"checksum missing", edit("checksum", nil), "checksum"},
		{"rows missing", edit("rows", nil), "checksum"},
		{"rows of another keyset", edit("rows", from(other, "rows")), "checksum"},
		{"rows are a string", resummed(func(f *keysetFile) { f.Rows = json.RawMessage(`"canary"`) }), "rows"},
		{"rows without keys", resummed(func(f *keysetFile) { f.Rows = json.RawMessage(`{}`) }), "rows"},
		{"tokens without keys", resummed(func(f *keysetFile) { f.Tokens = json.RawMessage(`{}`) }), "tokens"},
		{"digests without keys", resummed(func(f *keysetFile) { f.Digests = json.RawMessage(`{}`) }), "digests"},
		{"rows and digests swapped", resummed(func(f *keysetFile) { f.Rows, f.Digests = f.Digests, f.Rows }), "do not fit"},
		{"too long", append(bytes.Clone(text), bytes.Repeat([]byte(" "), maxFile)...), "longer than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keyset.json")
			if err := os.WriteFile(path, c.text, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(path)
			if err == nil {
				t.Fatal("opened")
			}
			for _, want := range []string{path, "damaged", c.want, "restore this file from a backup", "cannot open the existing database"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("error %q quotes the file", err)
			}
		})
	}
}

// Every single flipped bit of the file is noticed, or changes nothing that matters:
// the letter case of a member's name, or white space.
func TestNoFlippedBitGoesUnnoticed(t *testing.T) {
	k := newTestKeyset(t)
	text, err := os.ReadFile(k.path)
	if err != nil {
		t.Fatal(err)
	}
	sealed, token, sig := k.Seal([]byte("x"), "t", "c", "r"), k.SealToken("p", []byte("x")), k.Sign([]byte("m"))
	for bit := 0; bit < 8*len(text); bit += 3 { // 3 and 8 share no factor: every bit position is met
		altered := bytes.Clone(text)
		altered[bit/8] ^= 1 << (bit % 8)
		b, err := decode(altered)
		if err != nil {
			continue
		}
		keys, err := b.open()
		if err != nil {
			continue
		}
		damaged := &Keyset{id: b.id}
		damaged.keys.Store(keys)
		_, err1 := damaged.Unseal(sealed, "t", "c", "r")
		_, err2 := damaged.OpenToken("p", token)
		err3 := Verify(damaged.PublicKeys(), []byte("m"), sig)
		if err1 != nil || err2 != nil || err3 != nil || b.id != k.id {
			t.Errorf("bit %d, in %q: accepted, and then %v, %v, %v", bit, text[max(0, bit/8-10):bit/8+1], err1, err2, err3)
		}
	}
}

func TestFileMayBeReformatted(t *testing.T) {
	k := newTestKeyset(t)
	text, err := os.ReadFile(k.path)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "\t", "    "); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(k.path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(k.path); err != nil {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	k := newTestKeyset(f)
	text, err := os.ReadFile(k.path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"version":1,"id":"x","rows":{},"tokens":{},"digests":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if b, err := decode(text); err == nil {
			b.open()
		}
	})
}

// onlyFile checks that nothing else, such as a half-written copy of the keys, is
// left beside path.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != filepath.Base(path) {
		t.Errorf("the directory holds %v, want only %s", entries, filepath.Base(path))
	}
}
