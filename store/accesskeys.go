package store

import (
	"context"
	"maps"
	"slices"

	"github.com/sallyport-iam/sallyport/iam"
)

const keyColumns = `SELECT account, id, owner_id, sealed, active, created, used, used_region, used_service FROM access_keys `

func scanAccessKey(t *tx, scan scanner) (k iam.AccessKey, err error) {
	var sealed []byte
	if err := scan(&k.Account, &k.ID, &k.OwnerID, &sealed, &k.Active, instant{&k.Created},
		instant{&k.LastUse.Time}, &k.LastUse.Region, &k.LastUse.Service); err != nil {
		return k, err
	}
	secret, err := t.unseal(sealed, "access_keys", k.Account, k.ID)
	k.Secret = string(secret)
	return k, err
}

func (t *tx) AccessKey(_ context.Context, id string) (*iam.AccessKey, error) {
	return one(t, scanAccessKey, keyColumns+`WHERE id = $1`, id)
}

func (t *tx) AccessKeys(_ context.Context, account, ownerID string) ([]iam.AccessKey, error) {
	return list(t, scanAccessKey, keyColumns+`WHERE account = $1 AND owner_id = $2 ORDER BY id`, account, ownerID)
}

func (t *tx) AccessKeysOfAll(_ context.Context, account string, ownerIDs []string) (map[string][]iam.AccessKey, error) {
	keys := map[string][]iam.AccessKey{}
	for owners := range chunks(ownerIDs) {
		in, args := inList(2, owners)
		some, err := list(t, scanAccessKey, keyColumns+`WHERE account = $1 AND owner_id IN (`+in+`) ORDER BY owner_id, id`,
			append([]any{account}, args...)...)
		if err != nil {
			return nil, err
		}
		for _, k := range some {
			keys[k.OwnerID] = append(keys[k.OwnerID], k)
		}
	}
	return keys, nil
}

func (t *tx) InsertAccessKey(_ context.Context, k *iam.AccessKey) error {
	return t.insert(`INSERT INTO access_keys (id, account, owner_id, sealed, active, created, used, used_region, used_service)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
		k.ID, k.Account, k.OwnerID, t.seal([]byte(k.Secret), "access_keys", k.Account, k.ID), flag(k.Active),
		millis(k.Created), millis(k.LastUse.Time), k.LastUse.Region, k.LastUse.Service)
}

func (t *tx) SetAccessKeyActive(_ context.Context, account, id string, active bool) error {
	return t.change(`UPDATE access_keys SET active = $3 WHERE id = $2 AND account = $1`, account, id, flag(active))
}

func (t *tx) DeleteAccessKey(_ context.Context, account, id string) error {
	return t.change(`DELETE FROM access_keys WHERE id = $2 AND account = $1`, account, id)
}

// RecordAccessKeyUse never moves a last use back: another node may have recorded a later one. It writes in the
// order of the ids, so that two nodes that write the same keys wait for each other and don't deadlock.
func (t *tx) RecordAccessKeyUse(_ context.Context, uses map[string]iam.AccessKeyUse) error {
	for _, id := range slices.Sorted(maps.Keys(uses)) {
		use := uses[id]
		if _, err := t.exec(`UPDATE access_keys SET used = $2, used_region = $3, used_service = $4
			WHERE id = $1 AND used <= $2`, id, millis(use.Time), use.Region, use.Service); err != nil {
			return err
		}
	}
	return nil
}
