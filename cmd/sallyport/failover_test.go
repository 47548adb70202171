package main

import (
	"fmt"
	"sync"
	"testing"

	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/store/pgtest"
)

// Ten fail-overs of a PostgreSQL cluster with synchronous replication, run by Patroni. In each the primary is killed while two hundred
// attempts with one code are under way on three nodes and users are being made: the code is accepted once at most, and every
// user whose making was acknowledged is there afterwards.
func TestFailOver(t *testing.T) {
	pgtest.NeedsCluster(t)
	const rounds, parallel = 10, 200
	ctx := t.Context()
	cluster, err := pgtest.StartCluster(ctx, pgtest.ClusterOptions{Members: 3, Synchronous: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	}()
	nodes := startNodes(t, cluster.URL(), 3)
	root := nodes[0].root()
	var all []member
	nodes[0].beside(func(at *opened) { all = members(t, at, numbered("user", rounds)...) })
	var made []string // acknowledged
	for round, m := range all {
		if err := cluster.WaitForSync(ctx); err != nil {
			t.Fatal(err)
		}
		for _, s := range nodes {
			s.await("/readyz")
		}
		nodes[0].oneWindow(m.serial)
		code := m.code(0)
		accepted := make(chan string, 2*parallel)
		var outcomes sync.Map
		try := func(s *server) {
			_, err := s.signIn(m, code)
			if err == nil {
				accepted <- s.url
			}
			n, _ := outcomes.LoadOrStore(errorCode(err), new(counter))
			n.(*counter).add()
		}
		var mu sync.Mutex
		var under sync.WaitGroup
		stop := make(chan struct{})
		for i, s := range nodes {
			under.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					name := fmt.Sprintf("made-%d-%d-%d", round, i, n)
					if _, err := s.iam(root).CreateUser(ctx, &awsiam.CreateUserInput{UserName: &name}); err == nil {
						mu.Lock()
						made = append(made, name)
						mu.Unlock()
					}
				}
			})
		}
		for i := range parallel / 2 {
			under.Go(func() { try(nodes[i%3]) })
		}
		killed, err := cluster.KillPrimary(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for i := range parallel / 2 {
			under.Go(func() { try(nodes[i%3]) })
		}
		if _, err := cluster.WaitForPrimary(ctx, killed); err != nil {
			t.Fatal(err)
		}
		close(stop)
		under.Wait()
		for _, s := range nodes {
			s.await("/readyz")
		}
		for _, s := range nodes { // whatever became of it then, it is good once in all
			try(s)
		}
		if n := len(accepted); n > 1 {
			t.Errorf("round %d: one code was accepted %d times", round, n)
		}
		report := ""
		outcomes.Range(func(code, n any) bool { report += fmt.Sprintf(" %v %d", code, n.(*counter).n); return true })
		t.Logf("round %d: %s was killed; the code:%s; %d users acknowledged so far", round, killed, report, len(made))
		if err := cluster.Revive(killed); err != nil {
			t.Fatal(err)
		}
	}
	nodes[1].usersAreThere(made)
	if len(made) < rounds {
		t.Errorf("only %d users were made: the fail-overs have met nothing", len(made))
	}
	for _, s := range nodes {
		s.auditIsClean()
	}
}

// counter counts from many goroutines.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}
