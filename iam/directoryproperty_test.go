package iam_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/policy"
	"github.com/sallyport-iam/sallyport/wire"
)

// Whatever is changed, on whichever node, a node decides from memory as it would from the database: at once what it has
// changed itself, after a look at the change table what others have. SALLYPORT_STEPS makes it try for longer,
// SALLYPORT_SEED what has failed.
func TestCachedDecisionsAreTheUncached(t *testing.T) {
	steps, seed := 200, rand.Uint64()
	for name, set := range map[string]func(string) (err error){
		"SALLYPORT_STEPS": func(text string) (err error) { steps, err = strconv.Atoi(text); return err },
		"SALLYPORT_SEED":  func(text string) (err error) { seed, err = strconv.ParseUint(text, 10, 64); return err },
	} {
		if text := os.Getenv(name); text != "" {
			if err := set(text); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	t.Logf("SALLYPORT_SEED=%d", seed)
	w := newWorld(t, rand.New(rand.NewPCG(seed, seed)))
	defer w.readBeside(t)()
	for step := range steps {
		change := w.changes[w.random.IntN(len(w.changes))]
		in := change.in()
		node := w.nodes[w.random.IntN(len(w.nodes))]
		out, err := node.call(t.Context(), w.root, change.action, in)
		var answer *wire.Error
		if err != nil && !errors.As(err, &answer) {
			t.Fatalf("step %d: %s: %v", step, change.action, err)
		}
		if err == nil {
			w.made[change.action]++
			w.note(out)
		}
		fresh := iam.NewDirectory(w.nodes[0].Store, iam.DirectoryBytes)
		for _, n := range w.nodes {
			w.behind[n] = w.behind[n] || n != node
			if w.behind[n] && w.random.IntN(4) > 0 { // not all look after every change
				if err := n.Directory.CatchUp(t.Context()); err != nil {
					t.Fatal(err)
				}
				w.behind[n] = false
			}
			if w.behind[n] {
				continue
			}
			for range 6 {
				if what, cached, uncached := w.ask(t, n.Directory, fresh); cached != uncached {
					t.Fatalf("SALLYPORT_SEED=%d, step %d: after %s (%v), %s:\n cached   %s\n uncached %s", seed, step, change.action, err, what, cached, uncached)
				}
			}
		}
	}
	if hits := w.nodes[1].Directory.Stats().Hits; hits == 0 {
		t.Error("nothing was answered from memory")
	}
	t.Logf("decisions: %v", w.answers)
	if steps >= 2000 { // fewer may happen to have none of some kind
		if w.answers[policy.Allowed] == 0 || w.answers[policy.ExplicitDeny] == 0 || w.answers[policy.ImplicitDeny] == 0 {
			t.Errorf("decisions: %v: the property says little", w.answers)
		}
		for _, change := range w.changes {
			if w.made[change.action] == 0 {
				t.Errorf("%s was never made: the property says nothing about it", change.action)
			}
		}
	}
}

// world is an account on several nodes over one database, with names that could be taken for each other.
type world struct {
	nodes   []*service
	root    *iam.Caller
	random  *rand.Rand
	changes []randomChange
	made    map[string]int
	answers map[policy.Outcome]int
	behind  map[*service]bool // nodes that have not looked since others changed something

	mu   sync.Mutex
	ids  []string // of users and roles, of now and of before
	keys []string
}

type randomChange struct {
	action string
	in     func() any
}

var worldNames = []string{"a", "ab", "b", "ba"}

func newWorld(t *testing.T, random *rand.Rand) *world {
	s := newService(t)
	w := &world{nodes: []*service{s, s.elsewhere(), s.elsewhere()}, root: s.root, random: random,
		made: map[string]int{}, answers: map[policy.Outcome]int{}, behind: map[*service]bool{}}
	for _, n := range w.nodes {
		if err := n.Directory.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.makeChanges()
	for _, name := range worldNames {
		document := allow("*", "s3:Get*")
		w.note(do[awsiam.CreateUserOutput](t, s, s.root, "CreateUser", &awsiam.CreateUserInput{UserName: &name}))
		w.note(do[awsiam.CreateAccessKeyOutput](t, s, s.root, "CreateAccessKey", &awsiam.CreateAccessKeyInput{UserName: &name}))
		do[awsiam.CreateGroupOutput](t, s, s.root, "CreateGroup", &awsiam.CreateGroupInput{GroupName: &name})
		w.note(do[awsiam.CreateRoleOutput](t, s, s.root, "CreateRole", &awsiam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(worldTrust)}))
		do[awsiam.CreatePolicyOutput](t, s, s.root, "CreatePolicy", &awsiam.CreatePolicyInput{PolicyName: &name, PolicyDocument: &document})
	}
	for _, n := range w.nodes {
		if err := n.Directory.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

const worldTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + accountID + `"},"Action":"sts:AssumeRole"}]}`

// note remembers whom to ask about.
func (w *world) note(out any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch out := out.(type) {
	case *awsiam.CreateUserOutput:
		w.ids = append(w.ids, *out.User.UserId)
	case *awsiam.CreateRoleOutput:
		w.ids = append(w.ids, *out.Role.RoleId)
	case *awsiam.CreateAccessKeyOutput:
		w.keys = append(w.keys, *out.AccessKey.AccessKeyId)
	}
}

// readBeside keeps filling the memories while they change, so that a load overtaken by a change would be noticed.
func (w *world) readBeside(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for _, n := range w.nodes {
		readers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				w.mu.Lock()
				id, key := w.ids[i%len(w.ids)], w.keys[i%len(w.keys)]
				w.mu.Unlock()
				n.Directory.Principal(ctx, accountID, kindByPrefix(id), id)
				n.Directory.Credential(ctx, key)
				time.Sleep(200 * time.Microsecond)
			}
		})
	}
	return func() { cancel(); readers.Wait() }
}

func kindByPrefix(id string) iam.Kind {
	if id[:4] == "AROA" {
		return iam.IAMRole
	}
	return iam.IAMUser
}

// ask puts a random question to two directories.
func (w *world) ask(t *testing.T, cached, uncached *iam.Directory) (what, with, without string) {
	pick := func(list []string) string { return list[w.random.IntN(len(list))] }
	w.mu.Lock()
	id, key := pick(w.ids), pick(w.keys)
	w.mu.Unlock()
	var answer func(d *iam.Directory) string
	switch w.random.IntN(6) {
	case 0:
		what = "the key " + key
		answer = func(d *iam.Directory) string {
			c, err := d.Credential(t.Context(), key)
			if err != nil {
				return err.Error()
			}
			owner, err := d.Owner(t.Context(), c)
			if err != nil {
				return err.Error()
			}
			return fmt.Sprint(c.Active, c.Secret == "", owner.ARN(), owner.Tags)
		}
	case 1:
		arn := "arn:aws:iam::" + accountID + ":policy/" + pick(worldNames)
		what = "session policy " + arn
		answer = func(d *iam.Directory) string {
			p, err := d.ManagedSessionPolicy(t.Context(), accountID, arn)
			if err != nil {
				return err.Error()
			}
			set := policy.Set{Identity: []policy.Policy{p}}
			return w.decide(&set, &iam.Principal{Account: accountID, Kind: iam.IAMUser, ID: "x", Name: "x", Path: "/"}, "s3:GetObject", "arn:aws:s3:::a/x")
		}
	default:
		action := pick([]string{"s3:GetObject", "s3:PutObject", "iam:GetUser", "iam:ChangePassword"})
		resource := pick([]string{"arn:aws:s3:::a/x", "arn:aws:s3:::ab/x", "arn:aws:iam::" + accountID + ":user/a", "arn:aws:iam::" + accountID + ":user/p/b"})
		what = fmt.Sprintf("%s on %s by %s", action, resource, id)
		answer = func(d *iam.Directory) string {
			p, err := d.Principal(t.Context(), accountID, kindByPrefix(id), id)
			if err != nil {
				return err.Error()
			}
			return w.decide(&policy.Set{Identity: p.Policies, Boundary: p.Boundary}, p, action, resource)
		}
	}
	return what, answer(cached), answer(uncached)
}

func (w *world) decide(set *policy.Set, p *iam.Principal, action, resource string) string {
	who := policy.Principal{Kind: policy.User, Account: p.Account, ARN: p.ARN(), ID: p.ID}
	if p.Kind == iam.IAMRole {
		who.Kind, who.SessionARN = policy.AssumedRole, "arn:aws:sts::"+p.Account+":assumed-role/"+p.Name+"/x"
	}
	k := policy.NewContext(nil, 8)
	for _, tag := range p.Tags {
		k.Add("aws:PrincipalTag/"+tag.Key, tag.Value)
	}
	k.AddPrincipal(&who)
	decision := set.Evaluate(&policy.Request{Action: action, Resource: resource, Principal: who, Context: k})
	w.answers[decision.Outcome]++
	text := fmt.Sprint(decision.Outcome, " ", decision.Kind, " ", p.ARN(), " ", p.Tags, " ", len(p.Policies))
	if decision.Policy != nil {
		text += " by " + decision.Policy.ARN + " " + decision.Policy.Name + " line " + strconv.Itoa(decision.Statement.Line)
	}
	return text
}

func (w *world) makeChanges() {
	pick := func() *string { return aws.String(worldNames[w.random.IntN(len(worldNames))]) }
	arn := func() *string { return aws.String("arn:aws:iam::" + accountID + ":policy/" + *pick()) }
	of := func(list ...string) string { return list[w.random.IntN(len(list))] }
	document := func() *string {
		return aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"` + of("Allow", "Allow", "Deny") + `","Action":"` + of("s3:GetObject", "s3:*", "*", "iam:Get*") +
			`","Resource":"` + of("*", "arn:aws:s3:::${aws:PrincipalTag/team}/*", "arn:aws:s3:::a/*", "arn:aws:iam::*:user/${aws:username}") + `"}]}`)
	}
	tags := func() []types.Tag {
		return []types.Tag{{Key: aws.String("team"), Value: pick()}}
	}
	version := func() *string { return aws.String(fmt.Sprint("v", 1+w.random.IntN(6))) }
	key := func() *string {
		w.mu.Lock()
		defer w.mu.Unlock()
		return aws.String(w.keys[w.random.IntN(len(w.keys))])
	}
	w.changes = []randomChange{
		{"PutUserPolicy", func() any {
			return &awsiam.PutUserPolicyInput{UserName: pick(), PolicyName: pick(), PolicyDocument: document()}
		}},
		{"DeleteUserPolicy", func() any { return &awsiam.DeleteUserPolicyInput{UserName: pick(), PolicyName: pick()} }},
		{"PutGroupPolicy", func() any {
			return &awsiam.PutGroupPolicyInput{GroupName: pick(), PolicyName: pick(), PolicyDocument: document()}
		}},
		{"DeleteGroupPolicy", func() any { return &awsiam.DeleteGroupPolicyInput{GroupName: pick(), PolicyName: pick()} }},
		{"PutRolePolicy", func() any {
			return &awsiam.PutRolePolicyInput{RoleName: pick(), PolicyName: pick(), PolicyDocument: document()}
		}},
		{"DeleteRolePolicy", func() any { return &awsiam.DeleteRolePolicyInput{RoleName: pick(), PolicyName: pick()} }},
		{"AddUserToGroup", func() any { return &awsiam.AddUserToGroupInput{UserName: pick(), GroupName: pick()} }},
		{"RemoveUserFromGroup", func() any { return &awsiam.RemoveUserFromGroupInput{UserName: pick(), GroupName: pick()} }},
		{"DeleteGroup", func() any { return &awsiam.DeleteGroupInput{GroupName: pick()} }},
		{"CreateGroup", func() any { return &awsiam.CreateGroupInput{GroupName: pick()} }},
		{"AttachUserPolicy", func() any { return &awsiam.AttachUserPolicyInput{UserName: pick(), PolicyArn: arn()} }},
		{"DetachUserPolicy", func() any { return &awsiam.DetachUserPolicyInput{UserName: pick(), PolicyArn: arn()} }},
		{"AttachGroupPolicy", func() any { return &awsiam.AttachGroupPolicyInput{GroupName: pick(), PolicyArn: arn()} }},
		{"DetachGroupPolicy", func() any { return &awsiam.DetachGroupPolicyInput{GroupName: pick(), PolicyArn: arn()} }},
		{"AttachRolePolicy", func() any { return &awsiam.AttachRolePolicyInput{RoleName: pick(), PolicyArn: arn()} }},
		{"DetachRolePolicy", func() any { return &awsiam.DetachRolePolicyInput{RoleName: pick(), PolicyArn: arn()} }},
		{"CreatePolicyVersion", func() any {
			return &awsiam.CreatePolicyVersionInput{PolicyArn: arn(), PolicyDocument: document(), SetAsDefault: w.random.IntN(2) == 0}
		}},
		{"SetDefaultPolicyVersion", func() any { return &awsiam.SetDefaultPolicyVersionInput{PolicyArn: arn(), VersionId: version()} }},
		{"DeletePolicyVersion", func() any { return &awsiam.DeletePolicyVersionInput{PolicyArn: arn(), VersionId: version()} }},
		{"DeletePolicy", func() any { return &awsiam.DeletePolicyInput{PolicyArn: arn()} }},
		{"CreatePolicy", func() any { return &awsiam.CreatePolicyInput{PolicyName: pick(), PolicyDocument: document()} }},
		{"PutUserPermissionsBoundary", func() any {
			return &awsiam.PutUserPermissionsBoundaryInput{UserName: pick(), PermissionsBoundary: arn()}
		}},
		{"DeleteUserPermissionsBoundary", func() any { return &awsiam.DeleteUserPermissionsBoundaryInput{UserName: pick()} }},
		{"PutRolePermissionsBoundary", func() any {
			return &awsiam.PutRolePermissionsBoundaryInput{RoleName: pick(), PermissionsBoundary: arn()}
		}},
		{"DeleteRolePermissionsBoundary", func() any { return &awsiam.DeleteRolePermissionsBoundaryInput{RoleName: pick()} }},
		{"UpdateUser", func() any {
			return &awsiam.UpdateUserInput{UserName: pick(), NewUserName: pick(), NewPath: aws.String(of("/", "/p/"))}
		}},
		{"DeleteUser", func() any { return &awsiam.DeleteUserInput{UserName: aws.String(of("guest", "visitor"))} }},
		{"CreateUser", func() any { return &awsiam.CreateUserInput{UserName: aws.String(of("guest", "visitor")), Tags: tags()} }},
		{"TagUser", func() any { return &awsiam.TagUserInput{UserName: pick(), Tags: tags()} }},
		{"UntagUser", func() any { return &awsiam.UntagUserInput{UserName: pick(), TagKeys: []string{"team"}} }},
		{"TagRole", func() any { return &awsiam.TagRoleInput{RoleName: pick(), Tags: tags()} }},
		{"UntagRole", func() any { return &awsiam.UntagRoleInput{RoleName: pick(), TagKeys: []string{"team"}} }},
		{"UpdateAssumeRolePolicy", func() any {
			return &awsiam.UpdateAssumeRolePolicyInput{RoleName: pick(), PolicyDocument: aws.String(worldTrust)}
		}},
		{"DeleteRole", func() any { return &awsiam.DeleteRoleInput{RoleName: pick()} }},
		{"CreateRole", func() any {
			return &awsiam.CreateRoleInput{RoleName: pick(), AssumeRolePolicyDocument: aws.String(worldTrust), Tags: tags()}
		}},
		{"CreateAccessKey", func() any { return &awsiam.CreateAccessKeyInput{UserName: pick()} }},
		{"UpdateAccessKey", func() any {
			return &awsiam.UpdateAccessKeyInput{UserName: pick(), AccessKeyId: key(), Status: types.StatusType(of("Active", "Inactive"))}
		}},
		{"DeleteAccessKey", func() any { return &awsiam.DeleteAccessKeyInput{UserName: pick(), AccessKeyId: key()} }},
		{"UpdateAccountPasswordPolicy", func() any {
			return &awsiam.UpdateAccountPasswordPolicyInput{AllowUsersToChangePassword: w.random.IntN(2) == 0}
		}},
		{"DeleteAccountPasswordPolicy", func() any { return &awsiam.DeleteAccountPasswordPolicyInput{} }},
	}
}
