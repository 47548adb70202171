package iam_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/iam"
)

// population is a store of users who are made up when they are asked for: user N has the access key keyOf(N).
type population struct {
	iam.Store
	iam.Tx
	policies func(n int) []iam.PolicyText
	groups   []string
	tags     []iam.Tag
}

func keyOf(n int) string { return fmt.Sprintf("AKIA%016d", n) }

func (p *population) View(_ context.Context, fn func(iam.Tx) error) error { return fn(p) }

func (p *population) KeyRecord(_ context.Context, id string) (*iam.AccessKey, *iam.PrincipalRecord, error) {
	n, err := strconv.Atoi(id[len("AKIA"):])
	if err != nil {
		return nil, nil, iam.ErrNotFound
	}
	owner := &iam.PrincipalRecord{
		Account: string([]byte(accountID)), Kind: iam.IAMUser, ID: fmt.Sprintf("AIDA%017d", n), Name: fmt.Sprintf("user%06d", n), Path: "/staff/",
		PolicyVersion: 1, Policies: p.policies(n),
	}
	for _, g := range p.groups {
		owner.Groups = append(owner.Groups, strings.Clone(g))
	}
	for _, tag := range p.tags {
		owner.Tags = append(owner.Tags, iam.Tag{Key: strings.Clone(tag.Key), Value: strings.Clone(tag.Value)})
	}
	return &iam.AccessKey{Account: owner.Account, ID: id, OwnerID: owner.ID, Secret: strings.Repeat("s", 40), Active: true}, owner, nil
}

func (p *population) PrincipalRecord(ctx context.Context, _ string, _ iam.Kind, id string) (*iam.PrincipalRecord, error) {
	_, owner, err := p.KeyRecord(ctx, "AKIA"+id[len("AIDA")+1:])
	return owner, err
}

func inlineText(n int) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::bucket-%d/*"}]}`, n)
}

// populations are the shapes that the memory of a directory is measured with.
var populations = []struct {
	name  string
	store *population
}{
	{"an inline policy each", &population{policies: func(n int) []iam.PolicyText {
		return []iam.PolicyText{{OwnerID: "o", Name: "inline", Document: inlineText(n)}}
	}}},
	{"ten managed policies for all", &population{
		groups: []string{"AGPA00000000000000001", "AGPA00000000000000002"},
		policies: func(int) (all []iam.PolicyText) {
			for i := range 10 {
				name := fmt.Sprintf("managed-policy-%d", i)
				all = append(all, iam.PolicyText{OwnerID: "o", ARN: "arn:aws:iam::" + accountID + ":policy/team/" + name, Name: name, Document: inlineText(i)})
			}
			return all
		}}},
	{"nothing but tags", &population{policies: func(int) []iam.PolicyText { return nil },
		tags: []iam.Tag{{Key: "department", Value: "engineering"}, {Key: "cost-center", Value: "4711"}, {Key: "project", Value: strings.Repeat("x", 200)}}}},
	{"a policy of many statements each", &population{policies: func(n int) []iam.PolicyText {
		var statements []string
		for i := range 8 {
			statements = append(statements, fmt.Sprintf(`{"Sid":"S%d","Effect":"Allow","Action":["s3:Get*","s3:List*","iam:GetUser"],
				"Resource":["arn:aws:s3:::bucket-%d-%d/${aws:username}/*","arn:aws:iam::*:user/u%d"],
				"Condition":{"StringLike":{"aws:PrincipalTag/team":["a*","b%d"]},"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`, i, n, i, i, i))
		}
		return []iam.PolicyText{{OwnerID: "o", Name: "inline", Document: `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`}}
	}}},
}

// people is how many there are; SALLYPORT_PEOPLE says another number, for measuring.
func people(t *testing.T) int {
	n := 4_000
	if text := os.Getenv("SALLYPORT_PEOPLE"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// heapOf is how many bytes are in use after a garbage collection.
func heapOf() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// fill loads people with their keys, who sign something, and returns how many bytes of heap that took.
func fill(t testing.TB, store iam.Store, d *iam.Directory, people int) int64 {
	t.Helper()
	before := heapOf()
	for n := range people {
		c, err := d.Credential(t.Context(), keyOf(n))
		if err != nil {
			t.Fatal(err)
		}
		c.SigningKey("20260911", "eu-central-1", "iam")
		if n%3 == 0 { // a use in between, so that the order of eviction is not that of loading
			if _, err := d.Credential(t.Context(), keyOf(n/2)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return heapOf() - before
}

// The bound is in bytes, so what is weighed must be what things weigh.
func TestDirectoryWeighsHonestly(t *testing.T) {
	for _, p := range populations {
		t.Run(p.name, func(t *testing.T) {
			people := people(t)
			empty := heapOf()
			d := iam.NewDirectory(p.store, people<<15) // nobody has to leave
			empty = heapOf() - empty
			grown := fill(t, p.store, d, people) + empty
			stats := d.Stats()
			if stats.Entries != int64(2*people) {
				t.Fatalf("%d entries of %d people", stats.Entries, people)
			}
			ratio := float64(grown) / float64(stats.Bytes)
			t.Logf("%d people: the heap grew by %d KiB, %d bytes each; weighed %d KiB: %.2f", people, grown>>10, grown/int64(people), stats.Bytes>>10, ratio)
			if ratio > 1.15 || ratio < 0.6 {
				t.Errorf("the heap grew by %d KiB, and %d KiB were weighed: %.2f", grown>>10, stats.Bytes>>10, ratio)
			}
			runtime.KeepAlive(d)
		})
	}
}

// Whoever comes, the directory stays within its bound, and in the long run too.
func TestDirectoryKeepsWithinItsBound(t *testing.T) {
	const limit = 1 << 20
	for _, p := range populations {
		t.Run(p.name, func(t *testing.T) {
			d := iam.NewDirectory(p.store, limit)
			grown := fill(t, p.store, d, people(t))
			stats := d.Stats()
			t.Logf("%d entries, %d KiB weighed, %d KiB of heap", stats.Entries, stats.Bytes>>10, grown>>10)
			if stats.Bytes > limit || grown > limit {
				t.Errorf("a bound of %d KiB: %d KiB weighed, %d KiB of heap", limit>>10, stats.Bytes>>10, grown>>10)
			}
			if stats.Entries == 0 {
				t.Error("nothing was kept")
			}
			runtime.KeepAlive(d)
		})
	}
}
