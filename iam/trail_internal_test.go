package iam

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/audit"
)

// CloudTrail User Guide, "CloudTrail userIdentity element": the account whose role is taken learns the caller's
// account and unique id, and no name.
func TestTheRecordForAnotherAccount(t *testing.T) {
	s := &Service{Now: func() time.Time { return time.Unix(1_800_000_000, 0) }, Node: "node"}
	c := &Caller{
		Principal:   &Principal{Account: "111111111111", Kind: IAMUser, ID: "AIDAEXAMPLE", Name: "alice", Path: "/"},
		AccessKeyID: "AKIAEXAMPLE", RequestID: "request",
	}
	op := &Operation{Service: "sts", Action: "AssumeRole", Access: Writes}

	own, theirs := s.record(c, op, nil, nil, nil), s.recordFor("222222222222", c, op, nil, nil, nil)
	if own.Account != c.Account || own.UserName != "alice" {
		t.Errorf("the caller's account has %s, %q", own.Account, own.UserName)
	}
	if theirs.Account != "222222222222" || theirs.UserName != "" {
		t.Errorf("the other account has %s, %q", theirs.Account, theirs.UserName)
	}
	var mine, other audit.Record
	for text, r := range map[*[]byte]*audit.Record{&own.Record: &mine, &theirs.Record: &other} {
		if err := json.Unmarshal(*text, r); err != nil {
			t.Fatal(err)
		}
	}
	if other.RecipientAccountID != "222222222222" || mine.RecipientAccountID != c.Account {
		t.Errorf("recipients %s and %s", other.RecipientAccountID, mine.RecipientAccountID)
	}
	if want := (audit.UserIdentity{Type: "AWSAccount", PrincipalID: "AIDAEXAMPLE", AccountID: c.Account}); other.UserIdentity != want {
		t.Errorf("the other account sees %+v", other.UserIdentity)
	}
	if mine.UserIdentity.UserName != "alice" {
		t.Errorf("the caller's account sees %+v", mine.UserIdentity)
	}
	if other.RequestID != mine.RequestID || other.EventID == mine.EventID {
		t.Errorf("request ids %s and %s, event ids %s and %s", other.RequestID, mine.RequestID, other.EventID, mine.EventID)
	}
}
