package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/seal"
)

// A file that can't be used is refused with a sentence that names it and says what to do, and is left as it is.
func TestOpenRefuses(t *testing.T) {
	s, path := openTest(t, Options{})
	for i := range 200 {
		if err := s.update(t.Context(), put(fmt.Sprint(i), 2000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw := func(path, query string) {
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(query); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name, want string
		make       func(path string)
	}{
		{"text", "not a database", func(path string) { os.WriteFile(path, bytes.Repeat([]byte("hello "), 1000), 0o600) }},
		{"header overwritten", "not a database", func(path string) {
			os.WriteFile(path, append(make([]byte, 512), good[512:]...), 0o600)
		}},
		{"cut", "is damaged", func(path string) { os.WriteFile(path, good[:len(good)/2/4096*4096], 0o600) }},
		{"page overwritten", "is damaged", func(path string) {
			bad := bytes.Clone(good)
			for i := 20 * 4096; i < 60*4096; i++ {
				bad[i] = 0xA5
			}
			os.WriteFile(path, bad, 0o600)
		}},
		{"schema overwritten", "is damaged", func(path string) {
			bad := bytes.Clone(good)
			for i := 100; i < 4096; i++ {
				bad[i] = 0xA5
			}
			os.WriteFile(path, bad, 0o600)
		}},
		{"another program's", "another program", func(path string) { raw(path, "CREATE TABLE cats (name TEXT)") }},
		{"another program's, marked", "another program", func(path string) { raw(path, "PRAGMA application_id = 7") }},
		{"newer schema", "newer release", func(path string) {
			os.WriteFile(path, good, 0o600)
			raw(path, "INSERT INTO schema_versions (version_id, is_applied) VALUES (999, 1)")
			raw(path, "UPDATE meta SET value = '999' WHERE name = 'oldest_program'")
		}},
		{"readable by others", "chmod 600", func(path string) { os.WriteFile(path, good, 0o600); os.Chmod(path, 0o640) }},
		{"writable by others", "chmod 600", func(path string) { os.WriteFile(path, good, 0o600); os.Chmod(path, 0o602) }},
		{"empty and open to all", "chmod 600", func(path string) { os.WriteFile(path, nil, 0o600); os.Chmod(path, 0o666) }},
		{"its log readable by others", "chmod 600", func(path string) {
			os.WriteFile(path, good, 0o600)
			os.WriteFile(path+"-wal", nil, 0o600)
			os.Chmod(path+"-wal", 0o644)
		}},
		{"a link to nothing", "does not exist", func(path string) { os.Symlink(filepath.Join(filepath.Dir(path), "target"), path) }},
		{"a link to one readable by others", "chmod 600", func(path string) {
			target := filepath.Join(filepath.Dir(path), "target")
			os.WriteFile(target, good, 0o600)
			os.Chmod(target, 0o644)
			os.Symlink(target, path)
		}},
		{"a folder", "", func(path string) { os.Mkdir(path, 0o700) }},
		{"no folder", "", func(path string) { os.Remove(filepath.Dir(path)) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "sub", "bad.db")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			test.make(path)
			before, _ := os.ReadFile(path)
			s, err := Open(t.Context(), "sqlite:"+path, s.keyset, Options{})
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, want %q and the path", err, test.want)
			}
			t.Log(err)
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), "target")); err == nil && test.name == "a link to nothing" {
				t.Error("the link's target was made")
			}
			after, _ := os.ReadFile(path)
			if !bytes.Equal(before, after) && test.name != "newer schema" {
				t.Error("the file was changed")
			}
		})
	}
	for _, url := range []string{"", "sqlite", "sqlite:", "mysql:x", "postgres://user:hunter2@host/db"} {
		if _, err := Open(t.Context(), url, s.keyset, Options{}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestFileModes(t *testing.T) {
	s, path := openTest(t, Options{})
	if err := s.update(t.Context(), put("a", 1)); err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := s.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{path, path + "-wal", path + "-shm", backup} {
		info, err := os.Stat(path)
		if err != nil {
			t.Error(err)
		} else if info.Mode() != 0o600 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
	}
	if err := s.Backup(t.Context(), backup); err == nil {
		t.Error("a backup overwrote a file")
	}
	restored, err := Open(t.Context(), "sqlite:"+backup, s.keyset, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer restored.Close()
	if got := names(t, restored); got != "[a]" {
		t.Errorf("restored: %s", got)
	}
}

// Many that open a new database at the same moment all succeed.
func TestOpenTogether(t *testing.T) {
	keyset, err := seal.Create(filepath.Join(t.TempDir(), "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "new.db")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := Open(t.Context(), "sqlite:"+path, keyset, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// A secret that was copied from another row, altered or emptied does not open.
func TestMovedCiphertext(t *testing.T) {
	const seed, secret = "ABCDEFGHIJ0123456789", "canary-secret"
	for _, test := range []struct{ name, query string }{
		{"key to key", `UPDATE access_keys SET sealed = (SELECT sealed FROM access_keys WHERE id = 'AKIA2') WHERE id = 'AKIA1'`},
		{"device to key", `UPDATE access_keys SET sealed = (SELECT sealed FROM mfa_devices WHERE serial = 'S1') WHERE id = 'AKIA1'`},
		{"key to another account", `UPDATE access_keys SET account = '2' WHERE id = 'AKIA1'`},
		{"altered", `UPDATE access_keys SET sealed = substr(sealed, 1, length(sealed) - 1) || x'00' WHERE id = 'AKIA1'`},
		{"emptied", `UPDATE access_keys SET sealed = x'' WHERE id = 'AKIA1'`},
		{"device to device", `UPDATE mfa_devices SET sealed = (SELECT sealed FROM mfa_devices WHERE serial = 'S2') WHERE serial = 'S1'`},
		{"device renamed", `UPDATE mfa_devices SET serial = 'S3' WHERE serial = 'S1'`},
		{"security key to security key", `UPDATE mfa_devices SET sealed = (SELECT sealed FROM mfa_devices WHERE serial = 'K2') WHERE serial = 'K1'`},
		{"device to security key", `UPDATE mfa_devices SET sealed = (SELECT sealed FROM mfa_devices WHERE serial = 'S1') WHERE serial = 'K1'`},
		{"security key to another account", `INSERT INTO mfa_devices SELECT '2', serial, serial_key, kind, owner_id, created, enabled, sealed, tags,
			drift, last_pair, floor, used, failures, budget_window, attempts, pair_failures, '', sign_count, backed_up
			FROM mfa_devices WHERE serial = 'K1'`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, path := openTest(t, Options{})
			if err := s.update(t.Context(), func(tx *tx) error {
				for _, n := range []string{"1", "2"} {
					if err := tx.InsertAccessKey(unbounded, &iam.AccessKey{Account: "1", ID: "AKIA" + n, OwnerID: "U", Secret: secret}); err != nil {
						return err
					}
					if err := tx.InsertMFADevice(unbounded, &iam.MFADevice{Account: "1", Serial: "S" + n, OwnerID: "U",
						TOTP: mfa.TOTP{Seed: []byte(seed + n)}}); err != nil {
						return err
					}
					if err := tx.InsertMFADevice(unbounded, &iam.MFADevice{Account: "1", Serial: "K" + n, OwnerID: "U", Kind: iam.SecurityKey,
						Key: &mfa.SecurityKey{CredentialID: []byte(n), PublicKey: []byte("public")}}); err != nil {
						return err
					}
				}
				_, err := tx.exec(test.query)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			err := s.view(t.Context(), func(tx *tx) error {
				if _, err := tx.AccessKey(unbounded, "AKIA1"); err != nil {
					return err
				}
				for _, account := range []string{"1", "2"} {
					if _, err := tx.MFADevicesOf(unbounded, account, "U"); err != nil {
						return err
					}
				}
				return nil
			})
			if err == nil || !strings.Contains(err.Error(), "does not open") || strings.Contains(err.Error(), secret) {
				t.Errorf("got %v", err)
			}
			for _, path := range []string{path, path + "-wal"} {
				if text, _ := os.ReadFile(path); bytes.Contains(text, []byte(secret)) || bytes.Contains(text, []byte(seed)) {
					t.Errorf("%s holds a secret in the clear", path)
				}
			}
		})
	}
}

// A row whose kind was changed is no device: least of all one without a seed, whose codes everybody could make.
func TestChangedKind(t *testing.T) {
	s, _ := openTest(t, Options{})
	if err := s.update(t.Context(), func(tx *tx) error {
		return errors.Join(
			tx.InsertMFADevice(unbounded, &iam.MFADevice{Account: "1", Serial: "K", OwnerID: "U", Kind: iam.SecurityKey,
				Key: &mfa.SecurityKey{CredentialID: []byte("id"), PublicKey: []byte("public")}}),
			tx.InsertMFADevice(unbounded, &iam.MFADevice{Account: "1", Serial: "S", OwnerID: "U", Kind: iam.VirtualDevice,
				TOTP: mfa.TOTP{Seed: []byte("ABCDEFGHIJ0123456789")}}))
	}); err != nil {
		t.Fatal(err)
	}
	read := func(serial string) error {
		return s.view(t.Context(), func(tx *tx) error {
			_, err := tx.MFADevice(unbounded, "1", serial)
			return err
		})
	}
	for serial, kind := range map[string]iam.DeviceKind{"K": iam.VirtualDevice, "S": iam.SecurityKey} {
		if err := read(serial); err != nil {
			t.Fatal(err)
		}
		if err := s.update(t.Context(), func(tx *tx) error {
			_, err := tx.exec(`UPDATE mfa_devices SET kind = $1 WHERE serial = $2`, string(kind), serial)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := read(serial); err == nil || !strings.Contains(err.Error(), "unknown form") {
			t.Errorf("%s as %s: %v", serial, kind, err)
		}
	}
}

// Every statement finds its rows by an index, and lists come out of it in order.
func TestQueryPlans(t *testing.T) {
	s, _ := openTest(t, Options{})
	plans := map[string]string{}
	explain := func(tx *tx) error {
		for query := range tx.conn.statements {
			if !regexp.MustCompile(`^(SELECT|UPDATE|DELETE|INSERT)`).MatchString(query) {
				continue
			}
			rows, err := tx.conn.sql.QueryContext(unbounded, "EXPLAIN QUERY PLAN "+regexp.MustCompile(`\$\d+`).ReplaceAllString(query, "'x'"))
			if err != nil {
				return fmt.Errorf("%s: %w", query, err)
			}
			for rows.Next() {
				var id, parent, unused int
				var detail string
				if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
					return err
				}
				plans[query] += detail + "\n"
			}
			rows.Close()
		}
		return nil
	}
	ctx, page, arn := t.Context(), iam.Page{Limit: 1}, "arn:aws:iam::1:policy/p"
	if err := s.update(ctx, func(tx *tx) error {
		tx.InsertManagedPolicy(ctx, &iam.ManagedPolicy{Account: "1", ID: "p", Name: "p", Path: "/"})
		tx.InsertUser(ctx, &iam.User{Account: "1", ID: "u", Name: "u"})
		tx.InsertGroup(ctx, &iam.Group{Account: "1", ID: "g", Name: "g"})
		tx.InsertRole(ctx, &iam.Role{Account: "1", ID: "r", Name: "r"})
		tx.UpdateUser(ctx, &iam.User{Account: "1", ID: "u", Name: "v"})
		tx.UpdateGroup(ctx, &iam.Group{Account: "1", ID: "g", Name: "h"})
		tx.UpdateRole(ctx, &iam.Role{Account: "1", ID: "r", Name: "s"})
		tx.AddGroupMember(ctx, "1", "g", "u")
		tx.RemoveGroupMember(ctx, "1", "g", "u")
		tx.AttachPolicy(ctx, "1", "u", arn)
		tx.DetachPolicy(ctx, "1", "u", arn)
		tx.UpdateAccount(ctx, &iam.Account{ID: "1"})
		tx.LockMFADevice(ctx, "1", "s")
		tx.UpdateMFADevice(ctx, &iam.MFADevice{Account: "1", Serial: "s"})
		tx.RecordAccessKeyUse(ctx, map[string]iam.AccessKeyUse{"k": {}})
		tx.LockSignIn(ctx, "h")
		tx.UpdateSignIn(ctx, &iam.SignIn{ID: "s"})
		tx.DeleteSignIn(ctx, "1", "s")
		tx.DeleteSignInsOf(ctx, "1", "u", "s")
		tx.PruneSignIns(ctx, time.Now(), time.Now())
		tx.LockThrottle(ctx, "k")
		tx.PutThrottle(ctx, iam.Throttle{Key: "k"})
		tx.DeleteThrottle(ctx, "k")
		tx.DeleteThrottlesUnder(ctx, "k")
		tx.PruneThrottles(ctx, time.Now())
		tx.DeleteUser(ctx, "1", "u")
		tx.DeleteGroup(ctx, "1", "g")
		tx.DeleteRole(ctx, "1", "r")
		tx.DeleteManagedPolicy(ctx, "1", "p")
		if tx.failed != nil {
			return tx.failed
		}
		return explain(tx)
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.update(ctx, func(tx *tx) error {
		return tx.InsertManagedPolicy(ctx, &iam.ManagedPolicy{Account: "1", ID: "p", Name: "p", Path: "/"})
	}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s.AuditLog().Head(ctx, "n")
		s.AuditLog().Unchained(ctx, "n", 1)
		s.AuditLog().LastDigest(ctx, "n")
		s.AuditAfter(ctx, 1, 1)
		if err := s.view(ctx, func(tx *tx) error {
			tx.AccountByAlias(ctx, "a")
			tx.AccountByEmail(ctx, "e")
			tx.Accounts(ctx, page)
			tx.User(ctx, "1", "u")
			tx.UserByID(ctx, "1", "u")
			tx.Users(ctx, "1", page)
			tx.Groups(ctx, "1", page)
			tx.GroupMembers(ctx, "1", "g", page)
			tx.GroupsOfUser(ctx, "1", "u", page)
			tx.RoleByID(ctx, "1", "r")
			tx.Roles(ctx, "1", page)
			tx.ManagedPolicies(ctx, "1", page)
			tx.PolicyVersions(ctx, "p")
			tx.AttachedPolicies(ctx, "1", "u", page)
			tx.PolicyUse(ctx, "1", arn)
			for _, boundary := range []bool{false, true} {
				tx.PolicyUsers(ctx, "1", arn, boundary, page)
				tx.PolicyRoles(ctx, "1", arn, boundary, page)
			}
			tx.PolicyGroups(ctx, "1", arn, page)
			tx.InlinePolicies(ctx, "1", "u", page)
			tx.PoliciesOf(ctx, "1", []string{"a", "b", "c"}, arn)
			tx.AccessKey(ctx, "k")
			tx.AccessKeys(ctx, "1", "u")
			tx.AccessKeysOfAll(ctx, "1", []string{"u"})
			tx.LoginProfiles(ctx, "1", []string{"u"})
			tx.MFADevice(ctx, "1", "s")
			tx.MFADevicesOf(ctx, "1", "u")
			tx.MFADevicesOfAll(ctx, "1", []string{"u"})
			for status := range virtualConditions {
				tx.VirtualMFADevices(ctx, "1", status, page)
			}
			for kind := range countQueries {
				tx.Count(ctx, "1", kind)
			}
			tx.ChangesAfter(ctx, 1, 1)
			tx.AuditRecords(ctx, iam.AuditFilter{Account: "1"})
			tx.AuditRecords(ctx, iam.AuditFilter{Account: "1", EventName: "e", Until: 1})
			tx.AuditRecords(ctx, iam.AuditFilter{Account: "1", UserName: "u"})
			tx.SignIn(ctx, "h")
			tx.SignInsOf(ctx, "1", "u")
			tx.Throttle(ctx, "k")
			if tx.failed != nil {
				return tx.failed
			}
			return explain(tx)
		}); err != nil {
			t.Fatal(err)
		}
	}
	// Owners of a policy and the like are few and may be sorted.
	sorting := regexp.MustCompile(`TEMP B-TREE FOR .*ORDER BY`)
	sorted := regexp.MustCompile(`attachments a ON a.policy_id = p.id|m.group_id = g.id|IN \(|AS used`)
	for query, plan := range plans {
		for line := range strings.Lines(plan) {
			if strings.HasPrefix(line, "SCAN") && !strings.HasPrefix(line, "SCAN CONSTANT ROW") && !strings.Contains(line, "used") ||
				sorting.MatchString(line) && !sorted.MatchString(query) {
				t.Errorf("%s\n%s", query, plan)
				break
			}
		}
	}
	if len(plans) < 80 {
		t.Errorf("only %d statements were explained", len(plans))
	}
	// An index that is not used to its end would pass for one that is.
	for query, want := range map[string]string{
		signInColumns + `WHERE token_hash = $1`:                                                             "SEARCH sign_ins USING INDEX sqlite_autoindex_sign_ins_2 (token_hash=?)\n",
		`DELETE FROM sign_ins WHERE account = $1 AND owner_id = $2 AND id <> $3`:                            "SEARCH sign_ins USING INDEX sign_ins_owner (account=? AND owner_id=?)\n",
		`DELETE FROM sign_ins WHERE expires <= $1 OR last_seen < $2`:                                        "MULTI-INDEX OR\n",
		`SELECT failures, last_failure FROM throttles WHERE name = $1`:                                      "SEARCH throttles USING INDEX sqlite_autoindex_throttles_1 (name=?)\n",
		`DELETE FROM throttles WHERE last_failure < $1`:                                                     "SEARCH throttles USING INDEX throttles_last_failure (last_failure<?)\n",
		`DELETE FROM mfa_devices WHERE account = $1 AND owner_id = $2 AND owner_id <> '' AND kind = 'fido'`: "SEARCH mfa_devices USING INDEX mfa_devices_owner (account=? AND owner_id=?)\n",
	} {
		if !strings.HasPrefix(plans[query], want) {
			t.Errorf("%s\n%swant\n%s", query, plans[query], want)
		}
	}
	for query, plan := range plans {
		if strings.Contains(query, "FROM audit_records") && strings.Contains(query, "account =") &&
			!strings.Contains(plan, "(account=? AND time>? AND time<?)") {
			t.Errorf("%s\n%s", query, plan)
		}
	}
}
