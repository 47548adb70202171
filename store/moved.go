package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// The marks that a move leaves in table meta. They are not copied.
const (
	movedMark = "moved_to" // in the source: the move's id, a space, and what messages call the target
	moveMark  = "move"     // in the target: the move's id, and one of these:

	moveUnderWay = " under way"
	moveDone     = " done"
)

// movedTo is the mark of a database that was moved to another.
type movedTo struct{ id, name string }

// movedTo returns the mark, nil if there is none.
func (t *tx) movedTo() (*movedTo, error) {
	text, err := t.meta(movedMark)
	if err != nil || text == "" {
		return nil, err
	}
	id, name, _ := strings.Cut(text, " ")
	return &movedTo{id, name}, nil
}

// ErrMoved is wrapped by the errors of a database that was moved while it was open.
var ErrMoved = errors.New("this database was moved")

// err is for what a server that still runs on a moved database wants to write or read: what it would read is of the
// moment of the move.
func (m *movedTo) err() error {
	return unavailable(fmt.Errorf("nothing is decided here any more: %w to %s", ErrMoved, m.name))
}

// howBack says how a moved database is used again.
func howBack(path string) string {
	return fmt.Sprintf("to use it again as it was then, without what has happened since, "+
		"run sallyport migrate --take-back --from sqlite:%s", path)
}

// refuseMoved refuses a database that was moved, or that one is being moved to.
func (s *Store) refuseMoved(ctx context.Context, name string) error {
	return s.view(ctx, func(t *tx) error {
		moved, err := t.movedTo()
		if err != nil {
			return err
		}
		if moved != nil {
			return fmt.Errorf("it was moved to %s: start with that database; %s", moved.name, howBack(name))
		}
		mark, err := t.meta(moveMark)
		if err != nil {
			return err
		}
		if strings.HasSuffix(mark, moveUnderWay) {
			return errors.New("a move to it has begun and is not finished: run the same sallyport migrate again, " +
				"or go on with the database that was to be moved")
		}
		return nil
	})
}

// TakeBack lets a SQLite database that was moved ("sqlite:PATH") be used again, as it was when it was moved. It
// returns what messages call the database that it was moved to, which is not touched: servers on both would be two
// installations with the same keys.
func TakeBack(ctx context.Context, url string) (movedTo string, err error) {
	source, err := openMoved(ctx, url)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, source.close()) }()
	err = source.update(ctx, func(t *tx) error {
		mark, err := t.movedTo()
		if err != nil {
			return err
		}
		if mark == nil {
			return fmt.Errorf("store: database %s was not moved", source.path)
		}
		movedTo = mark.name
		_, err = t.exec(`DELETE FROM meta WHERE name = $1`, movedMark)
		return err
	})
	return movedTo, err
}

// meta returns a setting, "" if there is none of that name.
func (t *tx) meta(name string) (value string, err error) {
	err = t.row(`SELECT value FROM meta WHERE name = $1`, []any{name}, &value)
	if errors.Is(err, errNoRow) {
		return "", nil
	}
	return value, err
}

func (t *tx) setMeta(name, value string) error {
	_, err := t.exec(`INSERT INTO meta (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}
