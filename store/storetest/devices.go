package storetest

import (
	"context"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
)

// totp returns a secret of its own for each name: no two devices may share a seed.
func totp(name string) mfa.TOTP {
	sum := sha256.Sum256([]byte(name))
	return mfa.TOTP{Seed: sum[:20]}
}

func virtual(account, name string) *iam.MFADevice {
	serial := "arn:aws:iam::" + account + ":mfa/" + name
	return &iam.MFADevice{Account: account, Serial: serial, Kind: iam.VirtualDevice, Created: day(0), TOTP: totp(serial)}
}

func testMFADevices(t *testing.T, d Database) {
	s := d.Open(t)
	phone := virtual(accountA, "phone")
	phone.OwnerID, phone.Enabled, phone.Tags = "AIDA1", day(1), []iam.Tag{{Key: "k", Value: "v"}}
	token := &iam.MFADevice{Account: accountA, Serial: "GAKT000123", Kind: iam.HardwareDevice, Created: day(2), OwnerID: "AIDA1",
		TOTP: mfa.TOTP{Seed: []byte{0, 1, 2, 255, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, Algorithm: mfa.SHA256, Digits: 8, Period: time.Minute}}
	spare := virtual(accountA, "Phone")
	steps(t, s,
		step{"insert", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertMFADevice(ctx, phone) }},
		step{"serial taken", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error { return tx.InsertMFADevice(ctx, virtual(accountA, "phone")) }},
		step{"serial in other case is another", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertMFADevice(ctx, spare) }},
		step{"token", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertMFADevice(ctx, token) }},
		step{"same serial elsewhere", nil, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertMFADevice(ctx, &iam.MFADevice{Account: accountB, Serial: "GAKT000123", Kind: iam.HardwareDevice, TOTP: totp("B"), OwnerID: "AIDA1"})
		}},
		step{"token's serial in other case", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertMFADevice(ctx, &iam.MFADevice{Account: accountA, Serial: "gakt000123", Kind: iam.HardwareDevice, TOTP: totp("C")})
		}},
		step{"update of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error { return tx.UpdateMFADevice(ctx, virtual(accountA, "x")) }},
		step{"deletion of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteMFADevice(ctx, accountA, "x") }},
		step{"lock of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error { _, err := tx.LockMFADevice(ctx, accountA, "x"); return err }},
	)
	bySerial := func(serial string) func(context.Context, iam.Tx) (*iam.MFADevice, error) {
		return func(ctx context.Context, tx iam.Tx) (*iam.MFADevice, error) {
			return tx.MFADevice(ctx, accountA, serial)
		}
	}
	equal(t, "virtual", get(t, s, bySerial(phone.Serial)), phone)
	equal(t, "in other case", get(t, s, bySerial(spare.Serial)), spare)
	equal(t, "hardware", get(t, s, bySerial("GAKT000123")), token)
	missing(t, s, "unknown", bySerial("gakt000123"))
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		locked, err := tx.LockMFADevice(ctx, accountA, phone.Serial)
		equal(t, "locked", locked, phone)
		return err
	})
	equal(t, "of an owner", get(t, s, func(ctx context.Context, tx iam.Tx) ([]iam.MFADevice, error) {
		return tx.MFADevicesOf(ctx, accountA, "AIDA1")
	}), []iam.MFADevice{*token, *phone})
	equal(t, "unassigned are nobody's", get(t, s, func(ctx context.Context, tx iam.Tx) ([]iam.MFADevice, error) {
		return tx.MFADevicesOf(ctx, accountA, "")
	}), nil)
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		spare.OwnerID = accountA
		return tx.UpdateMFADevice(ctx, spare)
	})
	equal(t, "of many owners", get(t, s, func(ctx context.Context, tx iam.Tx) (map[string][]iam.MFADevice, error) {
		return tx.MFADevicesOfAll(ctx, accountA, []string{"AIDA1", accountA, "AIDA9", ""})
	}), map[string][]iam.MFADevice{"AIDA1": {*token, *phone}, accountA: {*spare}})

	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteMFADevice(ctx, accountA, phone.Serial) })
	missing(t, s, "deleted", bySerial(phone.Serial))
}

func testMFAState(t *testing.T, d Database) {
	s := d.Open(t)
	device := virtual(accountA, "phone")
	device.State = mfa.State{Drift: -3, LastPair: 59_000_000, Floor: 58_999_999, Used: []int64{-1, 59_000_001, 1 << 40}, Failures: 7,
		Budget: mfa.Budget{Window: 9_000_000, Attempts: 4, PairFailures: 2}}
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.InsertMFADevice(ctx, device) })
	read := func() *iam.MFADevice {
		return get(t, s, func(ctx context.Context, tx iam.Tx) (*iam.MFADevice, error) {
			return tx.MFADevice(ctx, accountA, device.Serial)
		})
	}
	equal(t, "inserted", read(), device)
	device.State = mfa.State{Used: []int64{5}}
	device.OwnerID, device.Enabled, device.Tags = "AIDA1", day(3), []iam.Tag{{Key: "a", Value: "b"}}
	changed := *device
	changed.TOTP = mfa.TOTP{Seed: []byte("another seed of 20 b")} // must not be stored
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.UpdateMFADevice(ctx, &changed) })
	equal(t, "updated, but not the secret", read(), device)
	device.State, device.OwnerID, device.Enabled, device.Tags = mfa.State{}, "", time.Time{}, nil
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.UpdateMFADevice(ctx, device) })
	equal(t, "emptied", read(), device)
}

func testVirtualLists(t *testing.T, d Database) {
	s := d.Open(t)
	lists := map[iam.AssignmentStatus][]string{}
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		for i, name := range []string{"b", "B", "a", "team/a", "a_", "a%", "z"} {
			device := virtual(accountA, name)
			status := iam.Unassigned
			if i%2 == 0 {
				device.OwnerID, status = "AIDA1", iam.Assigned
			}
			lists[status] = append(lists[status], device.Serial)
			lists[iam.Any] = append(lists[iam.Any], device.Serial)
			if err := tx.InsertMFADevice(ctx, device); err != nil {
				return err
			}
		}
		return first(
			tx.InsertMFADevice(ctx, &iam.MFADevice{Account: accountA, Serial: "TOKEN", Kind: iam.HardwareDevice, TOTP: totp("TOKEN")}),
			tx.InsertMFADevice(ctx, &iam.MFADevice{Account: accountA, Serial: "TOKEN2", Kind: iam.HardwareDevice, TOTP: totp("TOKEN2"), OwnerID: "AIDA1"}),
			tx.InsertMFADevice(ctx, virtual(accountB, "b")),
		)
	})
	for status, serials := range lists {
		slices.Sort(serials)
		pages(t, s, string(status), "", func(d iam.MFADevice) string { return d.Serial }, serials,
			func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.MFADevice, error) {
				return tx.VirtualMFADevices(ctx, accountA, status, page)
			})
	}
	if err := s.View(t.Context(), func(tx iam.Tx) error {
		_, err := tx.VirtualMFADevices(t.Context(), accountA, "Lost", iam.Page{Limit: 1})
		return err
	}); err == nil {
		t.Error("an unknown status is accepted")
	}
}

func testMFABudgets(t *testing.T, d Database) {
	s := d.Open(t)
	budget := func(account, serial string) mfa.Budget {
		return get(t, s, func(ctx context.Context, tx iam.Tx) (mfa.Budget, error) { return tx.MFABudget(ctx, account, serial) })
	}
	equal(t, "unknown", budget(accountA, "S"), mfa.Budget{})
	want := mfa.Budget{Window: 7, Attempts: 9, PairFailures: 10}
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return first(tx.PutMFABudget(ctx, accountA, "S", mfa.Budget{Window: 6, Attempts: 1}), tx.PutMFABudget(ctx, accountA, "S", want),
			tx.InsertMFADevice(ctx, &iam.MFADevice{Account: accountA, Serial: "S", Kind: iam.HardwareDevice, TOTP: totp("S")}),
			tx.DeleteMFADevice(ctx, accountA, "S"))
	})
	equal(t, "outlives its device", budget(accountA, "S"), want)
	equal(t, "of another account", budget(accountB, "S"), mfa.Budget{})
	equal(t, "of another case", budget(accountA, "s"), mfa.Budget{})
}

// securityKey is a security key of an owner, with everything in it that a key can have.
func securityKey(account, owner, name string) *iam.MFADevice {
	return &iam.MFADevice{Account: account, Serial: "arn:aws:iam::" + account + ":u2f/user/" + owner + "/" + name, Kind: iam.SecurityKey,
		OwnerID: owner, Created: day(0), Enabled: day(1), Tags: []iam.Tag{{Key: "k", Value: "v"}},
		Key: &mfa.SecurityKey{
			CredentialID: []byte("id of " + name + "\x00\xff"), PublicKey: []byte{0xA5, 0, 1, 2}, Algorithm: -7, AAGUID: []byte{1, 2, 3},
			Transports: []string{"usb", "nfc"}, Attachment: "cross-platform", Attestation: "packed",
			Certifications: map[string]string{"FIDO": "L1"}, UserVerified: true, BackupEligible: true, SignCount: 1<<32 - 2,
		}}
}

func testSecurityKeys(t *testing.T, d Database) {
	s := d.Open(t)
	key := securityKey(accountA, "AIDA1", "yubi")
	least := &iam.MFADevice{Account: accountA, Serial: "least", Kind: iam.SecurityKey, OwnerID: "AIDA1",
		Key: &mfa.SecurityKey{CredentialID: []byte{0}, PublicKey: []byte{1}, BackedUp: true}}
	sameSerial := securityKey(accountA, "AIDA1", "yubi")
	sameSerial.Key.CredentialID = []byte("another")
	sameCredential := func(account, owner, serial string) *iam.MFADevice {
		d := securityKey(account, owner, "yubi")
		d.Serial = serial
		return d
	}
	insert := func(name string, want error, d *iam.MFADevice) step {
		return step{name, want, func(ctx context.Context, tx iam.Tx) error { return tx.InsertMFADevice(ctx, d) }}
	}
	steps(t, s,
		step{"owner", nil, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertUser(ctx, user(accountA, "AIDA1", "u", "/"))
		}},
		insert("key", nil, key), insert("least", nil, least),
		insert("serial taken", iam.ErrExists, sameSerial),
		insert("credential of the same user", iam.ErrExists, sameCredential(accountA, "AIDA1", "s")),
		insert("credential of another user", iam.ErrExists, sameCredential(accountA, "AIDA2", "s")),
		insert("credential of another account", iam.ErrExists, sameCredential(accountB, "AIDA3", "s")),
		insert("devices without credential are not each other's like", nil, virtual(accountA, "a")),
		insert("devices without credential, again", nil, virtual(accountB, "a")),
	)
	bySerial := func(serial string) func(context.Context, iam.Tx) (*iam.MFADevice, error) {
		return func(ctx context.Context, tx iam.Tx) (*iam.MFADevice, error) {
			return tx.MFADevice(ctx, accountA, serial)
		}
	}
	equal(t, "key", get(t, s, bySerial(key.Serial)), key)
	equal(t, "least", get(t, s, bySerial("least")), least)
	equal(t, "of an owner", get(t, s, func(ctx context.Context, tx iam.Tx) ([]iam.MFADevice, error) {
		return tx.MFADevicesOf(ctx, accountA, "AIDA1")
	}), []iam.MFADevice{*key, *least})
	equal(t, "keys are no virtual devices", len(get(t, s, func(ctx context.Context, tx iam.Tx) ([]iam.MFADevice, error) {
		return tx.VirtualMFADevices(ctx, accountA, iam.Any, iam.Page{Limit: 9})
	})), 1)

	other := *key.Key
	other.CredentialID, other.PublicKey, other.Algorithm, other.UserVerified = []byte("forged"), []byte("forged"), 0, false
	other.SignCount, other.BackedUp = 1<<32-1, true
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		locked, err := tx.LockMFADevice(ctx, accountA, key.Serial)
		equal(t, "locked", locked, key)
		locked.Key = &other
		return first(err, tx.UpdateMFADevice(ctx, locked))
	})
	key.Key.SignCount, key.Key.BackedUp = 1<<32-1, true
	equal(t, "updated, but only counter and backup", get(t, s, bySerial(key.Serial)), key)
	steps(t, s, insert("the credential id is not changed either", iam.ErrExists, sameCredential(accountB, "AIDA3", "s")))

	again := sameCredential(accountB, "AIDA3", "s")
	steps(t, s,
		step{"delete", nil, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteMFADevice(ctx, accountA, key.Serial) }},
		insert("the credential of a deleted key is free", nil, again),
		step{"delete the owner", nil, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteUser(ctx, accountA, "AIDA1") }},
	)
	missing(t, s, "key of a deleted user", bySerial("least"))
	least.OwnerID = "AIDA2"
	steps(t, s, insert("the credential of a deleted user is free", nil, least))
}
