package iam

import (
	"context"
	"errors"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-iam/sallyport/wire"
	"golang.org/x/crypto/argon2"
)

func TestPasswords(t *testing.T) {
	p := NewPasswords(0)
	for _, password := range []string{"correct horse battery", "pässword ÿ", " \t\r\n", strings.Repeat("x", 128)} {
		hash, err := p.Hash(t.Context(), password)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`).MatchString(hash) {
			t.Errorf("%q is not a PHC string of argon2id", hash)
		}
		for guess, want := range map[string]bool{password: true, password + " ": false, "": false, strings.ToUpper(password): password == " \t\r\n"} {
			if ok, err := p.Verify(t.Context(), hash, guess); ok != want || err != nil {
				t.Errorf("Verify(hash of %q, %q) = %v, %v", password, guess, ok, err)
			}
		}
		again, err := p.Hash(t.Context(), password)
		if err != nil || again == hash {
			t.Errorf("the same password has the same hash twice: %v", err)
		}
	}
	if err := p.VerifyNothing(t.Context(), "anything"); err != nil {
		t.Error(err)
	}
}

// A hash made by another program, with other costs, verifies.
func TestVerifyOtherCosts(t *testing.T) {
	salt := []byte("0123456789abcdef0123")
	sum := argon2.IDKey([]byte("secret"), salt, 3, 64, 2, 24)
	hash := phcHash{argon{64, 3, 2}, salt, sum}.String()
	p := NewPasswords(1)
	if ok, err := p.Verify(t.Context(), hash, "secret"); !ok || err != nil {
		t.Errorf("the right password: %v, %v", ok, err)
	}
	if ok, err := p.Verify(t.Context(), hash, "Secret"); ok || err != nil {
		t.Errorf("a wrong password: %v, %v", ok, err)
	}
}

func TestVerifyRefusesAbsurdHashes(t *testing.T) {
	const salt, sum = "$MDEyMzQ1Njc4OWFiY2RlZg", "$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"
	good := "$argon2id$v=19$m=64,t=1,p=1" + salt + sum
	p := NewPasswords(1)
	if _, err := p.Verify(t.Context(), good, "x"); err != nil {
		t.Fatalf("the hash that the others differ from: %v", err)
	}
	for name, hash := range map[string]string{
		"empty":              "",
		"plain text":         "secret",
		"another algorithm":  strings.Replace(good, "argon2id", "argon2i", 1),
		"another version":    strings.Replace(good, "v=19", "v=16", 1),
		"no version":         strings.Replace(good, "v=19$", "", 1),
		"4 GiB of memory":    strings.Replace(good, "m=64", "m=4194304", 1),
		"memory overflow":    strings.Replace(good, "m=64", "m=18446744073709551615", 1),
		"too little memory":  strings.Replace(good, "m=64", "m=7", 1),
		"no passes":          strings.Replace(good, "t=1", "t=0", 1),
		"a million passes":   strings.Replace(good, "t=1", "t=1000000", 1),
		"no threads":         strings.Replace(good, "p=1", "p=0", 1),
		"200 threads":        strings.Replace(strings.Replace(good, "p=1", "p=200", 1), "m=64", "m=2000", 1),
		"negative":           strings.Replace(good, "t=1", "t=-1", 1),
		"plus sign":          strings.Replace(good, "t=1", "t=+1", 1),
		"leading zero":       strings.Replace(good, "t=1", "t=01", 1),
		"order of costs":     "$argon2id$v=19$t=1,m=64,p=1" + salt + sum,
		"more costs":         strings.Replace(good, "p=1", "p=1,data=AAAA", 1),
		"no sum":             "$argon2id$v=19$m=64,t=1,p=1" + salt,
		"empty sum":          "$argon2id$v=19$m=64,t=1,p=1" + salt + "$",
		"short sum":          "$argon2id$v=19$m=64,t=1,p=1" + salt + "$MDEyMzQ1Njc4OWFi",
		"long sum":           "$argon2id$v=19$m=64,t=1,p=1" + salt + "$" + strings.Repeat("AAAA", 22),
		"short salt":         "$argon2id$v=19$m=64,t=1,p=1$AAAA" + sum,
		"padding":            good + "=",
		"url alphabet":       strings.Replace(good, "MDEy", "MD-_", 1),
		"line break":         good + "\n",
		"line break in salt": strings.Replace(good, "$MDEy", "$MD\nEy", 1),
		"trailing bits":      strings.Replace(good, salt, salt[:len(salt)-1]+"h", 1),
		"one part more":      good + "$AAAA",
	} {
		if ok, err := p.Verify(t.Context(), hash, "x"); ok || !errors.Is(err, errBadHash) {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
}

// No more passwords are worked on at a time than there are slots, and who waits gives up with its context.
func TestPasswordsAreBounded(t *testing.T) {
	p := NewPasswords(1)
	p.slots <- struct{}{} // somebody is at work
	ctx, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	for _, work := range []func() error{
		func() error { _, err := p.Hash(ctx, "x"); return err },
		func() error {
			_, err := p.Verify(ctx, "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA", "x")
			return err
		},
		func() error { return p.VerifyNothing(ctx, "x") },
	} {
		waiting.Go(func() {
			if err := work(); !errors.Is(err, context.Canceled) {
				t.Errorf("worked without a slot: %v", err)
			}
		})
	}
	cancel()
	waiting.Wait()
	<-p.slots
	if _, err := p.Hash(t.Context(), "x"); err != nil {
		t.Errorf("the slot is free again: %v", err)
	}
	if len(p.slots) != 0 {
		t.Error("a slot was not given back")
	}
}

// Of those who wait for a slot there are 64 at most; who comes on top is told to come again.
func TestPasswordsWaitInABoundedQueue(t *testing.T) {
	p := NewPasswords(1)
	p.slots <- struct{}{} // somebody is at work
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var waiting sync.WaitGroup
	for range maxWaiting {
		waiting.Go(func() {
			if err := p.VerifyNothing(ctx, "x"); !errors.Is(err, context.Canceled) {
				t.Errorf("worked without a slot: %v", err)
			}
		})
	}
	for p.waiting.Load() < maxWaiting {
		runtime.Gosched()
	}
	var answer *wire.Error
	if _, err := p.Hash(ctx, "x"); !errors.As(err, &answer) || answer.Error() != "Throttling: Rate exceeded" {
		t.Errorf("one too many is answered %v", err)
	}
	cancel()
	waiting.Wait()
	<-p.slots
	if _, err := p.Hash(t.Context(), "x"); err != nil || p.waiting.Load() != 0 {
		t.Errorf("when the queue is empty again: %v, and %d wait", err, p.waiting.Load())
	}
}

func TestPasswordsLeaveAProcessorFree(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for processors, want := range map[int]int{1: 1, 2: 1, 4: 3} {
		runtime.GOMAXPROCS(processors)
		if got := cap(NewPasswords(0).slots); got != want {
			t.Errorf("%d passwords at a time on %d processors, want %d", got, processors, want)
		}
	}
}

func TestNewPassword(t *testing.T) {
	seen := make(map[string]bool)
	for range 5000 {
		password := NewPassword()
		if !regexp.MustCompile(`^([a-km-np-z2-9]{5}-){4}[a-km-np-z2-9]{5}$`).MatchString(password) {
			t.Fatalf("%q", password)
		}
		if err := (*PasswordPolicy)(nil).check(password); err != nil {
			t.Fatalf("%q: %v", password, err)
		}
		if seen[password] {
			t.Fatal("the same password twice")
		}
		seen[password] = true
	}
}

func FuzzParseHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY")
	f.Add("$argon2id$v=19$m=,t=,p=$$")
	f.Add("$argon2id$v=19$m=1,t=1,p=300$AAAA$AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parseHash(text)
		if err != nil {
			return
		}
		if h.String() != text {
			t.Errorf("%q is read and written as %q", text, h)
		}
		if h.cost.memory > maxArgonMemory || h.cost.passes > maxArgonPasses || h.cost.threads > maxArgonThreads || len(h.sum) < minSumBytes {
			t.Errorf("%q is out of bounds", text)
		}
	})
}
