package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
)

const deviceNames = `account, serial, kind, owner_id, created, enabled, sealed, tags, drift, last_pair, floor, used, failures,
	budget_window, attempts, pair_failures, sign_count, backed_up`

const deviceColumns = `SELECT ` + deviceNames + ` FROM mfa_devices `

func scanDevice(t *tx, scan scanner) (d iam.MFADevice, err error) {
	var sealed []byte
	var signCount uint32
	var backedUp bool
	s := &d.State
	if err := scan(&d.Account, &d.Serial, &d.Kind, &d.OwnerID, instant{&d.Created}, instant{&d.Enabled}, &sealed,
		jsonColumn{&d.Tags}, &s.Drift, &s.LastPair, &s.Floor, stepsColumn{&s.Used}, &s.Failures,
		&s.Budget.Window, &s.Budget.Attempts, &s.Budget.PairFailures, &signCount, &backedUp); err != nil {
		return d, err
	}
	secret, err := t.unseal(sealed, "mfa_devices", d.Account, d.Serial)
	if err != nil {
		return d, err
	}
	if d.Kind == iam.SecurityKey {
		if d.Key, err = openKey(secret); err == nil {
			d.Key.SignCount, d.Key.BackedUp = signCount, backedUp
		}
		return d, err
	}
	d.TOTP, err = openTOTP(secret)
	return d, err
}

// closeSecret is the plaintext of what the store seals of a device. Nothing of a security key is secret, but sealed and
// bound to its row it can't be replaced by another's. The kinds' plaintexts are told apart by what they must hold, so
// that who changes a row's kind gets no device, such as one without a seed.
func closeSecret(d *iam.MFADevice) []byte {
	if d.Key == nil {
		return closeTOTP(d.TOTP)
	}
	text, _ := json.Marshal(d.Key) // always marshals
	return text
}

func openKey(text []byte) (*mfa.SecurityKey, error) {
	k := new(mfa.SecurityKey)
	if err := json.Unmarshal(text, k); err != nil || len(k.PublicKey) == 0 {
		return nil, errors.New("store: a security key has an unknown form")
	}
	return k, nil
}

// securityKeyColumns are the columns of a security key; for other devices they are empty.
func securityKeyColumns(k *mfa.SecurityKey) (credentialID string, signCount, backedUp int64) {
	if k == nil {
		return "", 0, 0
	}
	return base64.RawURLEncoding.EncodeToString(k.CredentialID), int64(k.SignCount), flag(k.BackedUp)
}

// sealedTOTP is the plaintext of a device's secret. The parameters are in it too, so that nobody who can write
// the database can make codes shorter or steps longer.
type sealedTOTP struct {
	Seed      []byte `json:"seed"`
	Algorithm string `json:"alg,omitempty"`
	Digits    int    `json:"digits,omitempty"`
	Period    int64  `json:"period,omitempty"` // milliseconds
}

func closeTOTP(t mfa.TOTP) []byte {
	text, _ := json.Marshal(sealedTOTP{t.Seed, string(t.Algorithm), t.Digits, t.Period.Milliseconds()}) // always marshals
	return text
}

func openTOTP(text []byte) (mfa.TOTP, error) {
	var s sealedTOTP
	if json.Unmarshal(text, &s) != nil || len(s.Seed) == 0 { // the error of Unmarshal could quote the seed
		return mfa.TOTP{}, errors.New("store: the secret of an MFA device has an unknown form")
	}
	return mfa.TOTP{Seed: s.Seed, Algorithm: mfa.Algorithm(s.Algorithm), Digits: s.Digits,
		Period: time.Duration(s.Period) * time.Millisecond}, nil
}

func (t *tx) MFADevice(_ context.Context, account, serial string) (*iam.MFADevice, error) {
	return one(t, scanDevice, deviceColumns+`WHERE account = $1 AND serial = $2`, account, serial)
}

func (t *tx) LockMFADevice(_ context.Context, account, serial string) (*iam.MFADevice, error) {
	return one(t, scanDevice, deviceColumns+`WHERE account = $1 AND serial = $2`+t.conn.forUpdate, account, serial)
}

func (t *tx) MFADevicesOf(_ context.Context, account, ownerID string) ([]iam.MFADevice, error) {
	return list(t, scanDevice, deviceColumns+`WHERE account = $1 AND owner_id = $2 AND owner_id <> '' ORDER BY serial`,
		account, ownerID)
}

func (t *tx) MFADevicesOfAll(_ context.Context, account string, ownerIDs []string) (map[string][]iam.MFADevice, error) {
	devices := map[string][]iam.MFADevice{}
	for owners := range chunks(ownerIDs) {
		in, args := inList(2, owners)
		some, err := list(t, scanDevice, deviceColumns+`WHERE account = $1 AND owner_id <> '' AND owner_id IN (`+in+`)
			ORDER BY owner_id, serial`, append([]any{account}, args...)...)
		if err != nil {
			return nil, err
		}
		for _, d := range some {
			devices[d.OwnerID] = append(devices[d.OwnerID], d)
		}
	}
	return devices, nil
}

// virtualConditions are the conditions of the partial indexes, word by word.
var virtualConditions = map[iam.AssignmentStatus]string{
	iam.Any:        `kind = 'virtual'`,
	iam.Assigned:   `kind = 'virtual' AND owner_id <> ''`,
	iam.Unassigned: `kind = 'virtual' AND owner_id = ''`,
}

func (t *tx) VirtualMFADevices(_ context.Context, account string, status iam.AssignmentStatus, page iam.Page) ([]iam.MFADevice, error) {
	condition, ok := virtualConditions[status]
	if !ok {
		return nil, fmt.Errorf("store: no assignment status %q", status)
	}
	return list(t, scanDevice, deviceColumns+`WHERE account = $1 AND serial > $2 AND `+condition+` ORDER BY serial LIMIT $3`,
		account, page.After, limit(page))
}

// InsertMFADevice also returns iam.ErrExists for a hardware token whose serial number differs from that of another
// in case only, and for a security key whose credential id is that of another in any account.
func (t *tx) InsertMFADevice(_ context.Context, d *iam.MFADevice) error {
	s := &d.State
	credentialID, signCount, backedUp := securityKeyColumns(d.Key)
	return t.insert(`INSERT INTO mfa_devices (`+deviceNames+`, serial_key, credential_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) ON CONFLICT DO NOTHING`,
		d.Account, d.Serial, string(d.Kind), d.OwnerID, millis(d.Created), millis(d.Enabled),
		t.seal(closeSecret(d), "mfa_devices", d.Account, d.Serial), toJSON(d.Tags),
		s.Drift, s.LastPair, s.Floor, steps(s.Used), s.Failures, s.Budget.Window, s.Budget.Attempts, s.Budget.PairFailures,
		signCount, backedUp, nameKey(d.Serial), credentialID)
}

func (t *tx) UpdateMFADevice(_ context.Context, d *iam.MFADevice) error {
	s := &d.State
	_, signCount, backedUp := securityKeyColumns(d.Key)
	return t.change(`UPDATE mfa_devices SET owner_id = $3, enabled = $4, tags = $5, drift = $6, last_pair = $7, floor = $8,
		used = $9, failures = $10, budget_window = $11, attempts = $12, pair_failures = $13,
		sign_count = $14, backed_up = $15 WHERE account = $1 AND serial = $2`,
		d.Account, d.Serial, d.OwnerID, millis(d.Enabled), toJSON(d.Tags), s.Drift, s.LastPair, s.Floor, steps(s.Used),
		s.Failures, s.Budget.Window, s.Budget.Attempts, s.Budget.PairFailures, signCount, backedUp)
}

func (t *tx) DeleteMFADevice(_ context.Context, account, serial string) error {
	return t.change(`DELETE FROM mfa_devices WHERE account = $1 AND serial = $2`, account, serial)
}

func (t *tx) MFABudget(_ context.Context, account, serial string) (b mfa.Budget, err error) {
	err = t.row(`SELECT budget_window, attempts, pair_failures FROM mfa_budgets WHERE account = $1 AND serial = $2`,
		[]any{account, serial}, &b.Window, &b.Attempts, &b.PairFailures)
	if errors.Is(err, errNoRow) {
		return mfa.Budget{}, nil
	}
	return b, err
}

func (t *tx) PutMFABudget(_ context.Context, account, serial string, b mfa.Budget) error {
	if _, err := t.exec(`DELETE FROM mfa_budgets WHERE account = $1 AND budget_window < $2`, account, b.Window); err != nil {
		return err
	}
	_, err := t.exec(`INSERT INTO mfa_budgets (account, serial, budget_window, attempts, pair_failures)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account, serial) DO UPDATE SET budget_window = excluded.budget_window,
		attempts = excluded.attempts, pair_failures = excluded.pair_failures`,
		account, serial, b.Window, b.Attempts, b.PairFailures)
	return err
}
