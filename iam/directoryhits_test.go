package iam_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sallyport-iam/sallyport/api"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/sts"
)

// Who is in memory is authenticated, and told who they are, without the database: with a long-term key, and in a role's
// session that is limited by a managed policy.
func TestGetCallerIdentityOfSomebodyKnownAsksNoDatabase(t *testing.T) {
	s := newService(t)
	store := &gate{Store: s.Store}
	directory := iam.NewDirectory(store, iam.DirectoryBytes)
	s.Service.Store, s.Service.Directory, s.Service.Now = store, directory, time.Now
	keyset, err := seal.Create(filepath.Join(t.TempDir(), "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	tokens := &sts.Service{Directory: directory, Keys: keyset, Now: time.Now}
	handler := &api.Handler{
		IAM: s.Service, Signatures: api.Signatures(directory, tokens, time.Now, func(string, iam.AccessKeyUse) {}),
		Metrics: api.NewMetrics(prometheus.NewRegistry()), Log: s.Log, Now: time.Now,
	}
	handler.Serve(s.Operations(), tokens.Operations())
	for _, op := range append(s.Operations(), tokens.Operations()...) {
		s.operations[op.Action] = &op
	}

	alice := s.user(t, "alice", allow("*", "sts:AssumeRole"))
	key, err := directory.Credential(t.Context(), alice.AccessKeyID)
	if err != nil {
		t.Fatal(err)
	}
	role := do[awsiam.CreateRoleOutput](t, s, s.root, "CreateRole", &awsiam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(worldTrust)})
	limit := s.policy(t, "limit", allow("*", "s3:*"))
	in := &awssts.AssumeRoleInput{RoleArn: role.Role.Arn, RoleSessionName: aws.String("x")}
	if err := json.Unmarshal([]byte(`[{"Arn":"`+limit+`"}]`), &in.PolicyArns); err != nil {
		t.Fatal(err)
	}
	out, err := s.Do(t.Context(), alice, s.operations["AssumeRole"], in)
	if err != nil {
		t.Fatal(err)
	}
	session := out.(*awssts.AssumeRoleOutput).Credentials
	for name, credentials := range map[string]aws.Credentials{
		"alice":          {AccessKeyID: alice.AccessKeyID, SecretAccessKey: key.Secret},
		"assumed-role/r": {AccessKeyID: *session.AccessKeyId, SecretAccessKey: *session.SecretAccessKey, SessionToken: *session.SessionToken},
	} {
		call := func() {
			t.Helper()
			const body = "Action=GetCallerIdentity&Version=2011-06-15"
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			hash := sha256.Sum256([]byte(body))
			if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, hex.EncodeToString(hash[:]), "sts", "eu-central-1", time.Now()); err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), name) {
				t.Fatalf("%s: %d %s", name, w.Code, w.Body)
			}
		}
		call()
		before := store.began.Load()
		for range 10 {
			call()
		}
		if n := store.began.Load() - before; n != 0 {
			t.Errorf("%s: ten calls asked the database %d times", name, n)
		}
	}
}

func TestHitsAllocateNothing(t *testing.T) {
	d := iam.NewDirectory(users(), iam.DirectoryBytes)
	d.Grace = time.Hour
	key := keyOf(1)
	if n := testing.AllocsPerRun(1000, func() { hit(t, d, key) }); n != 0 {
		t.Errorf("a hit allocates %v times", n)
	}
}

// hit is what a request with a long-term key asks of a directory.
func hit(t testing.TB, d *iam.Directory, key string) {
	c, err := d.Credential(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Owner(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	c.SigningKey("20260911", "eu-central-1", "iam")
}

// BenchmarkDirectoryHit compares hits from all processors with the same hits under one lock, as they would be if each had
// to change the order of entries.
func BenchmarkDirectoryHit(b *testing.B) {
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = keyOf(i)
	}
	var one sync.Mutex
	for _, bench := range []struct {
		name string
		hit  func(d *iam.Directory, key string)
	}{
		{"beside each other", func(d *iam.Directory, key string) { hit(b, d, key) }},
		{"under one lock", func(d *iam.Directory, key string) {
			one.Lock()
			defer one.Unlock()
			hit(b, d, key)
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			d := iam.NewDirectory(users(), iam.DirectoryBytes)
			for _, key := range keys {
				hit(b, d, key)
			}
			var offset atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for i := int(offset.Add(17)); pb.Next(); i++ {
					bench.hit(d, keys[i%len(keys)])
				}
			})
		})
	}
}
