package store

import (
	"context"
	"errors"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
)

func (t *tx) Throttle(_ context.Context, key string) (iam.Throttle, error) {
	return t.throttle(`SELECT failures, last_failure FROM throttles WHERE name = $1`, key)
}

// LockThrottle locks by writing the row as it is, or a row without failures.
func (t *tx) LockThrottle(_ context.Context, key string) (iam.Throttle, error) {
	return t.throttle(`INSERT INTO throttles (name, failures, last_failure) VALUES ($1, 0, 0)
		ON CONFLICT (name) DO UPDATE SET failures = throttles.failures RETURNING failures, last_failure`, key)
}

func (t *tx) throttle(query, key string) (iam.Throttle, error) {
	throttle := iam.Throttle{Key: key}
	err := t.row(query, []any{key}, &throttle.Failures, instant{&throttle.Last})
	if errors.Is(err, errNoRow) {
		err = nil
	}
	return throttle, err
}

func (t *tx) PutThrottle(_ context.Context, throttle iam.Throttle) error {
	_, err := t.exec(`INSERT INTO throttles (name, failures, last_failure) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET failures = excluded.failures, last_failure = excluded.last_failure`,
		throttle.Key, throttle.Failures, millis(throttle.Last))
	return err
}

func (t *tx) DeleteThrottle(_ context.Context, key string) error {
	_, err := t.exec(`DELETE FROM throttles WHERE name = $1`, key)
	return err
}

// DeleteThrottlesUnder takes the names between key/ and the character that follows the slash: no part of a key is a
// pattern.
func (t *tx) DeleteThrottlesUnder(_ context.Context, key string) error {
	_, err := t.exec(`DELETE FROM throttles WHERE name = $1 OR name >= $2 AND name < $3`, key, key+"/", key+"0")
	return err
}

func (t *tx) PruneThrottles(_ context.Context, before time.Time) (int, error) {
	n, err := t.exec(`DELETE FROM throttles WHERE last_failure < $1`, millis(before))
	return int(n), err
}
