package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
)

// result returns what stands between the envelope's opening and its metadata.
func result(t *testing.T, svc Service, action string, out any) string {
	t.Helper()
	doc, err := Response(svc, action, "req-1", out)
	if err != nil {
		t.Fatal(err)
	}
	head := "<" + action + `Response xmlns="` + svc.Namespace + `">`
	tail := "<ResponseMetadata><RequestId>req-1</RequestId></ResponseMetadata></" + action + "Response>"
	body, ok := strings.CutPrefix(string(doc), head)
	body, ok2 := strings.CutSuffix(body, tail)
	if !ok || !ok2 {
		t.Fatalf("envelope: %s", doc)
	}
	return body
}

func TestResponse(t *testing.T) {
	when := time.Date(2023, 4, 27, 22, 58, 13, 987654321, time.FixedZone("", 2*3600))
	for _, tc := range []struct {
		name, action string
		svc          Service
		out          any
		want         string
	}{
		{"members in the SDK's order", "GetCallerIdentity", STS,
			&awssts.GetCallerIdentityOutput{UserId: aws.String("AIDA"), Account: aws.String("123456789012"), Arn: aws.String("arn")},
			"<GetCallerIdentityResult><Account>123456789012</Account><Arn>arn</Arn><UserId>AIDA</UserId></GetCallerIdentityResult>"},
		{"time in UTC, whole seconds", "GetUser", IAM,
			&awsiam.GetUserOutput{User: &iamtypes.User{CreateDate: &when}},
			"<GetUserResult><User><CreateDate>2023-04-27T20:58:13Z</CreateDate></User></GetUserResult>"},
		{"nil list absent, plain boolean present", "ListUsers", IAM,
			&awsiam.ListUsersOutput{},
			"<ListUsersResult><IsTruncated>false</IsTruncated></ListUsersResult>"},
		{"empty list present", "ListUsers", IAM,
			&awsiam.ListUsersOutput{Users: []iamtypes.User{}},
			"<ListUsersResult><Users/><IsTruncated>false</IsTruncated></ListUsersResult>"},
		{"list", "ListAccountAliases", IAM,
			&awsiam.ListAccountAliasesOutput{AccountAliases: []string{"a", ""}},
			"<ListAccountAliasesResult><AccountAliases><member>a</member><member></member></AccountAliases><IsTruncated>false</IsTruncated></ListAccountAliasesResult>"},
		{"map by key", "GetAccountSummary", IAM,
			&awsiam.GetAccountSummaryOutput{SummaryMap: map[string]int32{"Users": 2, "Groups": 0, "MFADevices": 1}},
			"<GetAccountSummaryResult><SummaryMap><entry><key>Groups</key><value>0</value></entry><entry><key>MFADevices</key><value>1</value></entry><entry><key>Users</key><value>2</value></entry></SummaryMap></GetAccountSummaryResult>"},
		{"empty map present", "GetAccountSummary", IAM,
			&awsiam.GetAccountSummaryOutput{SummaryMap: map[string]int32{}},
			"<GetAccountSummaryResult><SummaryMap/></GetAccountSummaryResult>"},
		{"blob is base64 of its bytes", "CreateVirtualMFADevice", IAM,
			&awsiam.CreateVirtualMFADeviceOutput{VirtualMFADevice: &iamtypes.VirtualMFADevice{SerialNumber: aws.String("s"), Base32StringSeed: []byte("MFRGG")}},
			"<CreateVirtualMFADeviceResult><VirtualMFADevice><SerialNumber>s</SerialNumber><Base32StringSeed>TUZSR0c=</Base32StringSeed></VirtualMFADevice></CreateVirtualMFADeviceResult>"},
		{"empty enumeration absent", "UploadSigningCertificate", IAM,
			&awsiam.UploadSigningCertificateOutput{Certificate: &iamtypes.SigningCertificate{}},
			"<UploadSigningCertificateResult><Certificate></Certificate></UploadSigningCertificateResult>"},
		{"small first letter", "ListDelegationRequests", IAM,
			&awsiam.ListDelegationRequestsOutput{IsTruncated: true},
			"<ListDelegationRequestsResult><isTruncated>true</isTruncated></ListDelegationRequestsResult>"},
		{"nothing set is still a result", "GetUser", IAM, &awsiam.GetUserOutput{}, "<GetUserResult></GetUserResult>"},
		{"no members, no result", "EnableMFADevice", IAM, &awsiam.EnableMFADeviceOutput{}, ""},
		{"no members, AWS's empty result", "UpdateRole", IAM, &awsiam.UpdateRoleOutput{}, "<UpdateRoleResult></UpdateRoleResult>"},
		{"no output", "EnableMFADevice", IAM, nil, ""},
		{"escapes", "GetUser", IAM,
			&awsiam.GetUserOutput{User: &iamtypes.User{UserName: aws.String("<a> & \"b\" 'c'\r\n\t")}},
			"<GetUserResult><User><UserName>&lt;a&gt; &amp; &quot;b&quot; 'c'&#13;\n\t</UserName></User></GetUserResult>"},
		{"what XML cannot hold", "GetUser", IAM,
			&awsiam.GetUserOutput{User: &iamtypes.User{UserName: aws.String("a\x00b\x1bc\xffd\uffffe\ufffef\ufffdg\x7f")}},
			"<GetUserResult><User><UserName>a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\ufffdg\x7f</UserName></User></GetUserResult>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := result(t, tc.svc, tc.action, tc.out); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestResponseRefusesWhatItCannotWrite(t *testing.T) {
	year := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, out := range []any{
		awsiam.GetUserOutput{}, (*awsiam.GetUserOutput)(nil), "text",
		&awsiam.GetUserOutput{User: &iamtypes.User{CreateDate: &year}},
	} {
		if doc, err := Response(IAM, "GetUser", "req-1", out); err == nil {
			t.Errorf("%T: %s", out, doc)
		}
	}
}

func TestErrorResponse(t *testing.T) {
	for _, tc := range []struct {
		name string
		svc  Service
		err  *Error
		want string
	}{
		{"the client's fault", IAM, Errorf("NoSuchEntity", "The user with name %s cannot be found.", "a<b"),
			`<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code>` +
				`<Message>The user with name a&lt;b cannot be found.</Message></Error><RequestId>req-1</RequestId></ErrorResponse>`},
		{"ours", STS, Errorf("ServiceFailure", "x"),
			`<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Receiver</Type><Code>ServiceFailure</Code>` +
				`<Message>x</Message></Error><RequestId>req-1</RequestId></ErrorResponse>`},
		{"no message", IAM, Errorf("ReportNotPresent", ""),
			`<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>ReportNotPresent</Code>` +
				`</Error><RequestId>req-1</RequestId></ErrorResponse>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := string(ErrorResponse(tc.svc, "req-1", tc.err)); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestErrorf(t *testing.T) {
	percent := "100 %d"
	for _, tc := range []struct {
		err    *Error
		status int
		text   string
	}{
		{Errorf("NoSuchEntity", "no %s", "x"), 404, "NoSuchEntity: no x"},
		{Errorf("EntityAlreadyExists", percent, []any{}...), 409, "EntityAlreadyExists: 100 %d"},
		{Errorf("InvalidAuthenticationCode", "x"), 403, "InvalidAuthenticationCode: x"},
		{Errorf("ReportNotPresent", ""), 410, "ReportNotPresent"},
		{Errorf("AccessDenied", "x"), 403, "AccessDenied: x"},
		{Errorf("ServiceFailure", "x"), 500, "ServiceFailure: x"},
		{Errorf("RegionDisabledException", "x"), 403, "RegionDisabledException: x"},
		{Errorf("OrganizationNotFoundException", "x"), 400, "OrganizationNotFoundException: x"},
		{Errorf("NotACode", "x"), 400, "NotACode: x"},
	} {
		if tc.err.Status != tc.status || tc.err.Error() != tc.text {
			t.Errorf("got %d %v, want %d %s", tc.err.Status, tc.err, tc.status, tc.text)
		}
	}
}

func TestServiceByVersion(t *testing.T) {
	for version, want := range map[string]Service{"2010-05-08": IAM, "2011-06-15": STS, "": {}, "2010-05-09": {}} {
		got, ok := ServiceByVersion(version)
		if got != want || ok != (want.Name != "") {
			t.Errorf("%q: %v, %t", version, got, ok)
		}
	}
}

// Any text gives a well-formed document whose parser reads the text back, but
// for what XML cannot hold.
func FuzzResponse(f *testing.F) {
	for _, s := range []string{"a", awkward, "]]>", "\x00\xff\ufffe", "\r\n\r", "<![CDATA[", "&#0;"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, s, code string) {
		want := strings.Map(func(r rune) rune {
			if r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xfffe && r != 0xffff {
				return r
			}
			return utf8.RuneError
		}, strings.ToValidUTF8(expand(s), "\ufffd"))
		doc, err := Response(IAM, "GetUser", s, &awsiam.GetUserOutput{User: &iamtypes.User{
			UserName: &s, Tags: []iamtypes.Tag{{Key: &s}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range texts(t, doc) {
			if got != want {
				t.Fatalf("%q is read as %q", s, got)
			}
		}
		texts(t, ErrorResponse(STS, s, &Error{Code: code, Status: 400, Message: s}))
	})
}

// expand makes every invalid byte a replacement character of its own.
func expand(s string) string { return string([]rune(s)) }

// texts parses a document to its end and returns its non-empty character data.
func texts(t *testing.T, doc []byte) []string {
	t.Helper()
	var all []string
	for d := xml.NewDecoder(bytes.NewReader(doc)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v in %s", err, doc)
		}
		if data, ok := token.(xml.CharData); ok {
			all = append(all, string(data))
		}
	}
}
