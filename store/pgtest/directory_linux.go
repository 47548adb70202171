package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// directoryPattern is that of the temporary directories (os.MkdirTemp).
const directoryPattern = "sallyport-pgtest-*"

// directory holds all that a server or a cluster writes. It belongs to the user whom that runs as.
type directory struct {
	path      string
	temporary bool
	lock      *os.File // of a temporary one: held while this process lives
}

// makeDirectory makes a directory for a server, which must be empty if it is there; without a path it makes a
// temporary one.
func makeDirectory(path string) (*directory, error) {
	if path == "" {
		removeAbandoned()
		return makeTemporary()
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	if entries, err := os.ReadDir(path); err != nil {
		return nil, err
	} else if len(entries) > 0 {
		return nil, fmt.Errorf("%s is not empty", path)
	}
	return &directory{path: path}, giveToServer(path)
}

func makeTemporary() (*directory, error) {
	path, err := os.MkdirTemp("", directoryPattern)
	if err != nil {
		return nil, err
	}
	d := &directory{path: path, temporary: true}
	if d.lock, err = os.Open(path); err != nil {
		return nil, errors.Join(err, d.remove())
	}
	if err := syscall.Flock(int(d.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, d.remove())
	}
	if err := giveToServer(path); err != nil {
		return nil, errors.Join(err, d.remove())
	}
	return d, nil
}

// giveToServer makes the user whom servers run as the owner.
func giveToServer(path string) error {
	credential, err := serverUser()
	if err != nil || credential == nil {
		return err
	}
	return os.Chown(path, int(credential.Uid), int(credential.Gid))
}

// write writes a file that the server can read, and nobody else.
func (d *directory) write(name, content string) (path string, err error) {
	path = filepath.Join(d.path, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return "", err
	}
	return path, giveToServer(path)
}

// sub makes a directory within.
func (d *directory) sub(name string) (path string, err error) {
	path = filepath.Join(d.path, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		return "", err
	}
	return path, giveToServer(path)
}

// remove removes a temporary directory. One that was given stays, with the logs and the data.
func (d *directory) remove() error {
	if !d.temporary {
		return nil
	}
	err := os.RemoveAll(d.path)
	if d.lock != nil {
		_ = d.lock.Close()
	}
	return err
}

// removeAbandoned removes the temporary directories of processes that were killed before they could. What belongs
// to another user stays.
func removeAbandoned() {
	found, _ := filepath.Glob(filepath.Join(os.TempDir(), directoryPattern))
	for _, path := range found {
		lock, err := os.Open(path)
		if err != nil {
			continue
		}
		// One that was made this instant isn't locked yet, but it is empty too, and its owner would only fail to
		// lock it or to use it: so the empty ones stay.
		entries, _ := os.ReadDir(path)
		if len(entries) > 0 && syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(path)
		}
		_ = lock.Close()
	}
}
