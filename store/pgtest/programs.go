package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// ErrMissing says that a program isn't installed here. The error that wraps it says which one and how to get it.
var ErrMissing = errors.New("`make test` and `make test-ha` install the programs that their tests need, or say how")

// serverPrograms returns the folder of initdb and postgres: that of Debian's newest version, else one in PATH.
func serverPrograms() (folder string, err error) {
	if err := supported(); err != nil {
		return "", err
	}
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	version := func(folder string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
		return n
	}
	slices.SortFunc(folders, func(a, b string) int { return version(b) - version(a) })
	if found, err := exec.LookPath("postgres"); err == nil {
		// The link in PATH may point to where initdb is too.
		if found, err = filepath.EvalSymlinks(found); err == nil {
			folders = append(folders, filepath.Dir(found))
		}
	}
	for _, folder := range folders {
		if executable(filepath.Join(folder, "initdb")) && executable(filepath.Join(folder, "postgres")) {
			return folder, nil
		}
	}
	return "", fmt.Errorf("there is no PostgreSQL server, that is initdb and postgres (Debian: postgresql). %w", ErrMissing)
}

// programs are those of a Cluster.
type programs struct {
	postgres      string // folder
	patroni, etcd string
}

func clusterPrograms() (programs, error) {
	postgres, err := serverPrograms()
	if err != nil {
		return programs{}, err
	}
	patroni, err := exec.LookPath("patroni")
	if err != nil {
		return programs{}, fmt.Errorf("there is no patroni (Debian: patroni). %w", ErrMissing)
	}
	etcd, err := exec.LookPath("etcd")
	if err != nil {
		return programs{}, fmt.Errorf("there is no etcd (Debian: etcd-server). %w", ErrMissing)
	}
	return programs{postgres: postgres, patroni: patroni, etcd: etcd}, nil
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
