package iam

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/sallyport-iam/sallyport/policy"
	"github.com/sallyport-iam/sallyport/wire"
)

// authorize decides whether the caller may make the call, by evaluating every policy that applies.
func (s *Service) authorize(ctx context.Context, tx Tx, c *Caller, op *Operation, in any) (Target, error) {
	if op.Free {
		return Target{}, nil
	}
	target, err := op.target(ctx, tx, c, in)
	if err != nil {
		return Target{}, err
	}
	principal := c.policyPrincipal()
	request := policy.Request{Principal: principal, Context: c.conditions(s.Now(), &principal, &target)}
	if err := s.evaluate(c, op.permission(), &target, request); err != nil {
		return Target{}, err
	}
	if target.Beside != "" {
		beside := target
		beside.ARN, beside.Shown = target.Beside, ""
		if err := s.evaluate(c, op.permission(), &beside, request); err != nil {
			return Target{}, err
		}
	}
	for _, action := range target.Also {
		if err := s.evaluate(c, op.Service+":"+action, &target, request); err != nil {
			return Target{}, err
		}
	}
	return target, nil
}

// evaluate decides on one action; request has the caller and the condition keys.
func (s *Service) evaluate(c *Caller, action string, target *Target, request policy.Request) error {
	request.Action, request.Resource, request.ResourceAccount = action, target.ARN, c.Account
	set := policy.Set{Identity: c.Policies, Boundary: c.Boundary}
	if target.Trust != nil {
		set.Trust, request.ResourceAccount = target.Trust.Policy, target.Trust.Account
	}
	if c.Session != nil {
		set.Sessions, set.HasSession = c.Session.Policies, c.Session.HasPolicies
	}
	decision := set.Evaluate(&request)
	if decision.Allowed() {
		return nil
	}
	return s.denied(c, &request, target, decision)
}

// denied puts a refusal into AWS's words (IAM User Guide, "Troubleshoot access denied error messages").
func (s *Service) denied(c *Caller, r *policy.Request, target *Target, d policy.Decision) error {
	shown := target.Shown
	if shown == "" {
		shown = target.ARN
	}
	message := "User: " + c.UserARN() + " is not authorized to perform: " + r.Action + " on resource: " + shown
	if target.Trust == nil { // STS tells no reason, and nothing of a trust policy, which may be another account's
		message += " " + d.Reason(r.Action)
	} else if d.Kind == policy.Trust {
		d = policy.Decision{Outcome: policy.ImplicitDeny, Kind: policy.Trust}
	}
	refusal := wire.Errorf("AccessDenied", "%s", message)
	if s.Encode == nil {
		return refusal
	}
	return explainedRefusal{refusal, s.Encode(c.Account, explain(c, r, d))}
}

// explainedRefusal is AccessDenied with its sealed explanation.
type explainedRefusal struct {
	answer  *wire.Error
	encoded string
}

func (r explainedRefusal) Error() string { return r.answer.Error() }
func (r explainedRefusal) Unwrap() error { return r.answer }

// EncodedMessage is the sealed explanation of a refusal, for DecodeAuthorizationMessage; "" if err has none.
func EncodedMessage(err error) string {
	var r explainedRefusal
	errors.As(err, &r)
	return r.encoded
}

// explain writes a decision as the JSON that DecodeAuthorizationMessage returns.
func explain(c *Caller, r *policy.Request, d policy.Decision) []byte {
	type item map[string]any
	matched := []item{}
	if d.Statement != nil && d.Policy != nil {
		source := d.Policy.ARN
		if source == "" {
			source = d.Policy.Name
		}
		matched = append(matched, item{"statementId": d.Statement.Sid, "effect": "DENY", "sourcePolicyId": source})
	}
	text, _ := json.Marshal(item{
		"allowed":           d.Allowed(),
		"explicitDeny":      d.Outcome == policy.ExplicitDeny,
		"matchedStatements": item{"items": matched},
		"failures":          item{"items": []item{}},
		"context": item{
			"principal":  item{"id": c.UserID(), "arn": c.UserARN()},
			"action":     r.Action,
			"resource":   r.Resource,
			"conditions": item{"items": mfaItems(r.Context)},
		},
	})
	return text
}

// mfaItems are the condition keys of MFA as the request had them; one that was absent is left out.
func mfaItems(k *policy.Context) []map[string]any {
	items := []map[string]any{}
	for _, key := range []string{"aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"} {
		if value, ok := k.Get(key); ok {
			items = append(items, map[string]any{"key": key, "values": map[string]any{"items": []map[string]any{{"value": value}}}})
		}
	}
	return items
}

// conditions are the values of the condition keys of a request (IAM User Guide, "AWS global condition context
// keys"). A key that has no value in this request is absent, which is not the same as empty or false.
//
// Of a key that is there twice the last value counts, so what the request brought along comes first.
func (c *Caller) conditions(now time.Time, principal *policy.Principal, target *Target) *policy.Context {
	k := policy.NewContext(nil, 24)
	for _, t := range target.Tags {
		k.Add("aws:ResourceTag/"+t.Key, t.Value)
		k.Add("iam:ResourceTag/"+t.Key, t.Value)
	}
	for _, condition := range target.Conditions {
		if condition.Multi {
			k.AddMulti(condition.Key, condition.Values...)
		} else {
			k.Add(condition.Key, condition.Values[0])
		}
	}
	k.Add("aws:CurrentTime", now.UTC().Format("2006-01-02T15:04:05Z"))
	k.Add("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	k.Add("aws:SecureTransport", strconv.FormatBool(c.Secure))
	if c.SourceIP != "" {
		k.Add("aws:SourceIp", c.SourceIP)
	}
	if c.UserAgent != "" {
		k.Add("aws:UserAgent", c.UserAgent)
	}
	k.Add("aws:RequestedRegion", c.Region)
	k.Add("aws:ViaAWSService", "false")
	if c.Session != nil {
		k.Add("aws:TokenIssueTime", c.Session.Issued.UTC().Format("2006-01-02T15:04:05Z"))
		if c.Session.SourceIdentity != "" {
			k.Add("aws:SourceIdentity", c.Session.SourceIdentity)
		}
	}
	for _, t := range c.tags() {
		k.Add("aws:PrincipalTag/"+t.Key, t.Value)
	}
	c.mfaConditions(k, now)
	k.AddPrincipal(principal)
	return k
}

// mfaConditions adds aws:MultiFactorAuthPresent, which is absent with a long-term key, false in a session
// without MFA and true in one with it, and aws:MultiFactorAuthAge, which is there only with MFA. A role's
// session does not inherit the MFA of whoever assumed it: false.
func (c *Caller) mfaConditions(k *policy.Context, now time.Time) {
	when := c.MFA()
	if c.LongTerm() && when.IsZero() {
		return
	}
	k.Add("aws:MultiFactorAuthPresent", strconv.FormatBool(!when.IsZero()))
	if !when.IsZero() {
		age := max(seconds(now.Sub(when)), 0)
		k.Add("aws:MultiFactorAuthAge", strconv.FormatInt(age, 10))
	}
}

// RequestTags are the condition values of the tags that a call sends.
func RequestTags(tags []Tag) []Condition {
	if len(tags) == 0 {
		return nil
	}
	var all []Condition
	keys := make([]string, len(tags))
	for i, t := range tags {
		keys[i] = t.Key
		all = append(all, Condition{Key: "aws:RequestTag/" + t.Key, Values: []string{t.Value}})
	}
	return append(all, Condition{Key: "aws:TagKeys", Values: keys, Multi: true})
}
