package store

import (
	"context"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
)

const signInNames = `id, token_hash, account, owner_id, step, started, finished, expires, last_seen, mfa, mfa_serial,
	source_ip, user_agent, ceremony, refused`

const signInColumns = `SELECT ` + signInNames + ` FROM sign_ins `

func scanSignIn(_ *tx, scan scanner) (s iam.SignIn, err error) {
	var ceremony string
	err = scan(&s.ID, &s.TokenHash, &s.Account, &s.OwnerID, &s.Step, instant{&s.Started}, instant{&s.Finished},
		instant{&s.Expires}, instant{&s.LastSeen}, instant{&s.MFA}, &s.MFASerial, &s.SourceIP, &s.UserAgent, &ceremony, &s.Refused)
	if ceremony != "" {
		s.Ceremony = []byte(ceremony)
	}
	return s, err
}

func (t *tx) SignIn(_ context.Context, tokenHash string) (*iam.SignIn, error) {
	return one(t, scanSignIn, signInColumns+`WHERE token_hash = $1`, tokenHash)
}

func (t *tx) SignInByID(_ context.Context, account, id string) (*iam.SignIn, error) {
	return one(t, scanSignIn, signInColumns+`WHERE id = $2 AND account = $1`, account, id)
}

func (t *tx) LockSignIn(_ context.Context, tokenHash string) (*iam.SignIn, error) {
	return one(t, scanSignIn, signInColumns+`WHERE token_hash = $1`+t.conn.forUpdate, tokenHash)
}

func (t *tx) SignInsOf(_ context.Context, account, ownerID string) ([]iam.SignIn, error) {
	return list(t, scanSignIn, signInColumns+`WHERE account = $1 AND owner_id = $2 ORDER BY started DESC, id DESC`,
		account, ownerID)
}

// InsertSignIn and UpdateSignIn store source and user agent, which the browser chose, as far as they can be shown.
func (t *tx) InsertSignIn(_ context.Context, s *iam.SignIn) error {
	return t.insert(`INSERT INTO sign_ins (`+signInNames+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING`,
		s.ID, s.TokenHash, s.Account, s.OwnerID, string(s.Step), millis(s.Started), millis(s.Finished), millis(s.Expires),
		millis(s.LastSeen), millis(s.MFA), s.MFASerial, shown(s.SourceIP), shown(s.UserAgent), string(s.Ceremony), s.Refused)
}

func (t *tx) UpdateSignIn(_ context.Context, s *iam.SignIn) error {
	return t.change(`UPDATE sign_ins SET token_hash = $2, step = $3, started = $4, finished = $5, expires = $6, last_seen = $7,
		mfa = $8, mfa_serial = $9, source_ip = $10, user_agent = $11, ceremony = $12, refused = $13 WHERE id = $1`,
		s.ID, s.TokenHash, string(s.Step), millis(s.Started), millis(s.Finished), millis(s.Expires), millis(s.LastSeen),
		millis(s.MFA), s.MFASerial, shown(s.SourceIP), shown(s.UserAgent), string(s.Ceremony), s.Refused)
}

func (t *tx) DeleteSignIn(_ context.Context, account, id string) error {
	return t.change(`DELETE FROM sign_ins WHERE id = $2 AND account = $1`, account, id)
}

func (t *tx) DeleteSignInsOf(_ context.Context, account, ownerID, except string) (int, error) {
	n, err := t.exec(`DELETE FROM sign_ins WHERE account = $1 AND owner_id = $2 AND id <> $3`, account, ownerID, except)
	return int(n), err
}

func (t *tx) PruneSignIns(_ context.Context, now, idleSince time.Time) (int, error) {
	n, err := t.exec(`DELETE FROM sign_ins WHERE expires <= $1 OR last_seen < $2`, millis(now), millis(idleSince))
	return int(n), err
}
