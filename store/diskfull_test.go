//go:build linux

package store

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/sallyport-iam/sallyport/seal"
)

const diskFullFolder = "STORE_TEST_DISK_FULL"

// The file system refuses to let the log grow, in the middle of parallel updates: what was acknowledged is there,
// what was refused is not, views go on, and updates too once there is room, all without opening again. The limit
// on file sizes is the process's, so a process of its own runs it.
func TestDiskFull(t *testing.T) {
	folder := os.Getenv(diskFullFolder)
	if folder == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestDiskFull$", "-test.v")
		cmd.Env = append(os.Environ(), diskFullFolder+"="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Logf("%s", out)
		return
	}

	signal.Ignore(syscall.SIGXFSZ)
	keyset, err := seal.Create(filepath.Join(folder, "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "test.db")
	s, err := Open(t.Context(), "sqlite:"+path, keyset, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.update(t.Context(), put("before", 10_000)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	full := syscall.Rlimit{Cur: uint64(info.Size()) + 300_000, Max: old.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		t.Fatal(err)
	}
	var acknowledged sync.Map
	var refused atomic.Int64
	parallel := func(prefix string) {
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				name := fmt.Sprint(prefix, i)
				if err := s.update(t.Context(), put(name, 10_000)); err != nil {
					if refused.Add(1) == 1 {
						t.Log(err)
					}
					return
				}
				acknowledged.Store(name, true)
			})
		}
		wg.Wait()
	}
	parallel("a")
	if refused.Load() == 0 {
		t.Fatal("nothing was refused: the test shows nothing")
	}
	names(t, s) // a view goes on
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	count := refused.Load()
	parallel("b")
	if refused.Load() != count {
		t.Error("updates are refused although there is room again")
	}

	again, err := Open(t.Context(), "sqlite:"+path, keyset, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for _, s := range []*Store{s, again} {
		stored := strings.Fields(strings.Trim(names(t, s), "[]"))
		n := 1
		acknowledged.Range(func(name, _ any) bool {
			n++
			if !slices.Contains(stored, name.(string)) {
				t.Errorf("acknowledged and lost: %s", name)
			}
			return true
		})
		if want := 1 + 128 - int(refused.Load()); n != want || len(stored) != n {
			t.Errorf("%d acknowledged, %d stored, want %d of each", n, len(stored), want)
		}
	}
	t.Logf("%d refused", refused.Load())
}
