package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// changesChannel is the name under which changes are announced (PostgreSQL, NOTIFY).
	changesChannel = "sallyport_changes"

	// watchInterval is how often the database is asked whether it is there, watchTime how long it may take to say so.
	watchInterval = time.Second
	watchTime     = 3 * time.Second

	// settingsInterval is how often the settings are looked at, which rarely change.
	settingsInterval = 2 * time.Second
)

// watch has a connection of its own, on which it hears of changes and asks every second whether the database is
// there. When it isn't, the others are told at once and not each after a wait of its own.
type watch struct {
	config  *pgx.ConnConfig
	now     func() time.Time
	changes chan struct{}
	poke    chan struct{} // look now
	ended   chan struct{}

	mu    sync.Mutex
	state Health
	alive context.Context // ends when the database goes down; there is another when it is back
	fail  context.CancelFunc
}

func startWatch(config *pgx.ConnConfig, now func() time.Time, stop <-chan struct{}) *watch {
	w := &watch{
		config:  config,
		now:     now,
		changes: make(chan struct{}, 1),
		poke:    make(chan struct{}, 1),
		ended:   make(chan struct{}),
		state:   Health{Since: now()},
	}
	w.alive, w.fail = context.WithCancel(context.Background())
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-stop
		cancel()
	}()
	go w.run(ctx)
	return w
}

func (w *watch) wait() { <-w.ended }

func (w *watch) health() Health {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// down is why the database can't be asked, nil if it can.
func (w *watch) down() error { return w.health().Down }

// up ends when the database goes down, and has ended while it is.
func (w *watch) up() context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.alive
}

// look has the database looked at now, because somebody has met an error.
func (w *watch) look() { notify(w.poke) }

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// set keeps what was found. When the database goes down, those who wait for it are told so, in the middle of a
// statement too.
func (w *watch) set(change func(*Health)) {
	w.mu.Lock()
	before := w.state
	change(&w.state)
	now := w.state
	if (before.Down == nil) != (now.Down == nil) {
		w.state.Since = w.now()
		if now.Down != nil {
			w.fail()
		} else {
			w.alive, w.fail = context.WithCancel(context.Background())
		}
	}
	w.mu.Unlock()
	switch {
	case before.Down == nil && now.Down != nil:
		slog.Error("the database does not answer: known principals are authorised from memory, all else is refused", "error", now.Down)
	case before.Down != nil && now.Down == nil:
		slog.Info("the database answers again")
	}
	if !reflect.DeepEqual(before.Warnings, now.Warnings) {
		for _, warning := range now.Warnings {
			slog.Warn(warning)
		}
	}
}

// run watches until ctx ends. An error ends the connection, and there is another a moment later.
func (w *watch) run(ctx context.Context) {
	defer close(w.ended)
	for ctx.Err() == nil {
		worked, err := w.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if worked && !pgconn.Timeout(err) {
			continue // perhaps only this connection was lost, and not the database: the next one tells
		}
		w.set(func(h *Health) { h.Down = err })
		select {
		case <-time.After(watchInterval / 2):
		case <-ctx.Done():
		}
	}
}

// session is one connection, from its opening to the error that ends it. worked tells whether it was of use for a while.
func (w *watch) session(ctx context.Context) (worked bool, err error) {
	opening, end := context.WithTimeout(ctx, watchTime*time.Duration(1+len(w.config.Fallbacks)))
	defer end()
	c, err := pgx.ConnectConfig(opening, w.config.Copy())
	if err != nil {
		return false, err
	}
	defer func() {
		closing, end := context.WithTimeout(context.WithoutCancel(ctx), watchTime)
		defer end()
		c.Close(closing)
	}()
	if err := insistOnDurability(opening, c); err != nil { // as the others do: settings speaks of them
		return false, err
	}
	if _, err := c.Exec(opening, "LISTEN "+changesChannel); err != nil {
		var refusal *pgconn.PgError
		if !errors.As(err, &refusal) {
			return false, err
		}
		slog.Warn("the database announces no changes; they are found by polling", "error", err)
	}
	notify(w.changes) // what was announced before was not heard
	for n := 0; ; n++ {
		if err := w.ping(ctx, c); err != nil {
			return n > 0, err
		}
		if n%int(settingsInterval/watchInterval) == 0 {
			if err := w.settings(ctx, c); err != nil {
				return n > 0, err
			}
		}
		if err := w.listen(ctx, c); err != nil {
			return n > 0, err
		}
	}
}

// listen waits for announcements until it is time to look at the database again.
func (w *watch) listen(ctx context.Context, c *pgx.Conn) error {
	waiting, end := context.WithTimeout(ctx, watchInterval)
	defer end()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-w.poke:
			end()
		case <-stop:
		}
	}()
	for {
		_, err := c.WaitForNotification(waiting)
		switch {
		case err == nil:
			notify(w.changes)
		case ctx.Err() != nil:
			return ctx.Err()
		case waiting.Err() != nil && !c.IsClosed():
			return nil
		default:
			return err
		}
	}
}

// ping asks whether the database can be written to, and what time it is there.
func (w *watch) ping(ctx context.Context, c *pgx.Conn) error {
	limited, end := context.WithTimeout(ctx, watchTime)
	defer end()
	var readOnly string
	var there int64
	begun, here := time.Now(), w.now()
	if err := c.QueryRow(limited, `SELECT current_setting('transaction_read_only'),
		CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)`).Scan(&readOnly, &there); err != nil {
		return err
	}
	trip := time.Since(begun)
	if readOnly == "on" {
		return errors.New("this server can't be written to, it is a standby: name all servers of the cluster in the database's URL, " +
			"with target_session_attrs=read-write")
	}
	w.set(func(h *Health) {
		h.Down, h.RoundTrip = nil, trip
		h.Skew = here.Add(trip / 2).Sub(time.UnixMilli(there)).Round(time.Millisecond)
	})
	return nil
}

// settings looks for what would let the cluster forget an acknowledged commit (PostgreSQL, "Synchronous Replication").
func (w *watch) settings(ctx context.Context, c *pgx.Conn) error {
	limited, end := context.WithTimeout(ctx, watchTime)
	defer end()
	var names, commit, fsync string
	var standbys int
	err := c.QueryRow(limited, `SELECT current_setting('synchronous_standby_names'), current_setting('synchronous_commit'),
		current_setting('fsync'), (SELECT COUNT(*) FROM pg_stat_replication)`).Scan(&names, &commit, &fsync, &standbys)
	var refusal *pgconn.PgError
	if errors.As(err, &refusal) { // another database that speaks this wire
		return nil
	}
	if err != nil {
		return err
	}
	replication := "none"
	var warnings []string
	var stalled error
	switch {
	case names != "":
		replication = "synchronous"
		if standbys == 0 && commit != "off" && commit != "local" { // a commit would hang, and be kept in the end or not
			stalled = errors.New("changes wait: no synchronous standby is connected")
			warnings = append(warnings, stalled.Error())
		}
		if commit == "off" || commit == "local" { // the role's own settings may come after ours
			warnings = append(warnings, fmt.Sprintf("synchronous_commit is %s: a fail-over of the database can forget codes that were used", commit))
		}
	case standbys > 0:
		replication = "asynchronous"
		warnings = append(warnings, "synchronous replication is off: a fail-over of the database can forget codes that were used, "+
			"failures that were counted and rights that were revoked; docs/operations.md says how to turn it on")
	}
	if fsync != "on" {
		warnings = append(warnings, "fsync is off: a crash of the database's machine can forget what was acknowledged")
	}
	w.set(func(h *Health) { h.Replication, h.Warnings, h.Stalled = replication, warnings, stalled })
	return nil
}
