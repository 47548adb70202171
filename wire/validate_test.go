package wire

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// validate names the service and action by the type of the input.
func validate(t *testing.T, in any) error {
	t.Helper()
	typ := reflect.TypeOf(in).Elem()
	svc := IAM
	if strings.HasSuffix(typ.PkgPath(), "/sts") {
		svc = STS
	}
	return Validate(svc, strings.TrimSuffix(typ.Name(), "Input"), in)
}

func tags(n int) []iamtypes.Tag { return slices.Repeat([]iamtypes.Tag{tag("k", "v")}, n) }

func text(n int) *string { return aws.String(strings.Repeat("x", n)) }

const (
	roleARN = "arn:aws:iam::123456789012:role/demo"
	wordy   = `Member must satisfy regular expression pattern: [\w+=,.@-]+`
)

// The wording is AWS's: IAM names the parameter, STS repeats the value.
func TestValidateWording(t *testing.T) {
	for _, tc := range []struct {
		name    string
		in      any
		message string
	}{
		{"IAM, required", &awsiam.CreateUserInput{},
			"1 validation error detected: Value at 'userName' failed to satisfy constraint: Member must not be null"},
		{"IAM, too long", &awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("d"), Path: aws.String("/" + strings.Repeat("p", 511) + "/")},
			"1 validation error detected: Value at 'path' failed to satisfy constraint: Member must have length less than or equal to 512"},
		{"IAM, empty is too short and no match", &awsiam.CreateUserInput{UserName: aws.String("")},
			"2 validation errors detected: Value at 'userName' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
				"Value at 'userName' failed to satisfy constraint: " + wordy},
		{"IAM, pattern", &awsiam.CreateUserInput{UserName: aws.String("a b")},
			"1 validation error detected: Value at 'userName' failed to satisfy constraint: " + wordy},
		{"IAM, value range", &awsiam.ListUsersInput{MaxItems: aws.Int32(1001)},
			"1 validation error detected: Value at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000"},
		{"IAM, value too small", &awsiam.ListUsersInput{MaxItems: aws.Int32(0)},
			"1 validation error detected: Value at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"IAM, enumeration", &awsiam.UpdateAccessKeyInput{AccessKeyId: text(16), Status: "Off"},
			"1 validation error detected: Value at 'status' failed to satisfy constraint: Member must satisfy enum value set"},
		{"IAM, too many tags", &awsiam.TagUserInput{UserName: aws.String("a"), Tags: tags(51)},
			"1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50"},
		{"IAM, element of a list", &awsiam.TagUserInput{UserName: aws.String("a"), Tags: []iamtypes.Tag{tag("k", "v"), {Value: aws.String("v")}}},
			"1 validation error detected: Value at 'tags.2.member.key' failed to satisfy constraint: Member must not be null"},
		{"IAM, long tag key", &awsiam.TagUserInput{UserName: aws.String("a"), Tags: []iamtypes.Tag{tag(strings.Repeat("k", 129), "v")}},
			"1 validation error detected: Value at 'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 128"},
		{"IAM, list of plain values", &awsiam.UntagUserInput{UserName: aws.String("a"), TagKeys: []string{"ok", "", "bad!"}},
			"1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [" +
				"Member must have length less than or equal to 128, Member must have length greater than or equal to 1, " +
				`Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]`},
		{"IAM, password policy in AWS's order", &awsiam.UpdateAccountPasswordPolicyInput{MinimumPasswordLength: aws.Int32(5), MaxPasswordAge: aws.Int32(1096), PasswordReusePrevention: aws.Int32(25)},
			"3 validation errors detected: Value at 'minimumPasswordLength' failed to satisfy constraint: Member must have value greater than or equal to 6; " +
				"Value at 'passwordReusePrevention' failed to satisfy constraint: Member must have value less than or equal to 24; " +
				"Value at 'maxPasswordAge' failed to satisfy constraint: Member must have value less than or equal to 1095"},
		{"IAM, only the first letter is made small", &awsiam.CreateSAMLProviderInput{Name: aws.String("n"), SAMLMetadataDocument: text(999)},
			"1 validation error detected: Value at 'sAMLMetadataDocument' failed to satisfy constraint: Member must have length greater than or equal to 1000"},
		{"IAM, at most ten", &awsiam.TagUserInput{Tags: make([]iamtypes.Tag, 6)},
			"10 validation errors detected: Value at 'userName' failed to satisfy constraint: Member must not be null; " +
				strings.Join([]string{nulls(1), nulls(2), nulls(3), nulls(4), "Value at 'tags.5.member.key' failed to satisfy constraint: Member must not be null"}, "; ")},
		{"IAM, structure in a structure", &awsiam.CreateDelegationRequestInput{
			Description: aws.String("d"), NotificationChannel: aws.String("arn"), RequestorWorkflowId: text(5), SessionDuration: aws.Int32(300),
			Permissions: &iamtypes.DelegationPermission{PolicyTemplateArn: aws.String("short")}},
			"1 validation error detected: Value at 'permissions.policyTemplateArn' failed to satisfy constraint: Member must have length greater than or equal to 20"},

		{"IAM, path of a device, in words of its own", &awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("d"), Path: aws.String("test")},
			"The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."},
		{"IAM, path of a user, in the model's", &awsiam.CreateUserInput{UserName: aws.String("a"), Path: aws.String("test")},
			`1 validation error detected: Value at 'path' failed to satisfy constraint: Member must satisfy regular expression pattern: (\u002F)|(\u002F[\u0021-\u007E]+\u002F)`},
		{"IAM, own words come after the model's", &awsiam.CreateVirtualMFADeviceInput{Path: aws.String("test")},
			"1 validation error detected: Value at 'virtualMFADeviceName' failed to satisfy constraint: Member must not be null"},

		{"STS, pattern", &awssts.AssumeRoleInput{RoleArn: aws.String(roleARN), RoleSessionName: aws.String("Session1:2")},
			`1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{"STS, required", &awssts.AssumeRootInput{TargetPrincipal: text(12)},
			"1 validation error detected: Value null at 'taskPolicyArn' failed to satisfy constraint: Member must not be null"},
		{"STS, value range", &awssts.GetSessionTokenInput{DurationSeconds: aws.Int32(0)},
			"1 validation error detected: Value '0' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		{"STS, bound of zero", &awssts.AssumeRootInput{TargetPrincipal: text(12), TaskPolicyArn: &ststypes.PolicyDescriptorType{}, DurationSeconds: aws.Int32(-1)},
			"1 validation error detected: Value '-1' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 0"},
		{"STS, list of plain values", &awssts.AssumeRoleInput{RoleArn: aws.String(roleARN), RoleSessionName: aws.String("ab"), TransitiveTagKeys: []string{"ok", "!"}},
			"1 validation error detected: Value '[ok, !]' at 'transitiveTagKeys' failed to satisfy constraint: Member must satisfy constraint: [" +
				"Member must have length less than or equal to 128, Member must have length greater than or equal to 1, " +
				`Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]`},
		{"STS, a code is not repeated", &awssts.GetSessionTokenInput{SerialNumber: text(9), TokenCode: aws.String("12345")},
			"1 validation error detected: Value at 'tokenCode' failed to satisfy constraint: Member must have length greater than or equal to 6"},
		{"STS, a structure is not repeated", &awssts.GetFederationTokenInput{Name: aws.String("ab"), Tags: make([]ststypes.Tag, 51)},
			"10 validation errors detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50; " +
				strings.ReplaceAll(strings.Join([]string{nulls(1), nulls(2), nulls(3), nulls(4), "Value at 'tags.5.member.key' failed to satisfy constraint: Member must not be null"}, "; "), "Value at", "Value null at")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := validate(t, tc.in)
			if codeOf(err) != "ValidationError" {
				t.Fatalf("got %v, want ValidationError: %s", err, tc.message)
			}
			if e := err.(*Error); e.Message != tc.message || e.Status != 400 {
				t.Errorf("got %d\n%s\nwant\n%s", e.Status, e.Message, tc.message)
			}
		})
	}
}

func nulls(i int) string {
	at := "Value at 'tags." + string(rune('0'+i)) + ".member."
	return at + "key' failed to satisfy constraint: Member must not be null; " + at + "value' failed to satisfy constraint: Member must not be null"
}

// What AWS was seen to accept and to refuse.
func TestValidatePatterns(t *testing.T) {
	user := func(s string) any { return &awsiam.CreateUserInput{UserName: &s} }
	existing := func(s string) any { return &awsiam.GetUserInput{UserName: &s} }
	path := func(s string) any { return &awsiam.CreateUserInput{UserName: aws.String("a"), Path: &s} }
	device := func(s string) any {
		return &awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("d"), Path: &s}
	}
	prefix := func(s string) any { return &awsiam.ListUsersInput{PathPrefix: &s} }
	alias := func(s string) any { return &awsiam.CreateAccountAliasInput{AccountAlias: &s} }
	key := func(s string) any {
		return &awsiam.TagUserInput{UserName: aws.String("a"), Tags: []iamtypes.Tag{tag(s, "")}}
	}
	code := func(s string) any {
		return &awsiam.EnableMFADeviceInput{UserName: aws.String("a"), SerialNumber: text(9), AuthenticationCode1: &s, AuthenticationCode2: aws.String("123456")}
	}
	token := func(s string) any { return &awssts.GetSessionTokenInput{TokenCode: &s} }
	session := func(s string) any {
		return &awssts.AssumeRoleInput{RoleArn: aws.String(roleARN), RoleSessionName: &s}
	}
	policy := func(s string) any { return &awssts.GetFederationTokenInput{Name: aws.String("ab"), Policy: &s} }
	arn := func(s string) any {
		return &awssts.AssumeRoleInput{RoleArn: &s, RoleSessionName: aws.String("ab")}
	}
	for _, tc := range []struct {
		name string
		in   func(string) any
		ok   []string
		bad  []string
	}{
		{"user name", user,
			[]string{"a", "a_b+c=d,e.f@g-h", "0", strings.Repeat("n", 64)},
			[]string{"", "a b", "a\n", "\na", "a\nb", "é", "a/b", "a:b", "а", "a\x00", strings.Repeat("n", 65), strings.Repeat("n", 128), strings.Repeat("n", 129)}},
		{"existing user name", existing,
			[]string{strings.Repeat("n", 128)},
			[]string{strings.Repeat("n", 129), "a\n", "é"}},
		{"path", path,
			[]string{"/", "/team/", "/a//b/", "///", "/~!/", "/" + strings.Repeat("p", 510) + "/"},
			[]string{"", "/team", "team/", "/ space/", "/\x7f/", "/é/", "//", "/a/\n", "/a\nb/", "/" + strings.Repeat("p", 511) + "/"}},
		{"device path", device,
			[]string{"/", "/test//double/"},
			[]string{"", "test", "/test", "test/", "//"}},
		{"path prefix", prefix,
			[]string{"/", "/a", "/a/", "//", "/\x7f"},
			[]string{"", "a", "/ ", "/a\n", "/é"}},
		{"account alias", alias,
			[]string{"abc", "a-b", "a-b-c", "123", strings.Repeat("a", 63)},
			[]string{"", "ab", "a--b", "-ab", "ab-", "Abc", "a_b", "abc\n", strings.Repeat("a", 64), "a-" + strings.Repeat("-", 3) + "b"}},
		{"tag key", key,
			[]string{"k", "aws:k", "Ünï cödé", "日本", "_.:/=+-@", "\u00a0", "٣", strings.Repeat("é", 128), strings.Repeat("𝐀", 128)},
			[]string{"", "a\n", "a*", "a\tb", "a#", "😀", strings.Repeat("é", 129)}},
		{"authentication code", code,
			[]string{"123456", "000000"},
			[]string{"", "12345", "1234567", " 12345", "123456 ", "123 456", "12345a", "12345\n", "١٢٣٤٥٦", "１２３４５６"}},
		{"token code", token,
			[]string{"123456"},
			[]string{"", "12345", "123456 ", " 123456", "12345\n", "١٢٣٤٥٦"}},
		{"session name", session,
			[]string{"ab", "a@b-c", strings.Repeat("s", 64)},
			[]string{"", "a", "a:b", "ab\n", "a b", strings.Repeat("s", 65)}},
		{"session policy", policy,
			[]string{"{}", "\t\r\n ÿ", strings.Repeat("p", 2048)},
			[]string{"", "\x00", "\u0100", strings.Repeat("p", 2049)}},
		{"ARN, any text XML can hold", arn,
			[]string{roleARN, roleARN + "é\u0100😀"},
			[]string{"", "arn:aws:iam::1", roleARN + "\x00", roleARN + "\x0b", roleARN + "\u0080", roleARN + "\uffff"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, s := range tc.ok {
				if err := validate(t, tc.in(s)); err != nil {
					t.Errorf("%q: %v", s, err)
				}
			}
			for _, s := range tc.bad {
				if err := validate(t, tc.in(s)); codeOf(err) != "ValidationError" {
					t.Errorf("%q: got %v, want ValidationError", s, err)
				}
			}
		})
	}
}

// The table was made from the services spoken here and fits the SDK's types. It
// lists every operation of the SDK but the few that are younger than the model.
func TestValidateBindsEveryOperation(t *testing.T) {
	for _, svc := range []Service{IAM, STS} {
		if !strings.Contains(modelSource, svc.Name+" "+svc.Version) {
			t.Errorf("%s %s is not in %q", svc.Name, svc.Version, modelSource)
		}
	}
	seen := make(map[string]map[string]bool)
	for _, op := range operations() {
		if seen[op.svc.Name] == nil {
			seen[op.svc.Name] = make(map[string]bool)
		}
		seen[op.svc.Name][op.action] = true
		err := Validate(op.svc, op.action, reflect.New(op.input).Interface())
		if code := codeOf(err); code != "" && code != "ValidationError" {
			t.Errorf("%v: %v", op, err)
		}
	}
	younger := 0
	for service, actions := range seen {
		for action := range actions {
			if _, listed := inputShapes[service][action]; !listed {
				younger++
			}
		}
	}
	if younger > 8 {
		t.Errorf("%d operations of the SDK are not in the model: the table is old", younger)
	}
	for service, actions := range inputShapes {
		for action := range actions {
			if !seen[service][action] {
				t.Errorf("%s.%s is in the model but the SDK does not know it", service, action)
			}
		}
	}
}

// The SDK checks for itself that required members are there; it and the table
// ask for the same.
func TestRequiredMembersAreTheSDKs(t *testing.T) {
	for _, op := range operations() {
		if inputShapes[op.svc.Name][op.action] == 0 {
			continue
		}
		for i := range op.input.NumField() {
			name := op.input.Field(i).Name
			in := filled(op.input, 1)
			v := reflect.ValueOf(in).Elem().Field(i)
			if !v.CanSet() || v.Kind() == reflect.Bool {
				continue
			}
			v.SetZero()
			var tr transport
			_, sdkErr := op.call(&tr, in)
			sdk := strings.Contains(sdkErr.Error(), "missing required field")
			p, err := structPlan(op.input)
			if err != nil {
				t.Fatal(err)
			}
			f := p.fields[slices.IndexFunc(p.fields, func(f field) bool { return f.index == i })]
			err = Validate(op.svc, op.action, in)
			here := err != nil && strings.Contains(err.Error(), "at '"+f.camel+"' failed to satisfy constraint: Member must not be null")
			if sdk != here {
				t.Errorf("%v.%s: required by the SDK %t, by the table %t (%v)", op, name, sdk, here, err)
			}
		}
	}
}

// A wrong action for a type is the program's mistake.
func TestValidateWantsItsInput(t *testing.T) {
	if err := Validate(IAM, "GetUser", new(awsiam.GetGroupPolicyInput)); err == nil || codeOf(err) == "ValidationError" {
		t.Errorf("got %v", err)
	}
	if err := Validate(IAM, "GetUser", nil); err == nil || codeOf(err) == "ValidationError" {
		t.Errorf("got %v", err)
	}
}

// An accepted name is exactly what the rule says, whatever the bytes.
func FuzzValidate(f *testing.F) {
	for _, s := range []string{"alice", "a\n", "é", "\xff", "", "a b", strings.Repeat("a", 65)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := len(s) >= 1 && len(s) <= 64
		for _, c := range []byte(s) {
			word := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
			want = want && (word || strings.IndexByte("_+=,.@-", c) >= 0)
		}
		err := Validate(IAM, "CreateUser", &awsiam.CreateUserInput{UserName: &s})
		if (err == nil) != want {
			t.Errorf("%q: %v", s, err)
		}
		err = Validate(STS, "AssumeRole", &awssts.AssumeRoleInput{RoleArn: &s, RoleSessionName: &s, Policy: &s, TransitiveTagKeys: []string{s}})
		if err != nil && codeOf(err) != "ValidationError" {
			t.Errorf("%q: %v", s, err)
		}
	})
}

// A value is as long as a request may be; what a message repeats of it is not.
func TestMessagesRepeatShortValuesOnly(t *testing.T) {
	long := strings.Repeat("é", 200_000)
	for _, tc := range []struct {
		name string
		in   any
		want string
	}{
		{"text", &awssts.AssumeRoleInput{RoleArn: aws.String(roleARN), RoleSessionName: aws.String("x" + long)},
			"Value 'x" + strings.Repeat("é", 127) + "…' at"},
		{"text that is just short enough", &awssts.AssumeRoleInput{RoleArn: aws.String(roleARN), RoleSessionName: aws.String(long[:256])},
			"Value '" + strings.Repeat("é", 128) + "' at"},
		{"list", &awssts.AssumeRoleInput{RoleArn: aws.String(roleARN), RoleSessionName: aws.String("ab"), TransitiveTagKeys: slices.Repeat([]string{"!"}, 100_000)},
			"Value '[" + strings.Repeat("!, ", 85) + "!…]' at"},
		{"list of long texts", &awssts.AssumeRoleInput{RoleArn: aws.String(roleARN), RoleSessionName: aws.String("ab"), TransitiveTagKeys: []string{long, long}},
			"Value '[" + strings.Repeat("é", 128) + "…]' at"},
		{"many", &awssts.AssumeRoleInput{RoleArn: &long, RoleSessionName: &long, ExternalId: &long, SerialNumber: &long, SourceIdentity: &long, Policy: &long}, ""},
	} {
		err := validate(t, tc.in)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %.1000v\nlacks %s", tc.name, err, tc.want)
		}
		if err != nil && len(err.Error()) > 8<<10 {
			t.Errorf("%s: a message of %d bytes", tc.name, len(err.Error()))
		}
	}
}
