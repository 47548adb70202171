package store

import (
	"context"
	"encoding/json"
	"iter"
	"slices"

	"github.com/sallyport-iam/sallyport/iam"
)

const profileColumns = `SELECT account, owner_id, hash, history, created, changed, last_used, reset_required FROM login_profiles `

func scanProfile(_ *tx, scan scanner) (p iam.LoginProfile, err error) {
	return p, scan(&p.Account, &p.OwnerID, &p.Hash, jsonColumn{&p.History}, instant{&p.Created}, instant{&p.Changed},
		instant{&p.LastUsed}, &p.ResetRequired)
}

func (t *tx) LoginProfile(_ context.Context, account, ownerID string) (*iam.LoginProfile, error) {
	return one(t, scanProfile, profileColumns+`WHERE account = $1 AND owner_id = $2`, account, ownerID)
}

func (t *tx) LoginProfiles(_ context.Context, account string, ownerIDs []string) (map[string]iam.LoginProfile, error) {
	profiles := map[string]iam.LoginProfile{}
	for owners := range chunks(ownerIDs) {
		in, args := inList(2, owners)
		some, err := list(t, scanProfile, profileColumns+`WHERE account = $1 AND owner_id IN (`+in+`)`,
			append([]any{account}, args...)...)
		if err != nil {
			return nil, err
		}
		for _, p := range some {
			profiles[p.OwnerID] = p
		}
	}
	return profiles, nil
}

// chunks cuts a list into parts that fit an IN list.
func chunks(values []string) iter.Seq[[]string] { return slices.Chunk(values, maxList) }

func (t *tx) InsertLoginProfile(_ context.Context, p *iam.LoginProfile) error {
	return t.insert(`INSERT INTO login_profiles (account, owner_id, hash, history, created, changed, last_used, reset_required)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
		p.Account, p.OwnerID, p.Hash, toJSON(p.History), millis(p.Created), millis(p.Changed), millis(p.LastUsed),
		flag(p.ResetRequired))
}

func (t *tx) UpdateLoginProfile(_ context.Context, p *iam.LoginProfile) error {
	return t.change(`UPDATE login_profiles SET hash = $3, history = $4, changed = $5, last_used = $6, reset_required = $7
		WHERE account = $1 AND owner_id = $2`,
		p.Account, p.OwnerID, p.Hash, toJSON(p.History), millis(p.Changed), millis(p.LastUsed), flag(p.ResetRequired))
}

func (t *tx) DeleteLoginProfile(_ context.Context, account, ownerID string) error {
	return t.change(`DELETE FROM login_profiles WHERE account = $1 AND owner_id = $2`, account, ownerID)
}

func scanPasswordPolicy(_ *tx, scan scanner) (p iam.PasswordPolicy, err error) {
	return p, scan(jsonColumn{&p})
}

func (t *tx) PasswordPolicy(_ context.Context, account string) (*iam.PasswordPolicy, error) {
	return one(t, scanPasswordPolicy, `SELECT policy FROM password_policies WHERE account = $1`, account)
}

func (t *tx) PutPasswordPolicy(_ context.Context, account string, p *iam.PasswordPolicy) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO password_policies (account, policy) VALUES ($1, $2)
		ON CONFLICT (account) DO UPDATE SET policy = excluded.policy`, account, string(text))
	return err
}

func (t *tx) DeletePasswordPolicy(_ context.Context, account string) error {
	return t.change(`DELETE FROM password_policies WHERE account = $1`, account)
}
