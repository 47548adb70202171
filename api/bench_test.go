package api_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sallyport-iam/sallyport/api"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/store"
	"github.com/sallyport-iam/sallyport/sts"
)

// BenchmarkRequest is what a request costs between net/http and the database: everything that the handler does.
func BenchmarkRequest(b *testing.B) {
	handler, root := newHandler(b)
	for _, c := range []struct{ name, service, body string }{
		{"GetCallerIdentity", "sts", "Action=GetCallerIdentity&Version=2011-06-15"},
		{"GetUser", "iam", "Action=GetUser&UserName=alice&Version=2010-05-08"},
		{"refused", "iam", "Action=GetUser&UserName=nobody&Version=2010-05-08"},
	} {
		b.Run(c.name, func(b *testing.B) {
			signed := sign(b, root, c.service, c.body)
			w := discard{header: make(http.Header)}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				r := *signed
				r.Body = io.NopCloser(strings.NewReader(c.body))
				handler.ServeHTTP(&w, &r)
			}
			if want := map[bool]int{true: http.StatusNotFound, false: http.StatusOK}[c.name == "refused"]; w.status != want {
				b.Errorf("status %d, want %d", w.status, want)
			}
		})
	}
}

// discard is a client that looks at the status alone.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header    { return d.header }
func (d *discard) WriteHeader(status int) { d.status = status }

func (d *discard) Write(p []byte) (int, error) {
	if d.status == 0 {
		d.status = http.StatusOK
	}
	return len(p), nil
}

// newHandler serves a new installation with one account, and returns the credentials of its root user, who has
// made the user alice.
func newHandler(t testing.TB) (*api.Handler, aws.Credentials) {
	t.Helper()
	dir := t.TempDir()
	keyset, err := seal.Create(filepath.Join(dir, "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	database, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "sallyport.db"), keyset, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := database.Close(); err != nil {
			t.Error(err)
		}
	})
	service := &iam.Service{
		Store: database, Directory: iam.NewDirectory(database, iam.DirectoryBytes), Passwords: iam.NewPasswords(1),
		Now: time.Now, Node: "test", Reads: func(iam.AuditEntry) {},
	}
	tokens := &sts.Service{Directory: service.Directory, Keys: keyset, Now: time.Now}
	uses := iam.NewKeyUses(database)
	handler := &api.Handler{
		IAM:        service,
		Signatures: api.Signatures(service.Directory, tokens, time.Now, uses.Add),
		Metrics:    api.NewMetrics(prometheus.NewRegistry()),
		Log:        slog.New(slog.NewTextHandler(io.Discard, nil)),
		Now:        time.Now,
	}
	handler.Serve(service.Operations(), tokens.Operations())
	made, err := service.CreateAccount(t.Context(), iam.AccountRequest{ID: "123456789012", Email: "root@example.com", Password: "correct-horse-7-battery"})
	if err != nil {
		t.Fatal(err)
	}
	root := aws.Credentials{AccessKeyID: made.AccessKeyID, SecretAccessKey: made.SecretAccessKey}
	body := "Action=CreateUser&UserName=alice&Version=2010-05-08"
	r := sign(t, root, "iam", body)
	w := discard{header: make(http.Header)}
	handler.ServeHTTP(&w, r)
	if w.status != http.StatusOK {
		t.Fatalf("CreateUser: status %d", w.status)
	}
	return handler, root
}

// sign makes a request as the AWS CLI would send it.
func sign(t testing.TB, as aws.Credentials, service, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:8080/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = "192.0.2.1:50000"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("User-Agent", "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux md/arch#x86_64 lang/python#3.13.7")
	hash := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(t.Context(), as, r, hex.EncodeToString(hash[:]), service, "eu-central-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	return r
}
