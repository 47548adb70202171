package store

import (
	"context"

	"github.com/sallyport-iam/sallyport/iam"
)

func scanReport(_ *tx, scan scanner) (r iam.CredentialReport, err error) {
	return r, scan(&r.Account, instant{&r.Started}, instant{&r.Generated}, &r.Content)
}

func (t *tx) CredentialReport(_ context.Context, account string) (*iam.CredentialReport, error) {
	return one(t, scanReport, `SELECT account, started, generated, content FROM credential_reports WHERE account = $1`, account)
}

func (t *tx) PutCredentialReport(_ context.Context, r *iam.CredentialReport) error {
	content := r.Content
	if content == nil {
		content = []byte{} // nil would be NULL
	}
	_, err := t.exec(`INSERT INTO credential_reports (account, started, generated, content) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account) DO UPDATE SET started = excluded.started, generated = excluded.generated,
		content = excluded.content`, r.Account, millis(r.Started), millis(r.Generated), content)
	return err
}
