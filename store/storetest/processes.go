package storetest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/store"
)

func testForeignKeyset(t *testing.T, d Database) {
	d.Open(t)
	foreign := Database{URL: d.URL, Keyset: NewKeyset(t)}
	s, err := foreign.open(store.Options{})
	if err == nil {
		s.Close()
		t.Fatal("a database was opened with the keyset of another")
	}
	if !strings.Contains(err.Error(), "keyset") {
		t.Errorf("the error doesn't say what is wrong: %v", err)
	}
}

func testReopen(t *testing.T, d Database) {
	device := virtual(accountA, "counter")
	for i := range 3 {
		s, err := d.open(store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.InsertMFADevice(ctx, device) })
		}
		equal(t, "counter", counter(t, s, device.Serial), i)
		if err := increment(t.Context(), s, device.Serial); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// testTwoHandles lets two stores write to one database, as a command does beside a running server.
func testTwoHandles(t *testing.T, d Database) {
	one, two := d.Open(t), d.Open(t)
	device := virtual(accountA, "counter")
	update(t, one, func(ctx context.Context, tx iam.Tx) error { return tx.InsertMFADevice(ctx, device) })
	equal(t, "seen by the other", counter(t, two, device.Serial), 0)
	const goroutines, increments = 8, 10
	var wg sync.WaitGroup
	for _, s := range []*store.Store{one, two} {
		for range goroutines {
			wg.Go(func() {
				for range increments {
					if err := increment(t.Context(), s, device.Serial); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	equal(t, "counter", counter(t, one, device.Serial), 2*goroutines*increments)
	equal(t, "counter of the other", counter(t, two, device.Serial), 2*goroutines*increments)
}

// The environment of a child.
const (
	childURL    = "STORETEST_CHILD_URL"
	childKeyset = "STORETEST_CHILD_KEYSET"
)

// child writes from many goroutines, and prints the name of each write after it was acknowledged.
func child(d Database) error {
	s, err := d.open(store.Options{})
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := range 16 {
		wg.Go(func() {
			for n := 0; ; n++ {
				name := fmt.Sprintf("%d-%d", i, n)
				failure := s.Update(context.Background(), func(tx iam.Tx) error { return put(context.Background(), tx, name) })
				if failure != nil {
					mu.Lock()
					err = failure
					mu.Unlock()
					return
				}
				mu.Lock()
				fmt.Println(name)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return err
}

// testKill kills a writing process, three times, and looks for every write it has acknowledged.
func testKill(t *testing.T, d Database) {
	s := d.Open(t) // writes beside the process, and must not be hurt by its death
	acknowledged := map[string]bool{}
	for round := range 3 {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), childURL+"="+d.URL, childKeyset+"="+d.Keyset)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			acknowledged[lines.Text()] = true
			if n == 100+20*round {
				cmd.Process.Kill() // SIGKILL; what it has printed until then is still read
			}
		}
		cmd.Wait()
	}
	if len(acknowledged) < 100 {
		t.Fatalf("only %d writes were acknowledged", len(acknowledged))
	}
	for _, handle := range []*store.Store{s, d.Open(t)} {
		for name := range acknowledged {
			view(t, handle, func(ctx context.Context, tx iam.Tx) error {
				if _, err := tx.InlinePolicy(ctx, accountA, "owner", name); err != nil {
					t.Errorf("acknowledged and lost: %s: %v", name, err)
				}
				return nil
			})
		}
	}
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return put(ctx, tx, strconv.FormatInt(time.Now().UnixNano(), 10))
	})
}
