package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/store"
)

// check is one thing that a node needs to serve all. Anybody can read it: no addresses, no names.
type check struct {
	Name   string     `json:"name"`
	State  checkState `json:"state"`
	Detail string     `json:"detail"`
}

type checkState string

const (
	checkOK      checkState = "ok"
	checkWarning checkState = "warning" // all is served, but somebody should look at it
	checkFailed  checkState = "failed"  // something is refused
)

// readiness knows what the node can serve, and why not more.
type readiness struct {
	store     *store.Store
	directory *iam.Directory
	embedded  bool         // the database is
	waiting   func() int   // audit records of reads
	staleKeys atomic.Bool  // the keyset could not be read again
	otherKeys *atomic.Bool // another node has other keys

	said map[string]checkState // what the log has said of each check

	mu     sync.Mutex
	last   []check // what was found a moment ago, for all who ask now
	lastAt time.Time
}

// asked is checks for whoever asks: anybody can, and as often as they like.
func (r *readiness) asked(ctx context.Context) []check {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.lastAt) > 100*time.Millisecond {
		r.last = r.checks(context.WithoutCancel(ctx))
		r.lastAt = time.Now()
	}
	return r.last
}

// auditQueue is how many audit records of reads wait at most.
const auditQueue = 8192

// checks looks at everything. It takes two seconds at most.
func (r *readiness) checks(ctx context.Context) []check {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	health := r.store.Health()
	all := []check{r.checkDatabase(ctx, health)}
	if !r.embedded {
		all = append(all, checkReplication(health), checkClock(health))
	}
	return append(all, r.checkChanges(), r.checkKeyset(), r.checkAuditQueue())
}

func (r *readiness) checkDatabase(ctx context.Context, health store.Health) check {
	c := check{Name: "database", State: checkOK, Detail: "answers"}
	switch err := r.store.Ping(ctx); {
	case errors.Is(health.Down, store.ErrMoved):
		c.State, c.Detail = checkFailed, "was moved to another: stop this server"
	case health.Down != nil:
		c.State, c.Detail = checkFailed, "does not answer since "+health.Since.UTC().Format(time.RFC3339)
	case err != nil:
		c.State, c.Detail = checkFailed, "does not answer in time"
	case health.RoundTrip > 0:
		c.Detail = fmt.Sprintf("answers in %v", health.RoundTrip.Round(10*time.Microsecond))
	}
	return c
}

func checkReplication(health store.Health) check {
	c := check{Name: "replication", State: checkOK, Detail: health.Replication}
	if c.Detail == "" {
		c.Detail = "not known"
	}
	if len(health.Warnings) > 0 {
		c.State = checkWarning
		c.Detail += "; " + strings.Join(health.Warnings, "; ")
	}
	return c
}

// changesLate is how old what is known of changes elsewhere may be before that is said.
const changesLate = 5 * time.Second

func (r *readiness) checkChanges() check {
	age := r.directory.Stats().Age
	c := check{Name: "changes", State: checkOK, Detail: fmt.Sprintf("those made elsewhere are known up to %v ago", age.Round(time.Millisecond))}
	if age > changesLate {
		c.State = checkWarning
	}
	return c
}

func (r *readiness) checkKeyset() check {
	if r.staleKeys.Load() {
		return check{Name: "keyset", State: checkWarning, Detail: "the file could not be read again; the keys in memory stay in use"}
	}
	if r.otherKeys != nil && r.otherKeys.Load() {
		return check{Name: "keyset", State: checkWarning, Detail: "another node has other keys: copy the newest keyset.json to all nodes"}
	}
	return check{Name: "keyset", State: checkOK, Detail: "in use"}
}

func (r *readiness) checkAuditQueue() check {
	n := r.waiting()
	c := check{Name: "audit queue", State: checkOK, Detail: fmt.Sprintf("%d of %d records of reads wait", n, auditQueue)}
	if n > auditQueue/2 {
		c.State = checkWarning
	}
	return c
}

// status is the sum of the checks in words.
func (r *readiness) status(all []check) (code int, text string) {
	health := r.store.Health()
	var broken []string
	for _, c := range all {
		if c.State == checkFailed {
			broken = append(broken, c.Name)
		}
	}
	switch left := r.directory.Grace - r.directory.Stats().Age; {
	case len(broken) == 0:
		return http.StatusOK, "ready"
	case health.Down == nil:
		return http.StatusServiceUnavailable, "degraded: " + strings.Join(broken, ", ")
	case left > 0:
		return http.StatusServiceUnavailable, "degraded: known principals are authorised from memory until " +
			time.Now().Add(left).UTC().Format(time.RFC3339)
	default:
		return http.StatusServiceUnavailable, "not ready: nobody is authorised from memory any more"
	}
}

// ServeHTTP answers whether the node can serve all, and tells why not: a line per check, or JSON for those who accept it.
func (r *readiness) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	all := r.asked(request.Context())
	code, status := r.status(all)
	w.Header().Set("Cache-Control", "no-store")
	if strings.Contains(request.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		json.NewEncoder(w).Encode(struct {
			Status string  `json:"status"`
			Checks []check `json:"checks"`
		}{status, all})
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	fmt.Fprintln(w, status)
	for _, c := range all {
		mark := ""
		if c.State != checkOK {
			mark = string(c.State) + ": "
		}
		fmt.Fprintf(w, "%s: %s%s\n", c.Name, mark, c.Detail)
	}
}

// problems are the checks that are not as they should be.
func problems(all []check) []check {
	found := []check{}
	for _, c := range all {
		if c.State != checkOK {
			found = append(found, c)
		}
	}
	return found
}

// say logs the checks whose state has changed since it was called last, by the one goroutine that calls it. Of the
// database and its settings the store tells itself.
func (r *readiness) say(all []check, log *slog.Logger) {
	if r.said == nil {
		r.said = make(map[string]checkState)
	}
	for _, c := range all {
		before := cmp.Or(r.said[c.Name], checkOK)
		r.said[c.Name] = c.State
		if c.State == before || c.Name == "database" || c.Name == "replication" {
			continue
		}
		level := map[checkState]slog.Level{checkOK: slog.LevelInfo, checkWarning: slog.LevelWarn, checkFailed: slog.LevelError}[c.State]
		log.Log(context.Background(), level, c.Name+": "+c.Detail)
	}
}
