package store_test

import (
	"path/filepath"
	"testing"

	"github.com/sallyport-iam/sallyport/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func newDatabase(t testing.TB) storetest.Database {
	return storetest.Database{URL: "sqlite:" + filepath.Join(t.TempDir(), "sally port?#%41.db"), Keyset: storetest.NewKeyset(t)}
}

func TestSQLite(t *testing.T) { storetest.Run(t, newDatabase) }
