package store

import (
	"regexp"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/iam"
)

// What a request waits for finds every row by an index, to its end. Only what the statement has made itself, the one row of
// whom it is about, is read from end to end.
func TestDirectoryQueryPlans(t *testing.T) {
	s, _ := openTest(t, Options{})
	for name, query := range map[string]string{"by key": byKeyQuery, "by principal": byPrincipalQuery} {
		var plan []string
		if err := s.view(t.Context(), func(tx *tx) error {
			rows, err := tx.conn.sql.QueryContext(unbounded, "EXPLAIN QUERY PLAN "+regexp.MustCompile(`\$\d+`).ReplaceAllString(query, "'x'"))
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var id, parent, unused int
				var detail string
				if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
					return err
				}
				plan = append(plan, detail)
			}
			return rows.Err()
		}); err != nil {
			t.Fatal(err)
		}
		searched := map[string]bool{}
		for _, line := range plan {
			switch {
			case line == "SCAN w" || line == "SCAN CONSTANT ROW":
			case strings.HasSuffix(line, "(account=?)") && !strings.HasPrefix(line, "SEARCH s "): // all of an account
				t.Errorf("%s: %s in\n%s", name, line, strings.Join(plan, "\n"))
			case strings.HasPrefix(line, "SEARCH "):
				searched[strings.Join(strings.Fields(line)[1:], " ")] = true
			case strings.HasPrefix(line, "SCAN "), strings.Contains(line, "TEMP B-TREE"), strings.Contains(line, "AUTOMATIC"):
				t.Errorf("%s: %s in\n%s", name, line, strings.Join(plan, "\n"))
			}
		}
		for _, want := range []string{
			"c USING INDEX sqlite_autoindex_counters_1 (name=?)",
			"u USING INDEX sqlite_autoindex_users_1 (id=?)",
			"r USING INDEX sqlite_autoindex_roles_1 (id=?)",
			"m USING INDEX group_members_user (user_id=?)",
			"i USING INDEX sqlite_autoindex_inline_policies_1 (account=? AND owner_id=?)",
			"a USING COVERING INDEX sqlite_autoindex_attachments_1 (account=? AND owner_id=?)",
			"p USING INDEX sqlite_autoindex_managed_policies_2 (arn=?)",
			"v USING INDEX sqlite_autoindex_policy_versions_1 (policy_id=? AND number=?)",
		} {
			if !searched[want] {
				t.Errorf("%s: no SEARCH %s in\n%s", name, want, strings.Join(plan, "\n"))
			}
		}
	}
}

// BenchmarkPrincipalRecord reads a user in two groups, with policies of all kinds, by one statement.
func BenchmarkPrincipalRecord(b *testing.B) {
	s, _ := openTest(b, Options{})
	seed(b, s, 1)
	ctx := b.Context()
	const document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`
	if err := s.update(ctx, func(tx *tx) error {
		for _, id := range []string{"g", "h"} {
			if err := tx.InsertGroup(ctx, &iam.Group{Account: "1", ID: id, Name: id, Path: "/"}); err != nil {
				return err
			}
			if err := tx.AddGroupMember(ctx, "1", id, "U5000"); err != nil {
				return err
			}
			p := &iam.ManagedPolicy{Account: "1", ID: "p" + id, Name: id, Path: "/", DefaultVersion: 1, LastVersion: 1}
			if err := tx.InsertManagedPolicy(ctx, p); err != nil {
				return err
			}
			if err := tx.InsertPolicyVersion(ctx, p.ID, iam.PolicyVersion{Number: 1, Document: document}); err != nil {
				return err
			}
			if err := tx.AttachPolicy(ctx, "1", id, p.ARN()); err != nil {
				return err
			}
		}
		if err := tx.PutInlinePolicy(ctx, "1", "U5000", iam.InlinePolicy{Name: "own", Document: document}); err != nil {
			return err
		}
		return tx.InsertAccessKey(ctx, &iam.AccessKey{Account: "1", ID: "K", OwnerID: "U5000", Secret: "secret", Active: true})
	}); err != nil {
		b.Fatal(err)
	}
	b.Run("one statement", func(b *testing.B) {
		for b.Loop() {
			if err := s.View(ctx, func(tx iam.Tx) error {
				_, p, err := tx.KeyRecord(ctx, "K")
				if err == nil && len(p.Policies) != 3 {
					b.Fatalf("%d policies", len(p.Policies))
				}
				return err
			}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("a statement each", func(b *testing.B) {
		for b.Loop() {
			if err := s.View(ctx, func(tx iam.Tx) error {
				k, err1 := tx.AccessKey(ctx, "K")
				_, err2 := tx.PolicyVersion(ctx, "1")
				_, err3 := tx.UserByID(ctx, "1", k.OwnerID)
				_, err4 := tx.GroupsOfUser(ctx, "1", k.OwnerID, iam.Page{Limit: 1000})
				tx.PasswordPolicy(ctx, "1")
				_, err5 := tx.PoliciesOf(ctx, "1", []string{k.OwnerID, "g", "h"})
				for _, err := range []error{err1, err2, err3, err4, err5} {
					if err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
