package seal

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

// sample is one of each thing a keyset makes.
type sample struct {
	row   []byte
	token string
	sig   []byte
}

func sampleOf(k *Keyset) sample {
	return sample{k.Seal([]byte("x"), "t", "c", "r"), k.SealToken("p", []byte("x")), k.Sign([]byte("m"))}
}

// opens returns what of the sample k does not open.
func (s sample) opens(k *Keyset) error {
	_, err1 := k.Unseal(s.row, "t", "c", "r")
	_, err2 := k.OpenToken("p", s.token)
	return errors.Join(err1, err2, Verify(k.PublicKeys(), []byte("m"), s.sig))
}

// keyNames returns the five bytes before each part that name the key it is under.
func (s sample) keyNames(t *testing.T) [3]string {
	t.Helper()
	token, err := tokenText.DecodeString(strings.TrimPrefix(s.token, tokenPrefix))
	if err != nil {
		t.Fatal(err)
	}
	return [3]string{string(s.row[:5]), string(token[:5]), string(s.sig[:5])}
}

func TestRotateUsesNewKeysAndKeepsOld(t *testing.T) {
	k := newTestKeyset(t)
	samples := []sample{sampleOf(k)}
	for n := range 4 {
		if err := k.Rotate(); err != nil {
			t.Fatal(err)
		}
		onlyFile(t, k.path)
		samples = append(samples, sampleOf(k))
		was, is := samples[n].keyNames(t), samples[n+1].keyNames(t)
		for i := range is {
			if is[i] == was[i] {
				t.Errorf("rotation %d: keyset %d has the same primary key as before", n+1, i)
			}
		}
	}
	again, err := Open(k.path)
	if err != nil {
		t.Fatal(err)
	}
	if again.ID() != k.ID() {
		t.Errorf("the id changed from %s to %s", k.ID(), again.ID())
	}
	if got, want := sampleOf(again).keyNames(t), samples[4].keyNames(t); got != want {
		t.Error("the file's primary keys are not those in memory")
	}
	for n, s := range samples {
		if err := s.opens(again); err != nil {
			t.Errorf("made after %d rotations: %v", n, err)
		}
	}
	info, err := os.Stat(k.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("after rotation: mode %04o, %v", info.Mode().Perm(), err)
	}
}

// A process that has not read the file since the last rotation opens what one that
// has seals; after another rotation it needs Reload.
func TestRotateBesideARunningProcess(t *testing.T) {
	server := newTestKeyset(t)
	command, err := Open(server.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Rotate(); err != nil {
		t.Fatal(err)
	}
	if err := sampleOf(command).opens(server); err != nil {
		t.Errorf("one rotation behind: %v", err)
	}
	if err := sampleOf(server).opens(command); err != nil {
		t.Errorf("one rotation ahead: %v", err)
	}
	if err := command.Rotate(); err != nil {
		t.Fatal(err)
	}
	if err := sampleOf(command).opens(server); err == nil {
		t.Error("two rotations behind: opened, so the second rotation added no key")
	}
	if err := server.Reload(); err != nil {
		t.Fatal(err)
	}
	if err := sampleOf(command).opens(server); err != nil {
		t.Errorf("after Reload: %v", err)
	}
	if !bytes.Equal(server.PublicKeys(), command.PublicKeys()) {
		t.Error("after Reload: the public keys differ")
	}
}

// A rotation starts from the file, not from memory, so that no key of another
// process is lost.
func TestRotationsOfTwoProcessesKeepEachOthersKeys(t *testing.T) {
	a := newTestKeyset(t)
	b, err := Open(a.path)
	if err != nil {
		t.Fatal(err)
	}
	var samples []sample
	for _, k := range []*Keyset{a, b, b, a, b, a} {
		if err := k.Rotate(); err != nil {
			t.Fatal(err)
		}
		samples = append(samples, sampleOf(k))
	}
	for n, s := range samples {
		if err := s.opens(a); err != nil {
			t.Errorf("rotation %d: %v", n, err)
		}
	}
}

func TestRotateRefusesWhileAnotherRuns(t *testing.T) {
	k := newTestKeyset(t)
	before, err := os.ReadFile(k.path)
	if err != nil {
		t.Fatal(err)
	}
	lock := k.path + ".rotating"
	if err := os.WriteFile(lock, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := k.Rotate(); err == nil || !strings.Contains(err.Error(), lock) || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("Rotate = %v, want a refusal that says what to do", err)
	}
	if _, err := os.Stat(lock); err != nil {
		t.Error("the other's lock was removed")
	}
	if after, _ := os.ReadFile(k.path); !bytes.Equal(before, after) {
		t.Error("the file changed")
	}
	os.Remove(lock)
	if err := k.Rotate(); err != nil {
		t.Error(err)
	}
}

func TestRotateAndReloadRefuseAnotherKeyset(t *testing.T) {
	k := newTestKeyset(t)
	if err := os.Rename(newTestKeyset(t).path, k.path); err != nil {
		t.Fatal(err)
	}
	was := sampleOf(k)
	for name, do := range map[string]func() error{"Rotate": k.Rotate, "Reload": k.Reload} {
		if err := do(); err == nil || !strings.Contains(err.Error(), k.ID()) || !strings.Contains(err.Error(), k.path) {
			t.Errorf("%s = %v, want a refusal that names the file and the keyset in use", name, err)
		}
	}
	onlyFile(t, k.path)
	if err := was.opens(k); err != nil {
		t.Errorf("the keys in memory are gone: %v", err)
	}
}

func TestFailedReloadKeepsTheKeys(t *testing.T) {
	k := newTestKeyset(t)
	was := sampleOf(k)
	if err := os.WriteFile(k.path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if k.Reload() == nil || k.Rotate() == nil {
		t.Fatal("took a damaged file")
	}
	if err := was.opens(k); err != nil {
		t.Error(err)
	}
}

// copyFile is what an operator does who gives another node the keyset.
func copyFile(t *testing.T, from, to *Keyset) {
	t.Helper()
	text, err := os.ReadFile(from.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to.path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// twoNodes are keysets in files of their own, with the same keys.
func twoNodes(t *testing.T) (a, b *Keyset) {
	t.Helper()
	a, b = newTestKeyset(t), newTestKeyset(t)
	copyFile(t, a, b)
	b, err := Open(b.path)
	if err != nil {
		t.Fatal(err)
	}
	return a, b
}

// Through both steps, with the file copied after each, every node opens what any node has sealed at any time.
func TestRotationInTwoStepsOverTwoNodes(t *testing.T) {
	a, b := twoNodes(t)
	var samples []sample
	check := func(when string) {
		t.Helper()
		samples = append(samples, sampleOf(a), sampleOf(b))
		for n, s := range samples {
			if err := errors.Join(s.opens(a), s.opens(b)); err != nil {
				t.Errorf("%s: made at %d: %v", when, n/2, err)
			}
		}
	}
	reload := func() {
		t.Helper()
		copyFile(t, a, b)
		if err := b.Reload(); err != nil {
			t.Fatal(err)
		}
	}
	check("at first")
	for range 3 {
		was := sampleOf(a).keyNames(t)
		if err := a.Prepare(); err != nil {
			t.Fatal(err)
		}
		onlyFile(t, a.path)
		if got := sampleOf(a).keyNames(t); got != was {
			t.Error("Prepare changed the keys in use")
		}
		check("prepared")
		reload()
		check("prepared and copied")
		if err := a.Activate(); err != nil {
			t.Fatal(err)
		}
		is := sampleOf(a).keyNames(t)
		for i := range is {
			if is[i] == was[i] {
				t.Errorf("Activate left keyset %d its primary key", i)
			}
		}
		check("activated")
		reload()
		check("activated and copied")
		if got := sampleOf(b).keyNames(t); got != is {
			t.Error("the second node does not use the new keys")
		}
	}
}

// One prepared rotation is enough after a leak: the keys in use afterwards were not in the file that leaked, not even
// as the next ones.
func TestPreparedKeysWereNotInTheFileBefore(t *testing.T) {
	for name, activate := range map[string]func(*Keyset) error{"Activate": (*Keyset).Activate, "Rotate": (*Keyset).Rotate} {
		k, leaked := twoNodes(t)
		if err := errors.Join(k.Prepare(), activate(k)); err != nil {
			t.Fatal(err)
		}
		s := sampleOf(k)
		if _, err := leaked.Unseal(s.row, "t", "c", "r"); err == nil {
			t.Errorf("%s: the leaked file opens a row", name)
		}
		if _, err := leaked.OpenToken("p", s.token); err == nil {
			t.Errorf("%s: the leaked file opens a token", name)
		}
		if err := Verify(leaked.PublicKeys(), []byte("m"), s.sig); err == nil {
			t.Errorf("%s: the leaked file has the key that signs", name)
		}
	}
}

func TestStepsOfARotationInTheWrongOrder(t *testing.T) {
	k := newTestKeyset(t)
	refused := func(what string, do func() error, want error) {
		t.Helper()
		before, err := os.ReadFile(k.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := do(); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
		if after, _ := os.ReadFile(k.path); !bytes.Equal(before, after) {
			t.Errorf("%s: the file changed", what)
		}
		onlyFile(t, k.path)
	}
	refused("nothing to activate", k.Activate, ErrNotPrepared)
	if err := k.Prepare(); err != nil {
		t.Fatal(err)
	}
	refused("prepared twice", k.Prepare, ErrPrepared)
	if err := k.Activate(); err != nil {
		t.Fatal(err)
	}
	refused("activated twice", k.Activate, ErrNotPrepared)
	if err := k.Rotate(); err != nil {
		t.Fatal(err)
	}
	refused("nothing to activate after Rotate", k.Activate, ErrNotPrepared)
}
