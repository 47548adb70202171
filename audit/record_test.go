package audit

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func sampleRecord() *Record {
	return &Record{
		UserIdentity: UserIdentity{
			Type: "AssumedRole", PrincipalID: "AROAEXAMPLE:session", AccountID: "123456789012",
			ARN:         "arn:aws:sts::123456789012:assumed-role/admin/session",
			AccessKeyID: new("ASIAEXAMPLE"),
			SessionContext: &SessionContext{
				SessionIssuer: &SessionIssuer{Type: "Role", PrincipalID: "AROAEXAMPLE",
					ARN: "arn:aws:iam::123456789012:role/admin", AccountID: "123456789012", UserName: "admin"},
				Attributes: SessionAttributes{CreationDate: "2026-11-22T02:00:00Z", MFAAuthenticated: "true"},
			},
		},
		EventTime: "2026-11-22T02:03:04Z", EventSource: "iam.amazonaws.com", EventName: "EnableMFADevice",
		AWSRegion: "us-east-1", SourceIPAddress: "192.0.2.1", UserAgent: "aws-cli/2.32.0",
		RequestParameters:  map[string]any{"userName": "alice", "serialNumber": "arn:aws:iam::123456789012:mfa/alice"},
		RequestID:          "6e2f1c1e-0000-4000-8000-000000000001",
		EventID:            "6e2f1c1e-0000-4000-8000-000000000002",
		EventType:          APICall,
		ManagementEvent:    true,
		RecipientAccountID: "123456789012",
	}
}

func mustMarshal(t testing.TB, r *Record) string {
	t.Helper()
	text, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRecordHasTheFormOfCloudTrail(t *testing.T) {
	const want = `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:session",` +
		`"arn":"arn:aws:sts::123456789012:assumed-role/admin/session","accountId":"123456789012","accessKeyId":"ASIAEXAMPLE",` +
		`"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::123456789012:role/admin",` +
		`"accountId":"123456789012","userName":"admin"},"attributes":{"creationDate":"2026-11-22T02:00:00Z","mfaAuthenticated":"true"}}},` +
		`"eventTime":"2026-11-22T02:03:04Z","eventSource":"iam.amazonaws.com","eventName":"EnableMFADevice","awsRegion":"us-east-1",` +
		`"sourceIPAddress":"192.0.2.1","userAgent":"aws-cli/2.32.0",` +
		`"requestParameters":{"serialNumber":"arn:aws:iam::123456789012:mfa/alice","userName":"alice"},"responseElements":null,` +
		`"requestID":"6e2f1c1e-0000-4000-8000-000000000001","eventID":"6e2f1c1e-0000-4000-8000-000000000002","readOnly":false,` +
		`"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"123456789012","eventCategory":"Management"}`
	if got := mustMarshal(t, sampleRecord()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// CloudTrail User Guide, "AWS Management Console sign-in events": a failed sign-in has
// accessKeyId "" and no arn, and null parameters.
func TestRecordOfAFailedSignIn(t *testing.T) {
	r := &Record{
		UserIdentity: UserIdentity{Type: "IAMUser", AccountID: "123456789012", AccessKeyID: new(""), UserName: Hidden},
		EventSource:  "signin.amazonaws.com", EventName: "ConsoleLogin", EventType: ConsoleSignIn,
		ErrorMessage:        "No username found in supplied account",
		ResponseElements:    map[string]string{"ConsoleLogin": "Failure"},
		AdditionalEventData: map[string]string{"MFAUsed": "No", "MobileVersion": "No"},
	}
	text := mustMarshal(t, r)
	for _, want := range []string{
		`"userIdentity":{"type":"IAMUser","accountId":"123456789012","accessKeyId":"","userName":"HIDDEN_DUE_TO_SECURITY_REASONS"}`,
		`"requestParameters":null,"responseElements":{"ConsoleLogin":"Failure"},"additionalEventData":{"MFAUsed":"No","MobileVersion":"No"}`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s\nlacks %s", text, want)
		}
	}
}

func TestErrorCode(t *testing.T) {
	for wire, want := range map[string]string{
		"":                            "",
		"NoSuchEntity":                "NoSuchEntityException",
		"EntityAlreadyExists":         "EntityAlreadyExistsException",
		"DeleteConflict":              "DeleteConflictException",
		"LimitExceeded":               "LimitExceededException",
		"InvalidAuthenticationCode":   "InvalidAuthenticationCodeException",
		"PasswordPolicyViolation":     "PasswordPolicyViolationException",
		"MalformedPolicyDocument":     "MalformedPolicyDocumentException",
		"RegionDisabledException":     "RegionDisabledException",
		"AccessDenied":                "AccessDenied",
		"InvalidClientTokenId":        "InvalidClientTokenId",
		"SignatureDoesNotMatch":       "SignatureDoesNotMatch",
		"ExpiredToken":                "ExpiredToken",
		"ValidationError":             "ValidationError",
		"Throttling":                  "Throttling",
		"IncompleteSignature":         "IncompleteSignature",
		"MissingAuthenticationToken":  "MissingAuthenticationToken",
		"InvalidAction":               "InvalidAction",
		"InternalFailure":             "InternalFailure",
		"InvalidParameterCombination": "InvalidParameterCombination",
	} {
		if got := ErrorCode(wire); got != want {
			t.Errorf("ErrorCode(%q) = %q, want %q", wire, got, want)
		}
	}
}

func TestTimeAndID(t *testing.T) {
	when := time.Date(2026, 11, 22, 1, 2, 3, 999_999_999, time.FixedZone("", 2*60*60))
	if got := Time(when); got != "2026-11-21T23:02:03Z" {
		t.Errorf("Time = %s", got)
	}
	seen := map[string]bool{}
	for range 1000 {
		id := NewID()
		if len(id) != 36 || id[14] != '4' || !strings.ContainsRune("89ab", rune(id[19])) || seen[id] {
			t.Fatalf("NewID = %q: not a new version 4 UUID", id)
		}
		seen[id] = true
	}
}

func TestMarshalIsDeterministicAndLeavesTheRecordAlone(t *testing.T) {
	make := func() *Record {
		r := sampleRecord()
		parameters := map[string]any{}
		for c := 'a'; c <= 'z'; c++ {
			parameters[string(c)] = map[string]any{"z": strings.Repeat("x", 9000), "password": "p", "a": []any{1, 2.5, nil}}
		}
		r.RequestParameters = parameters
		r.UserAgent = strings.Repeat("u", 2*maxText)
		r.UserIdentity.SessionContext.SessionIssuer.UserName = strings.Repeat("n", 2*maxText)
		r.UserIdentity.AccessKeyID = new(strings.Repeat("k", 2*maxText))
		r.Resources = []Resource{{ARN: strings.Repeat("r", 2*maxText)}}
		return r
	}
	r := make()
	first := mustMarshal(t, r)
	for range 10 {
		if again := mustMarshal(t, r); again != first {
			t.Fatal("marshalled differently the second time")
		}
	}
	if !reflect.DeepEqual(r, make()) {
		t.Error("Marshal changed the record")
	}
	var decoded Record
	if err := json.Unmarshal([]byte(first), &decoded); err != nil {
		t.Error(err)
	}
}

func TestLongTextIsCutAndSaidSo(t *testing.T) {
	long := strings.Repeat("é", maxText) // two bytes each
	for _, c := range []struct {
		name string
		set  func(r *Record)
		cut  string
	}{
		{"user agent", func(r *Record) { r.UserAgent = long }, "userAgent: 2048 bytes"},
		{"error message", func(r *Record) { r.ErrorMessage = long }, "errorMessage: 2048 bytes"},
		{"user name", func(r *Record) { r.UserIdentity.UserName = long }, "userIdentity.userName: 2048 bytes"},
		{"access key", func(r *Record) { r.UserIdentity.AccessKeyID = &long }, "userIdentity.accessKeyId: 2048 bytes"},
		{"issuer", func(r *Record) { r.UserIdentity.SessionContext.SessionIssuer.ARN = long }, "sessionIssuer.arn: 2048 bytes"},
		{"resources", func(r *Record) { r.Resources = make([]Resource, 1000) }, "resources: 1000"},
		{"resource", func(r *Record) { r.Resources = []Resource{{Type: long}} }, "resources.type: 2048 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := sampleRecord()
			c.set(r)
			text := mustMarshal(t, r)
			var decoded Record
			if err := json.Unmarshal([]byte(text), &decoded); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(decoded.Cut, []string{c.cut}) {
				t.Errorf("cut = %q, want %q", decoded.Cut, c.cut)
			}
			if len(text) > 4096 {
				t.Errorf("still %d bytes", len(text))
			}
			if strings.Contains(text, "\ufffd") || strings.Contains(text, `\ufffd`) {
				t.Error("a character was cut in two")
			}
		})
	}

	r := sampleRecord()
	r.UserAgent = strings.Repeat("a", maxText)
	if text := mustMarshal(t, r); strings.Contains(text, `"cut"`) {
		t.Error("a text of the greatest length was cut")
	}
}

// Padding must not push out what the record is about.
func TestLargeParametersKeepTheShortOnes(t *testing.T) {
	for _, c := range []struct {
		name       string
		parameters any
		keeps, cut string
	}{
		{"ordinary policy", map[string]any{"userName": "alice", "policyDocument": strings.Repeat("p", 90_000)}, `"userName":"alice"`, ""},
		{"padded policy", map[string]any{"userName": "alice", "policyDocument": strings.Repeat(" ", 131072)}, `"userName":"alice"`, "texts cut at 16384"},
		{"many long texts", map[string]any{"userName": "alice", "tags": strings.Split(strings.Repeat(strings.Repeat("t", 20_000)+",", 50), ",")}, `"userName":"alice"`, "texts cut at 256"},
		{"a long key", map[string]any{"userName": "alice", strings.Repeat("k", 200_000): 1}, `"userName":"alice"`, "texts cut at 16384"},
		{"too many", map[string]any{"userName": "alice", "list": make([]int, 200_000)}, `"requestParameters":{"omitted":true}`, "omitted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := sampleRecord()
			r.RequestParameters = c.parameters
			text := mustMarshal(t, r)
			if len(text) > maxParameters+4096 {
				t.Errorf("%d bytes", len(text))
			}
			if !strings.Contains(text, c.keeps) {
				t.Errorf("lacks %s", c.keeps)
			}
			if c.cut == "" && strings.Contains(text, `"cut"`) || !strings.Contains(text, c.cut) {
				t.Errorf("want cut %q in …%s", c.cut, text[len(text)-200:])
			}
		})
	}
}

func TestMarshalRefusesWhatIsNoJSON(t *testing.T) {
	type loop struct{ Next *loop }
	endless := &loop{}
	endless.Next = endless
	for name, value := range map[string]any{
		"function": func() {}, "channel": make(chan int), "not a number": math.NaN(), "endless": endless,
	} {
		r := sampleRecord()
		r.ResponseElements = value
		if text, err := r.Marshal(); err == nil || !strings.Contains(err.Error(), "responseElements") {
			t.Errorf("%s: %.80s, %v", name, text, err)
		}
	}
}

// TestAttack44_SecretsAreNotInARecord puts a canary under every name by which IAM,
// STS and the sign-in know a secret, at every depth and in every free field.
func TestAttack44_SecretsAreNotInARecord(t *testing.T) {
	const canary = "canary-9f2c"
	for _, name := range []string{
		"password", "Password", "newPassword", "oldPassword", "secretAccessKey", "SecretAccessKey", "sessionToken",
		"tokenCode", "authenticationCode1", "authenticationCode2", "AuthenticationCode1", "base32StringSeed", "qRCodePNG",
		"QRCodePNG", "servicePassword", "serviceCredentialSecret", "privateKey", "sAMLAssertion", "webIdentityToken",
		"tradeInToken", "signinToken", "seed", "secret", "code", "token",
	} {
		for depth, value := range []any{
			map[string]any{"userName": "alice", name: canary},
			map[string]any{"userName": "alice", "a": []any{map[string]any{"b": map[string]any{name: canary}}}},
			map[string]any{"userName": "alice", name: map[string]any{"x": []string{canary}}},
			map[string]any{"userName": "alice", name: []byte(canary), "policyDocument": strings.Repeat("x", 200_000)},
		} {
			r := sampleRecord()
			r.RequestParameters, r.ResponseElements, r.AdditionalEventData = value, value, value
			text := mustMarshal(t, r)
			if strings.Contains(text, canary) || strings.Contains(text, "Y2FuYXJ5") { // or its base64
				t.Errorf("%s, form %d: the secret is in the record", name, depth)
			}
			if strings.Count(text, Hidden) != 3 || strings.Count(text, `"userName":"alice"`) != 3 {
				t.Errorf("%s, form %d: not hidden three times, or more was lost than the secret", name, depth)
			}
		}
	}

	// A key spelled with escapes is the same key.
	r := sampleRecord()
	r.RequestParameters = json.RawMessage(`{"pass\u0077ord":"` + canary + `"}`)
	if text := mustMarshal(t, r); strings.Contains(text, canary) {
		t.Errorf("hidden in an escaped key: %s", text)
	}

	// What only sounds like a secret stays.
	r = sampleRecord()
	r.RequestParameters = map[string]any{"passwordResetRequired": true, "minimumPasswordLength": 12, "serialNumber": "s", "password": nil}
	if text := mustMarshal(t, r); !strings.Contains(text, `{"minimumPasswordLength":12,"password":null,"passwordResetRequired":true,"serialNumber":"s"}`) {
		t.Errorf("lost something that is no secret: %s", text)
	}
}

// Text that could steer a terminal, or show otherwise than it is, comes out escaped
// and means the same when read back.
func TestHostileTextIsEscaped(t *testing.T) {
	for _, text := range []string{
		"\x00\x01\x1b[2J\x1b]0;title\x07", "line\nfeed\r\ttab", "\x7f", "\u009b31m", "\u0085\u2028\u2029",
		"\u202egnp.exe", "\u2066\u2069\u200b\ufeff", "\U000e0041\U000e007f", `"quote\"`, "<script>&", "日本語 é 😀",
	} {
		r := sampleRecord()
		r.UserAgent = text
		r.RequestParameters = map[string]any{text: text}
		out := mustMarshal(t, r)
		checkHarmless(t, []byte(out))
		var decoded Record
		if err := json.Unmarshal([]byte(out), &decoded); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if decoded.UserAgent != text || decoded.RequestParameters.(map[string]any)[text] != text {
			t.Errorf("%q was read back as %q, %q", text, decoded.UserAgent, decoded.RequestParameters)
		}
	}
	r := sampleRecord()
	r.UserAgent = "a\xff\xc3b"
	if out := mustMarshal(t, r); !utf8.ValidString(out) || !strings.Contains(out, `a\ufffd\ufffdb`) {
		t.Errorf("bytes that are not UTF-8: %s", out)
	}
}

func checkHarmless(t testing.TB, out []byte) {
	t.Helper()
	if !utf8.Valid(out) || !json.Valid(out) {
		t.Fatalf("not JSON in UTF-8: %q", out)
	}
	if i := bytes.IndexFunc(out, func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) }); i >= 0 {
		t.Errorf("control or format character at %d of %q", i, out)
	}
}

func FuzzRecordMarshal(f *testing.F) {
	f.Add("alice", "aws-cli", []byte(`{"userName":"alice"}`))
	f.Add("\u202e\x1b[2J", strings.Repeat("é", 1000), []byte(`{"password":["x"],"a\"b":{"c":[1e999]}}`))
	f.Add("\xff", "", []byte(`"text"`))
	f.Add("0", "", []byte("\"\x82\""))
	f.Fuzz(func(t *testing.T, name, agent string, parameters []byte) {
		r := sampleRecord()
		r.EventName, r.UserAgent = name, agent
		r.UserIdentity.UserName = name
		r.AdditionalEventData = map[string]any{name: agent, "password": "canary-9f2c"}
		if json.Valid(parameters) {
			r.RequestParameters = json.RawMessage(parameters)
		} else {
			r.RequestParameters = map[string]any{"p": string(parameters)}
		}
		out, err := r.Marshal()
		if err != nil {
			if json.Valid(parameters) {
				return // nested too deep, for example
			}
			t.Fatal(err)
		}
		checkHarmless(t, out)
		if len(out) > 1<<20 {
			t.Errorf("%d bytes", len(out))
		}
		if !strings.Contains(name+agent+string(parameters), "canary") && bytes.Contains(out, []byte("canary-9f2c")) {
			t.Errorf("the secret is in %s", out)
		}
		again, err := r.Marshal()
		if err != nil || !bytes.Equal(out, again) {
			t.Errorf("the second time: %s, %v", again, err)
		}
	})
}

func BenchmarkRecordMarshal(b *testing.B) {
	r := sampleRecord()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Marshal(); err != nil {
			b.Fatal(err)
		}
	}
}
