package store

import "fmt"

// Every secret is in a column of this name, and its row is named by account and key.
const sealedColumn = "sealed"

func rowName(account, key string) string { return account + "/" + key }

// seal encrypts a secret for its row.
func (t *tx) seal(secret []byte, table, account, key string) []byte {
	return t.keyset.Seal(secret, table, sealedColumn, rowName(account, key))
}

// unseal decrypts what seal made for this row. The transaction goes on after an error.
func (t *tx) unseal(sealed []byte, table, account, key string) ([]byte, error) {
	secret, err := t.keyset.Unseal(sealed, table, sealedColumn, rowName(account, key))
	if err != nil {
		return nil, fmt.Errorf("store: the secret of row %s in table %s does not open: %w", rowName(account, key), table, err)
	}
	return secret, nil
}
