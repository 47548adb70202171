package store

import (
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/seal"
)

// openAtVersion makes a database with the schema of an earlier release.
func openAtVersion(t *testing.T, path string, version int64) *sql.DB {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", sqliteDSN(path, "journal_mode(WAL)", "foreign_keys(ON)"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Sub(sqliteMigrations, "migrations/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true), goose.WithTableName("schema_versions"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	return db
}

// Migration 2 takes over what version 1 has stored: passwords with their failures, and devices.
func TestMigrationForTheConsole(t *testing.T) {
	keyset, err := seal.Create(filepath.Join(t.TempDir(), "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "old.db")
	old := openAtVersion(t, path, 1)
	totp := mfa.TOTP{Seed: []byte("ABCDEFGHIJ0123456789"), Digits: 8}
	sealed := keyset.Seal(closeTOTP(totp), "mfa_devices", sealedColumn, rowName("1", "arn:phone"))
	for _, row := range []struct {
		query string
		args  []any
	}{
		{`INSERT INTO meta VALUES ($1, $2)`, []any{keysetMeta, keyset.ID()}},
		{`INSERT INTO users VALUES ('U1', '1', 'Alice', 'alice', '/', 1000, '', '')`, nil},
		{`INSERT INTO login_profiles VALUES ('1', 'U1', 'hash', '["older"]', 1000, 2000, 3000, 1, 7, 4000)`, nil},
		{`INSERT INTO login_profiles VALUES ('1', 'U2', 'hash2', '', 1000, 1000, 0, 0, 0, 0)`, nil},
		{`INSERT INTO mfa_devices VALUES ('1', 'arn:phone', 'arn:phone', 'virtual', 'U1', 1000, 2000, $1, '[{"k":"k","v":"v"}]',
			-1, 5, 6, '7,8', 2, 9, 3, 4)`, []any{sealed}},
		{`INSERT INTO mfa_devices VALUES ('1', 'arn:spare', 'arn:spare', 'virtual', '', 1000, 0, $1, '', 0, 0, 0, '', 0, 0, 0, 0)`,
			[]any{keyset.Seal(closeTOTP(totp), "mfa_devices", sealedColumn, rowName("1", "arn:spare"))}},
	} {
		if _, err := old.ExecContext(t.Context(), row.query, row.args...); err != nil {
			t.Fatalf("%s: %v", row.query, err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}

	at := func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
	for _, opening := range []string{"migrated", "opened again"} {
		s, err := Open(t.Context(), "sqlite:"+path, keyset, Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = s.view(t.Context(), func(tx *tx) error {
			check := func(what string, got any, err error, want any) {
				t.Helper()
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s: %s:\n got %+v, %v\nwant %+v", opening, what, got, err, want)
				}
			}
			profile, err := tx.LoginProfile(unbounded, "1", "U1")
			check("profile", profile, err, &iam.LoginProfile{Account: "1", OwnerID: "U1", Hash: "hash", History: []string{"older"},
				Created: at(1), Changed: at(2), LastUsed: at(3), ResetRequired: true})
			for owner, want := range map[string]iam.Throttle{"U1": {Failures: 7, Last: at(4)}, "U2": {}} {
				want.Key = iam.PasswordThrottle("1", owner)
				throttle, err := tx.Throttle(unbounded, want.Key)
				check("failures of "+owner, throttle, err, want)
			}
			n, err := tx.count(`SELECT COUNT(*) FROM throttles`)
			check("throttles", n, err, 1)
			device, err := tx.MFADevice(unbounded, "1", "arn:phone")
			check("device", device, err, &iam.MFADevice{Account: "1", Serial: "arn:phone", Kind: iam.VirtualDevice, OwnerID: "U1",
				Created: at(1), Enabled: at(2), TOTP: totp, Tags: []iam.Tag{{Key: "k", Value: "v"}},
				State: mfa.State{Drift: -1, LastPair: 5, Floor: 6, Used: []int64{7, 8}, Failures: 2,
					Budget: mfa.Budget{Window: 9, Attempts: 3, PairFailures: 4}}})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if opening == "migrated" { // what version 2 adds can be used beside it
			err = s.update(t.Context(), func(tx *tx) error {
				return tx.InsertMFADevice(unbounded, &iam.MFADevice{Account: "1", Serial: "arn:key", Kind: iam.SecurityKey, OwnerID: "U1",
					Key: &mfa.SecurityKey{CredentialID: []byte("id"), PublicKey: []byte("public")}})
			})
			if err != nil {
				t.Error(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
