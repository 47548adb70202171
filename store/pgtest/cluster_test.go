package pgtest

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func startCluster(t *testing.T, options ClusterOptions) *Cluster {
	t.Helper()
	NeedsCluster(t)
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), startPatience)
	defer cancel()
	cluster, err := StartCluster(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	t.Logf("started after %v", time.Since(began).Round(time.Millisecond))
	return cluster
}

// TestFailoverKeepsWhatWasCommitted loses the primary again and again, and looks for every row that was committed.
func TestFailoverKeepsWhatWasCommitted(t *testing.T) {
	for _, members := range []int{2, 3} {
		t.Run(fmt.Sprint(members, " members"), func(t *testing.T) {
			cluster := startCluster(t, ClusterOptions{Members: members, Synchronous: true})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			mustExec(t, connect(t, cluster.URL()), "CREATE TABLE kept (n bigint)")
			for round := range 3 {
				conn := connect(t, cluster.URL())
				mustExec(t, conn, fmt.Sprintf("INSERT INTO kept VALUES (%d)", round))
				killed, err := cluster.KillPrimary(ctx)
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				if name, err := cluster.Primary(ctx); err == nil {
					t.Errorf("%s is the primary at once after %s was killed", name, killed)
				}
				promoted, err := cluster.WaitForPrimary(ctx, killed)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("round %d: %s follows %s after %v", round, promoted, killed, time.Since(began).Round(time.Millisecond))
				conn = connect(t, cluster.URL())
				if rows := query[int](t, conn, "SELECT count(*) FROM kept"); rows != round+1 {
					t.Errorf("round %d: %d rows are left of %d that were committed", round, rows, round+1)
				}
				if members > 2 { // the third one is the standby now, and commits go on
					if err := cluster.WaitForSync(ctx); err != nil {
						t.Fatal(err)
					}
					mustExec(t, conn, "CREATE TABLE meanwhile (n bigint)", "DROP TABLE meanwhile")
				}
				began = time.Now()
				if err := cluster.Revive(killed); err != nil {
					t.Fatal(err)
				}
				if err := cluster.WaitForStandby(ctx, killed); err != nil {
					t.Fatal(err)
				}
				if err := cluster.WaitForSync(ctx); err != nil {
					t.Fatal(err)
				}
				t.Logf("round %d: %s is back after %v", round, killed, time.Since(began).Round(time.Millisecond))
			}
		})
	}
}

func TestClusterSettings(t *testing.T) {
	cluster := startCluster(t, ClusterOptions{Settings: map[string]string{"work_mem": "5MB"}})
	conn := connect(t, cluster.URL())
	for _, row := range []struct{ statement, want string }{
		{"SELECT current_user::text", application},
		{"SELECT usesuper::text FROM pg_user WHERE usename = current_user", "false"},
		{"SHOW server_encoding", "UTF8"},
		{"SHOW lc_collate", "C"},
		{"SHOW synchronous_commit", "on"},
		{"SHOW synchronous_standby_names", ""},
		{"SHOW work_mem", "5MB"},
		{"SHOW transaction_read_only", "off"},
	} {
		if got := query[string](t, conn, row.statement); got != row.want {
			t.Errorf("%s: %q, want %q", row.statement, got, row.want)
		}
	}
	if err := cluster.WaitForSync(t.Context()); err == nil {
		t.Error("an asynchronous cluster has a synchronous standby")
	}
}

func TestClusterDiesWithItsProcess(t *testing.T) {
	NeedsCluster(t)
	diesWithItsProcess(t, "cluster")
}
