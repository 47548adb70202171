package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/store"
	"github.com/spf13/cobra"
)

// errUnwell is what "sallyport status" ends with if a node that is alive can't serve all, or none is alive.
var errUnwell = errors.New("not all is well")

func statusCommand() *cobra.Command {
	var i installation
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the nodes of the database, and how they are",
		Long: `Show the nodes of the database, and how they are: what each has said of itself last.

A node that ended without a word is shown for a week as not alive. The exit status is 1 if a node that is alive
can't serve all, or if none is alive.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return i.use(cmd.Context(), func(at *opened) error {
				s, err := i.status(cmd.Context(), at)
				if err != nil {
					return err
				}
				if asJSON {
					err = json.NewEncoder(cmd.OutOrStdout()).Encode(s)
				} else {
					err = s.print(cmd.OutOrStdout())
				}
				if err == nil && !s.well() {
					err = errUnwell
				}
				return err
			})
		},
	}
	i.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// status is what the command shows.
type status struct {
	Database databaseStatus `json:"database"`
	Nodes    []nodeStatus   `json:"nodes"`
}

type databaseStatus struct {
	Schema      int64    `json:"schemaVersion"`
	Replication string   `json:"replication,omitempty"` // "" of an embedded database, and of one that doesn't tell
	Warnings    []string `json:"warnings"`
}

type nodeStatus struct {
	Name      string    `json:"name"`
	Place     string    `json:"place"`
	Version   string    `json:"version"`
	Started   time.Time `json:"started"`
	Seen      time.Time `json:"seen"`
	Alive     bool      `json:"alive"`
	Ready     bool      `json:"ready"`
	AuditLag  int64     `json:"auditRecordsNotChained"`
	nodeState           // as it has written it
}

// settingsPatience is how long the command waits to hear of the database's settings, which some don't tell.
const settingsPatience = 2 * time.Second

func (i *installation) status(ctx context.Context, at *opened) (*status, error) {
	if _, embedded := i.embedded(); !embedded {
		for begun := time.Now(); at.store.Health().Replication == "" && time.Since(begun) < settingsPatience; {
			time.Sleep(10 * time.Millisecond)
		}
	}
	health := at.store.Health()
	s := &status{
		Database: databaseStatus{Replication: health.Replication, Warnings: append([]string{}, health.Warnings...)},
		Nodes:    []nodeStatus{},
	}
	var err error
	if s.Database.Schema, err = at.store.SchemaVersion(ctx); err != nil {
		return nil, err
	}
	nodes, err := at.store.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	now := databaseTime(at.store)
	err = at.store.ReadAudit(ctx, func(source audit.Source) error {
		for _, n := range nodes {
			lag, err := source.Pending(ctx, n.Name)
			if err != nil {
				return err
			}
			s.Nodes = append(s.Nodes, newNodeStatus(n, lag, now))
		}
		return nil
	})
	return s, err
}

func newNodeStatus(n store.Node, lag int64, now time.Time) nodeStatus {
	s := nodeStatus{Name: n.Name, Place: n.Place, Version: n.Version, Started: n.Started, Seen: n.Seen, AuditLag: lag}
	if err := json.Unmarshal([]byte(n.State), &s.nodeState); err != nil { // of another version: the rest is still true
		s.nodeState = nodeState{}
	}
	if s.Problems == nil {
		s.Problems = []check{}
	}
	every := time.Duration(s.Every * float64(time.Second))
	s.Alive = now.Sub(n.Seen).Abs() < 3*cmp.Or(every, store.NodeAlive/3)
	s.Ready = s.Alive && s.ready()
	return s
}

// well tells whether some node is alive and all that are can serve all.
func (s *status) well() bool {
	alive := 0
	for _, n := range s.Nodes {
		if n.Alive {
			alive++
		}
		if n.Alive && !n.Ready {
			return false
		}
	}
	return alive > 0 && !s.keysDiffer()
}

// keysDiffer tells whether nodes that are alive can't open what each other seal.
func (s *status) keysDiffer() bool {
	keys := ""
	for _, n := range s.Nodes {
		if !n.Alive || n.Keys == "" {
			continue
		}
		if keys != "" && n.Keys != keys {
			return true
		}
		keys = n.Keys
	}
	return false
}

func (s *status) print(out io.Writer) error {
	fmt.Fprintf(out, "Database: schema version %d", s.Database.Schema)
	if s.Database.Replication != "" {
		fmt.Fprintf(out, ", replication: %s", s.Database.Replication)
	}
	fmt.Fprintln(out)
	for _, w := range s.Database.Warnings {
		fmt.Fprintf(out, "warning: %s\n", w)
	}
	if s.keysDiffer() {
		fmt.Fprintln(out, "warning: nodes have other keys than others: copy the newest keyset.json to all")
	}
	if len(s.Nodes) == 0 {
		_, err := fmt.Fprintln(out, "\nNo node has started on this database, or all have stopped.")
		return err
	}
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NODE\tSTATE\tVERSION\tKEYS\tSTARTED\tSEEN\tHIT RATE\tENTRIES\tMIB\tUNCHAINED\tPLACE")
	for _, n := range s.Nodes {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%.1f\t%d\t%s\n", n.Name, n.word(), n.Version, cmp.Or(n.Keys, "-"),
			n.Started.Format(time.RFC3339), n.Seen.Format(time.RFC3339), n.Directory.rate(), n.Directory.Entries,
			float64(n.Directory.Bytes)/(1<<20), n.AuditLag, n.Place)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, n := range s.Nodes {
		for _, c := range n.Problems {
			if n.Alive {
				fmt.Fprintf(out, "%s: %s: %s: %s\n", n.Name, c.State, c.Name, c.Detail)
			}
		}
	}
	return nil
}

// word is the node's state in a word.
func (n *nodeStatus) word() string {
	switch {
	case !n.Alive:
		return "gone"
	case !n.Ready:
		return "degraded"
	}
	return "ready"
}

// rate is how many of the look-ups found what they looked for in memory.
func (c cacheState) rate() string {
	if c.Hits+c.Misses == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(c.Hits)/float64(c.Hits+c.Misses))
}
