package iam

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/policy"
)

// PreviewPolicyInput asks what attaching a document to everybody would take away.
type PreviewPolicyInput struct {
	PolicyDocument *string
	Marker         *string
	MaxItems       *int32 // 1 to 500
}

// PreviewPolicyOutput is a page of users by name. Total is how many the account has.
type PreviewPolicyOutput struct {
	Users  []UserPreview
	Marker *string `json:",omitempty"`
	Total  int
}

// UserPreview is what the document would do to a user, and the factors that matter for it.
type UserPreview struct {
	UserName         string
	MFAKinds         []DeviceKind // sorted, each once
	Console          bool         // has a password
	ActiveAccessKeys int
	LosesConsole     bool   // something that is allowed now, signed in to the console without MFA, and no device to sign in with MFA
	LosesAccessKeys  bool   // something that is allowed now to an active access key
	Example          string `json:",omitempty"` // an action that would be lost
}

const (
	// maxPreviewed is how many users a page has at most.
	maxPreviewed = 500
	// maxPreviewDocument is the length of the longest document that a request may hold (IAM API Reference,
	// policyDocumentType).
	maxPreviewDocument = 131072
	// maxTried is how many requests of each kind a preview tries for a user and kind of credential. All of this service's
	// operations are some two hundred; what a policy names beyond the bound is not looked at.
	maxTried = 500
	// maxNamed is how many resources of a kind, named in a user's policies, are tried with each operation on that kind.
	maxNamed = 8
)

// targetPreviewPolicy is all users at once, as in the two operations of AWS that tell no less than a preview:
// GetAccountAuthorizationDetails has everybody's policies, GetCredentialReport everybody's passwords, MFA and access
// keys. Neither can be allowed or denied for some users only, so a preview shows nobody what a policy keeps from them.
// (iam:SimulatePrincipalPolicy would be asked user by user, and says nothing of credentials.)
func targetPreviewPolicy(_ context.Context, _ Tx, _ *Caller, in *PreviewPolicyInput) (Target, error) {
	return Target{ARN: "*", Also: []string{"GetCredentialReport"}}, checkText("policyDocument", in.PolicyDocument, maxPreviewDocument)
}

// PreviewPolicy tells for each user of a page whether attaching the document to them would take something away now, by
// trying requests on their policies as they are and as they would be. It tries this service's operations, each on
// plausible resources and on those that the policies name, and what the user's Allow statements and the document's Deny
// statements name of other services. It can miss what depends on condition keys that only a real request has.
func (s *Service) PreviewPolicy(ctx context.Context, tx Tx, c *Caller, in *PreviewPolicyInput) (*PreviewPolicyOutput, error) {
	page, err := consolePaging(in.Marker, in.MaxItems, defaultItems, maxPreviewed)
	if err != nil {
		return nil, err
	}
	if policy.Length(*in.PolicyDocument) > maxPolicySize { // first: reading a long document takes long
		return nil, quotaExceeded("PolicySize", maxPolicySize)
	}
	document, err := policy.Parse(policy.Identity, *in.PolicyDocument)
	if err != nil {
		return nil, malformedPolicy(err)
	}
	out := &PreviewPolicyOutput{}
	if out.Total, err = tx.Count(ctx, c.Account, CountUsers); err != nil {
		return nil, err
	}
	users, err := tx.Users(ctx, c.Account, page)
	if err != nil {
		return nil, err
	}
	users, _, out.Marker = cut(users, page, func(u User) string { return u.Name })
	has, err := credentialsOf(ctx, tx, c.Account, transform(users, func(u User) string { return u.ID }))
	if err != nil {
		return nil, err
	}
	p := s.newPreview(c, document)
	out.Users = make([]UserPreview, 0, len(users))
	for _, u := range users {
		principal, err := s.Directory.load(ctx, tx, c.Account, IAMUser, u.ID)
		if err != nil {
			return nil, err
		}
		_, hasPassword := has.passwords[u.ID]
		out.Users = append(out.Users, p.user(principal, hasPassword, has.devices[u.ID], has.keys[u.ID]))
	}
	return out, nil
}

// preview tries requests with and without a policy.
type preview struct {
	asker      *Caller // users are thought to ask from where the caller of the preview is
	now        time.Time
	document   *policy.Document
	added      policy.Set // the document alone
	operations []previewedOperation
	trust      *policy.Policy
}

// previewedOperation is an action with the kind of resource it is authorised on.
type previewedOperation struct{ action, kind string }

// stsOperations are those of package sts that evaluate policies.
var stsOperations = []previewedOperation{
	{"sts:AssumeRole", "role"}, {"sts:GetFederationToken", "federated user"},
	{"sts:GetAccessKeyInfo", "*"}, {"sts:DecodeAuthorizationMessage", "*"},
}

func (s *Service) newPreview(c *Caller, document *policy.Document) *preview {
	p := &preview{
		asker: c, now: s.Now(), document: document,
		added: policy.Set{Identity: []policy.Policy{{Kind: policy.Identity, Document: document}}},
		trust: trustOfAccount(c.Account),
	}
	seen := make(map[previewedOperation]bool)
	for _, op := range s.Operations() {
		tried := previewedOperation{op.permission(), strings.TrimPrefix(op.Resource, "new ")}
		if !op.Free && (!op.Unlisted || op.Console) && !seen[tried] {
			seen[tried] = true
			p.operations = append(p.operations, tried)
		}
	}
	p.operations = append(p.operations, stsOperations...)
	return p
}

// trustOfAccount is the trust policy of a role that leaves it to the users' own policies who may take it. What the trust
// policies of real roles say is not looked at: a preview would rather tell of too many users than of too few.
func trustOfAccount(account string) *policy.Policy {
	document, err := policy.Parse(policy.Trust, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"`+account+`"},"Action":"sts:AssumeRole"}]}`)
	if err != nil {
		panic(err) // the text is ours
	}
	return &policy.Policy{Kind: policy.Trust, Document: document}
}

func (p *preview) user(u *Principal, hasPassword bool, devices []MFADevice, keys []AccessKey) UserPreview {
	shown := UserPreview{UserName: u.Name, MFAKinds: []DeviceKind{}, Console: hasPassword}
	for _, d := range devices {
		shown.MFAKinds = append(shown.MFAKinds, d.Kind)
	}
	slices.Sort(shown.MFAKinds)
	shown.MFAKinds = slices.Compact(shown.MFAKinds)
	for _, k := range keys {
		if k.Active {
			shown.ActiveAccessKeys++
		}
	}
	if hasPassword && len(devices) == 0 {
		session := &Session{Kind: ConsoleSession, Issued: p.now, Expires: p.now.Add(SignInLifetime)}
		shown.Example, shown.LosesConsole = p.loss(u, session)
	}
	if shown.ActiveAccessKeys > 0 {
		example, loses := p.loss(u, nil)
		shown.LosesAccessKeys = loses
		if shown.Example == "" {
			shown.Example = example
		}
	}
	return shown
}

// loss finds an action that is allowed to the user now, through the session or with a long-term key, and would not be.
//
// What a document allows takes nothing away, and what it denies is denied whatever else is said. So a request is lost
// exactly if the document by itself denies it and the policies of now allow it; the first is quickly told.
func (p *preview) loss(u *Principal, session *Session) (action string, loses bool) {
	if len(u.Policies) == 0 {
		return "", false
	}
	c := &Caller{
		Principal: u, Session: session,
		Region: p.asker.Region, SourceIP: p.asker.SourceIP, UserAgent: p.asker.UserAgent, Secure: p.asker.Secure,
	}
	principal := c.policyPrincipal()
	self := u.ARN()
	onSelf := c.conditions(p.now, &principal, &Target{ARN: self, Tags: u.Tags})
	onOthers := c.conditions(p.now, &principal, &Target{})
	present := policy.Set{Identity: u.Policies, Boundary: u.Boundary}

	names := p.names(u, onOthers)
	for _, requests := range []iter.Seq2[string, string]{p.onPlausible(u), p.onNamed(names), names.elsewhere()} {
		tried := 0
		for action, resource := range requests {
			if tried++; tried > maxTried {
				break
			}
			request := policy.Request{
				Action: action, Resource: resource, Principal: principal, ResourceAccount: u.Account, Context: onOthers,
			}
			if resource == self {
				request.Context = onSelf
			}
			if p.added.Evaluate(&request).Outcome != policy.ExplicitDeny {
				continue
			}
			present.Trust = nil
			if strings.EqualFold(action, "sts:AssumeRole") {
				role, _ := ParseARN(resource)
				present.Trust, request.ResourceAccount = p.trust, role.Account
			}
			if present.Evaluate(&request).Allowed() {
				return action, true
			}
		}
	}
	return "", false
}

// onPlausible are this service's operations on the user and what is theirs, and on others.
func (p *preview) onPlausible(u *Principal) iter.Seq2[string, string] {
	return onResources(p.operations, map[string][]string{
		"*":                   {"*"},
		"user":                {u.ARN(), arn(u.Account, "user", "/", "example")},
		"users under a path":  {arn(u.Account, "user", "/", "")},
		"group":               {arn(u.Account, "group", "/", "example")},
		"groups under a path": {arn(u.Account, "group", "/", "")},
		"role":                {arn(u.Account, "role", "/", "example")},
		"roles under a path":  {arn(u.Account, "role", "/", "")},
		"policy":              {arn(u.Account, "policy", "/", "example")},
		"mfa":                 {arn(u.Account, "mfa", "/", u.Name), arn(u.Account, "mfa", "/", "example")},
		"federated user":      {"arn:aws:sts::" + u.Account + ":federated-user/" + u.Name},
	})
}

// onNamed are this service's operations on the resources that policies name.
func (p *preview) onNamed(names *previewNames) iter.Seq2[string, string] {
	byKind := make(map[string][]string)
	for _, resource := range names.resources {
		name, ok := ParseARN(resource)
		if of := byKind[name.Kind]; ok && len(of) < maxNamed && !slices.Contains(of, resource) {
			byKind[name.Kind] = append(of, resource)
		}
	}
	return onResources(p.operations, byKind)
}

// onResources yields each operation on each resource of its kind.
func onResources(operations []previewedOperation, byKind map[string][]string) iter.Seq2[string, string] {
	return func(yield func(action, resource string) bool) {
		for _, op := range operations {
			for _, resource := range byKind[op.kind] {
				if !yield(op.action, resource) {
					return
				}
			}
		}
	}
}

// previewNames are what statements name: of other services' actions each allowing statement by itself, and all resources.
type previewNames struct {
	allowed   []statementNames
	denied    statementNames // of the document's statements together
	resources []string
}

type statementNames struct{ actions, resources []string }

// names gathers what the user's Allow statements and the document's Deny statements name.
func (p *preview) names(u *Principal, k *policy.Context) *previewNames {
	n := &previewNames{}
	for actions, resources := range p.document.Names(policy.Deny, k) {
		n.denied.actions = append(n.denied.actions, ofOtherServices(actions)...)
		n.denied.resources = append(n.denied.resources, resources...)
	}
	n.resources = append(n.resources, n.denied.resources...)
	for _, own := range u.Policies {
		for actions, resources := range own.Document.Names(policy.Allow, k) {
			n.allowed = append(n.allowed, statementNames{ofOtherServices(actions), resources})
			n.resources = append(n.resources, resources...)
		}
	}
	return n
}

// ofOtherServices leaves out the actions of the services whose operations are known, which are tried one by one.
func ofOtherServices(actions []string) []string {
	return slices.DeleteFunc(actions, func(action string) bool {
		return strings.HasPrefix(action, "iam:") || strings.HasPrefix(action, "sts:")
	})
}

// elsewhere are requests to other services: what a statement allows, and what the document denies, which may be a part
// of it.
func (n *previewNames) elsewhere() iter.Seq2[string, string] {
	return func(yield func(action, resource string) bool) {
		for _, allowed := range n.allowed {
			for _, actions := range [][]string{allowed.actions, n.denied.actions} {
				for _, action := range actions {
					for _, resources := range [][]string{allowed.resources, n.denied.resources} {
						for _, resource := range resources {
							if !yield(action, resource) {
								return
							}
						}
					}
				}
			}
		}
	}
}
