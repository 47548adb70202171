package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/sallyport-iam/sallyport/store/pgtest"
)

// postgres compares MFA sign-ins by 64 clients on PostgreSQL with those of a single client, who has each commit to
// himself, and one node with two. The database server waits for the disk, as one in production does.
//
// Every request is a transaction of its own there; what clients share is PostgreSQL's own group commit, which the second
// row shows: how many times its log is made durable for a sign-in. Nodes, database and load generator share this
// machine, so a second node has no cores to itself.
func postgres(b *bench) error {
	database, err := pgtest.Start(b.ctx, pgtest.Options{Durable: true})
	if errors.Is(err, pgtest.ErrMissing) {
		fmt.Fprintln(os.Stderr, "bench: not measured:", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer database.Close()
	url := database.URL("sallyport")
	users := make([]user, b.size.users/4)
	for i := range users {
		users[i] = newUser(i, true, true)
	}
	first := &installation{data: filepath.Join(b.dir, "node-1")}
	if err := first.create(b.ctx, url, len(users), func(i int) user { return users[i] }); err != nil {
		return err
	}
	second := filepath.Join(b.dir, "node-2")
	if err := os.Mkdir(second, 0o700); err != nil {
		return err
	}
	if err := copyFile(filepath.Join(first.data, "keyset.json"), filepath.Join(second, "keyset.json")); err != nil {
		return err
	}
	var nodes [2]*process
	for i, data := range []string{first.data, second} {
		if nodes[i], err = b.serve(data, "--database", url); err != nil {
			return err
		}
		defer nodes[i].stop()
	}
	ways := []way{{nodes: nodes[:1], clients: signinClients}, {nodes: nodes[:1], clients: 1}, {nodes: nodes[:], clients: signinClients}}
	log := logSyncs{database: database.AdminURL("sallyport")}
	part := len(users) / (b.size.rounds + 1) / len(ways)
	for round := range b.size.rounds + 1 {
		for i := range ways {
			if round == 1 { // the first warmed up
				ways[i].perSecond, ways[i].syncs, ways[i].reruns = nil, nil, nil
			}
			if err := ways[i].round(b, &log, users[:part]); err != nil {
				return err
			}
			users = users[part:]
		}
	}
	many, one, both := &ways[0], &ways[1], &ways[2]
	b.table.row(fmt.Sprintf("MFA sign-ins/s on PostgreSQL, %d clients (beside it: 1 client)", signinClients),
		many.perSecond.String(), one.perSecond.String(), ratio(many.perSecond, one.perSecond), "")
	b.table.row("… fsyncs of the database's log per sign-in", many.syncs.String(), one.syncs.String(), ratio(many.syncs, one.syncs), "")
	b.table.row("… transactions run again per sign-in", fmt.Sprintf("%.2f", many.reruns.median()), fmt.Sprintf("%.2f", one.reruns.median()), "", "")
	b.table.row(fmt.Sprintf("… two nodes, %d clients (beside it: one node)", signinClients),
		both.perSecond.String(), many.perSecond.String(), ratio(both.perSecond, many.perSecond), "")
	b.table.row("… transactions run again per sign-in", fmt.Sprintf("%.2f", both.reruns.median()), fmt.Sprintf("%.2f", many.reruns.median()), "", "")
	return nil
}

// way is one way to spend sign-ins on a database: so many clients over the nodes.
type way struct {
	nodes   []*process
	clients int

	perSecond, syncs, reruns samples
}

// round signs in each of the users once, or as many as there is time for.
func (w *way) round(b *bench, log *logSyncs, users []user) error {
	requests, err := signIns(w.nodes[0].address, users) // a signature is of the Host header, wherever it is sent
	if err != nil {
		return err
	}
	reruns, err := w.rerun()
	if err != nil {
		return err
	}
	sides := make([]side, len(w.nodes))
	errs := make([]error, len(w.nodes))
	var running sync.WaitGroup
	start := time.Now()
	for i, node := range w.nodes {
		share := requests[len(requests)*i/len(w.nodes) : len(requests)*(i+1)/len(w.nodes)]
		sides[i] = side{process: node, next: once(share)}
		running.Go(func() { errs[i] = sides[i].round(w.clients/len(w.nodes), b.size.round) })
	}
	running.Wait()
	took := time.Since(start)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	syncs, err := log.since(b.ctx)
	if err != nil {
		return err
	}
	rerunsAfter, err := w.rerun()
	if err != nil {
		return err
	}
	answered := 0
	for _, s := range sides {
		answered += s.answered
	}
	w.perSecond = append(w.perSecond, float64(answered)/took.Seconds())
	w.syncs = append(w.syncs, syncs/float64(answered))
	w.reruns = append(w.reruns, (rerunsAfter-reruns)/float64(answered))
	return b.ctx.Err()
}

// rerun is how many transactions the nodes have had to run again so far, because PostgreSQL refused them beside others.
func (w *way) rerun() (sum float64, err error) {
	for _, node := range w.nodes {
		n, err := node.metric("sallyport_store_reruns_total")
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// logSyncs counts how many times the database server makes its log durable.
type logSyncs struct {
	database string // URL for the superuser
	last     float64
}

// since is the number since it was asked last. It waits until the server's processes have reported theirs, which they do
// a second after they fall idle.
func (l *logSyncs) since(ctx context.Context) (n float64, err error) {
	time.Sleep(1200 * time.Millisecond)
	conn, err := pgx.Connect(ctx, l.database)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	before := l.last
	err = conn.QueryRow(ctx, "SELECT wal_sync FROM pg_stat_wal").Scan(&l.last)
	return l.last - before, err
}
