package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// serveCrowd starts a server over the large installation, or rather over a copy of it, which all measurements share.
// Only users with a key are in the result's users. With -dir it is made once and kept; remove it when what
// it holds has changed.
func (b *bench) serveCrowd(flags ...string) (*process, *installation, error) {
	data := filepath.Join(b.dir, "crowd")
	if b.crowd == nil {
		at, err := b.makeCrowd()
		if err != nil {
			return nil, nil, err
		}
		if err := at.copyTo(data); err != nil {
			return nil, nil, err
		}
		b.crowd = at
	}
	p, err := b.serve(data, flags...)
	return p, b.crowd, err
}

// makeCrowd makes the large installation or finds it made. The name it has is given to it when it is complete.
func (b *bench) makeCrowd() (*installation, error) {
	home := b.keep
	if home == "" {
		home = b.dir
	}
	at := &installation{data: filepath.Join(home, fmt.Sprintf("sallyport-bench-%d-users", b.size.crowd))}
	every := b.size.crowd / b.size.keyed // one in so many has a key
	for i := range b.size.keyed {
		at.users = append(at.users, newUser(i*every, true, false))
	}
	if _, err := os.Stat(at.data); !errors.Is(err, fs.ErrNotExist) {
		return at, err
	}
	fmt.Fprintln(os.Stderr, "bench: making", b.size.crowd, "users")
	made := &installation{data: filepath.Join(b.dir, "made")}
	if err := made.create(b.ctx, "", b.size.crowd, func(i int) user { return newUser(i, i%every == 0, false) }); err != nil {
		return nil, err
	}
	return at, os.Rename(made.data, at.data)
}
