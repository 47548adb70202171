package signin_test

import (
	"encoding/json"
	"testing"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/signin"
)

// The records are those of CloudTrail User Guide, "AWS Management Console sign-in events".
func TestRecords(t *testing.T) {
	in := newSite(t)
	alice := in.user("alice")
	phone := in.enrol("alice", "phone")

	in.Password(t.Context(), as("alice", "nope"), browser)
	in.Password(t.Context(), as("nobody", "nope"), browser)
	in.Password(t.Context(), signin.Credentials{AccountOrAlias: "other", UserName: "alice", Password: "nope"}, browser)
	in.Password(t.Context(), signin.Credentials{Email: "nobody@example.com", Password: "nope"}, browser)
	in.Password(t.Context(), signin.Credentials{Email: rootEmail, Password: "nope"}, browser)
	in.Password(t.Context(), signin.Credentials{Email: rootEmail, Password: rootPassword}, browser)
	state := in.enter("alice")
	in.Code(t.Context(), state.Token, phone.serial, phone.wrongCode(), browser)
	done, err := in.Code(t.Context(), state.Token, phone.serial, phone.code(0), browser)
	in.at(done, err, iam.SignedIn)

	user := func(rest string) string {
		return `{"type":"IAMUser","principalId":"` + alice + `","accountId":"` + account + `",` + rest + `"userName":"alice"}`
	}
	const (
		rootFailed = `{"type":"Root","principalId":"` + account + `","accountId":"` + account + `","accessKeyId":""}`
		rootIn     = `{"type":"Root","principalId":"` + account + `","arn":"arn:aws:iam::` + account + `:root","accountId":"` + account + `"}`
		hidden     = `{"type":"IAMUser","accountId":"` + account + `","accessKeyId":"","userName":"HIDDEN_DUE_TO_SECURITY_REASONS"}`
		withoutMFA = `{"LoginTo":"` + origin + `/","MFAUsed":"No","MobileVersion":"No"}`
	)
	aliceFailed := user(`"accessKeyId":"",`)
	aliceIn := `{"type":"IAMUser","principalId":"` + alice + `","arn":"arn:aws:iam::` + account + `:user/alice","accountId":"` + account + `","userName":"alice"}`
	withMFA := `{"LoginTo":"` + origin + `/","MFAIdentifier":"` + phone.serial + `","MFAUsed":"Yes","MobileVersion":"No"}`
	wants := []struct{ result, identity, data, message string }{
		{"Failure", aliceFailed, withoutMFA, "Failed authentication"},
		{"Failure", hidden, withoutMFA, "No username found in supplied account"},
		{"Failure", rootFailed, withoutMFA, "Failed authentication"},
		{"Success", rootIn, withoutMFA, ""},
		{"Failure", aliceFailed, withMFA, "Failed authentication"},
		{"Success", aliceIn, withMFA, ""},
	}
	records := in.records("ConsoleLogin")
	if len(records) != len(wants) {
		t.Fatalf("%d records, want %d: an account that doesn't exist has no log", len(records), len(wants))
	}
	for i, want := range wants {
		r := records[i]
		for name, c := range map[string][2]any{
			"userIdentity":        {r["userIdentity"], parsed(t, want.identity)},
			"responseElements":    {r["responseElements"], parsed(t, `{"ConsoleLogin":"`+want.result+`"}`)},
			"additionalEventData": {r["additionalEventData"], parsed(t, want.data)},
			"requestParameters":   {r["requestParameters"], nil},
			"eventSource":         {r["eventSource"], "signin.amazonaws.com"},
			"eventType":           {r["eventType"], "AwsConsoleSignIn"},
			"eventTime":           {r["eventTime"], "2026-09-11T13:14:52Z"},
			"awsRegion":           {r["awsRegion"], "us-east-1"},
			"sourceIPAddress":     {r["sourceIPAddress"], browser.SourceIP},
			"userAgent":           {r["userAgent"], browser.UserAgent},
			"requestID":           {r["requestID"], browser.RequestID},
			"recipientAccountId":  {r["recipientAccountId"], account},
		} {
			if got, want := text(t, c[0]), text(t, c[1]); got != want {
				t.Errorf("record %d, %s:\n got %s\nwant %s", i+1, name, got, want)
			}
		}
		if message, _ := r["errorMessage"].(string); message != want.message {
			t.Errorf("record %d: %q, want %q", i+1, message, want.message)
		}
	}

	checked := in.records("CheckMfa")
	if len(checked) != 1 {
		t.Fatalf("%d CheckMfa records", len(checked))
	}
	if text(t, checked[0]["responseElements"]) != `{"CheckMfa":"Success"}` || text(t, checked[0]["additionalEventData"]) != `{"MfaType":"Virtual MFA"}` {
		t.Errorf("CheckMfa is %v", checked[0])
	}

	// They are found by the user's name, and those of a name that nobody has by none.
	in.view(func(tx iam.Tx) error {
		list, err := tx.AuditRecords(t.Context(), iam.AuditFilter{Account: account, UserName: "alice", EventName: "ConsoleLogin", Limit: 100})
		if len(list) != 3 {
			t.Errorf("%d records of alice", len(list))
		}
		return err
	})
}

func parsed(t *testing.T, s string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
