package store

import "github.com/sallyport-iam/sallyport/iam"

// QueryRow runs a query of a test's own in a transaction.
func QueryRow(t iam.Tx, query string, dest ...any) error { return t.(*tx).row(query, nil, dest...) }
