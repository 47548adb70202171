package wire

import (
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
)

func decode(t *testing.T, encoded string, in any) error {
	t.Helper()
	f, err := ParseForm(encoded, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return Decode(f, in)
}

func tag(key, value string) iamtypes.Tag {
	return iamtypes.Tag{Key: aws.String(key), Value: aws.String(value)}
}

func TestDecode(t *testing.T) {
	for _, tc := range []struct {
		name, encoded string
		want          any
	}{
		{"text", "UserName=alice", &awsiam.GetUserInput{UserName: aws.String("alice")}},
		{"text given but empty is not absent", "UserName=", &awsiam.GetUserInput{UserName: aws.String("")}},
		{"unknown parameters are ignored", "Path=/x/&Foo.member.-1=y&UserName=a", &awsiam.GetUserInput{UserName: aws.String("a")}},
		{"names are exact", "userName=alice", &awsiam.GetUserInput{}},
		{"enumeration", "AssignmentStatus=Any", &awsiam.ListVirtualMFADevicesInput{AssignmentStatus: iamtypes.AssignmentStatusTypeAny}},

		{"true", "PasswordResetRequired=true", &awsiam.CreateLoginProfileInput{PasswordResetRequired: true}},
		{"1", "PasswordResetRequired=1", &awsiam.CreateLoginProfileInput{PasswordResetRequired: true}},
		{"false", "PasswordResetRequired=false", &awsiam.CreateLoginProfileInput{}},
		{"0, by pointer", "PasswordResetRequired=0", &awsiam.UpdateLoginProfileInput{PasswordResetRequired: aws.Bool(false)}},

		{"integer", "MaxItems=5", &awsiam.ListUsersInput{MaxItems: aws.Int32(5)}},
		{"integer with zeros", "DurationSeconds=0900", &awssts.GetSessionTokenInput{DurationSeconds: aws.Int32(900)}},
		{"integer with a plus", "DurationSeconds=%2B900", &awssts.GetSessionTokenInput{DurationSeconds: aws.Int32(900)}},
		{"integer with a minus", "MaxItems=-1", &awsiam.ListUsersInput{MaxItems: aws.Int32(-1)}},
		{"the largest integer", "MaxItems=2147483647", &awsiam.ListUsersInput{MaxItems: aws.Int32(2147483647)}},

		{"list of structures", "Tags.member.1.Key=a&Tags.member.1.Value=b", &awsiam.TagUserInput{Tags: []iamtypes.Tag{tag("a", "b")}}},
		{"index with zeros", "Tags.member.01.Key=a&Tags.member.1.Value=b", &awsiam.TagUserInput{Tags: []iamtypes.Tag{tag("a", "b")}}},
		{"order does not matter", "Tags.member.2.Key=c&Tags.member.1.Value=b&Tags.member.2.Value=d&Tags.member.1.Key=a",
			&awsiam.TagUserInput{Tags: []iamtypes.Tag{tag("a", "b"), tag("c", "d")}}},
		{"ten is after two", "TagKeys.member.10=j&TagKeys.member.2=b&TagKeys.member.1=a",
			&awsiam.UntagUserInput{TagKeys: []string{"a", "b", "", "", "", "", "", "", "", "j"}}},
		{"a gap leaves an empty element", "Tags.member.1.Key=a&Tags.member.3.Key=c",
			&awsiam.TagUserInput{Tags: []iamtypes.Tag{{Key: aws.String("a")}, {}, {Key: aws.String("c")}}}},
		{"ten elements may be left out", "TagKeys.member.11=k",
			&awsiam.UntagUserInput{TagKeys: []string{10: "k"}}},
		{"empty list", "TagKeys=", &awsiam.UntagUserInput{TagKeys: []string{}}},
		{"no list", "UserName=a", &awsiam.UntagUserInput{UserName: aws.String("a")}},
		{"unknown member of an element", "Tags.member.1.Key=a&Tags.member.1.Foo=b", &awsiam.TagUserInput{Tags: []iamtypes.Tag{{Key: aws.String("a")}}}},
		{"list in a list", "ContextEntries.member.1.ContextKeyValues.member.2=b&ContextEntries.member.1.ContextKeyValues.member.1=a",
			&awsiam.SimulateCustomPolicyInput{ContextEntries: []iamtypes.ContextEntry{{ContextKeyValues: []string{"a", "b"}}}}},

		{"small arn in a list", "PolicyArns.member.1.arn=x", &awssts.AssumeRoleInput{PolicyArns: []ststypes.PolicyDescriptorType{{Arn: aws.String("x")}}}},
		{"small arn in a structure", "TaskPolicyArn.arn=x", &awssts.AssumeRootInput{TaskPolicyArn: &ststypes.PolicyDescriptorType{Arn: aws.String("x")}}},
		{"empty structure", "TaskPolicyArn=", &awssts.AssumeRootInput{TaskPolicyArn: &ststypes.PolicyDescriptorType{}}},
		{"no parameters", "Action=GetCallerIdentity", &awssts.GetCallerIdentityInput{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := reflect.New(reflect.TypeOf(tc.want).Elem()).Interface()
			if err := decode(t, tc.encoded, in); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(in, tc.want) {
				t.Errorf("got %+v, want %+v", in, tc.want)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, encoded string
		in            any
		message       string // part of the message, where it is AWS's
	}{
		{"True", "PasswordResetRequired=True", &awsiam.CreateLoginProfileInput{}, ""},
		{"blank true", "PasswordResetRequired=+true", &awsiam.CreateLoginProfileInput{}, ""},
		{"empty boolean", "PasswordResetRequired=", &awsiam.UpdateLoginProfileInput{}, ""},
		{"blanks around an integer", "MaxItems=+1+", &awsiam.ListUsersInput{}, ""},
		{"decimal point", "MaxItems=1.0", &awsiam.ListUsersInput{}, ""},
		{"exponent", "MaxItems=1e0", &awsiam.ListUsersInput{}, ""},
		{"underscore", "MaxItems=1_0", &awsiam.ListUsersInput{}, ""},
		{"hexadecimal", "MaxItems=0x1", &awsiam.ListUsersInput{}, ""},
		{"other script's digits", "MaxItems=%D9%A1", &awsiam.ListUsersInput{}, ""},
		{"33 bits", "MaxItems=2147483648", &awsiam.ListUsersInput{}, ""},
		{"empty integer", "MaxItems=", &awsiam.ListUsersInput{}, ""},

		{"index 0", "Tags.member.0.Key=a", &awsiam.TagUserInput{}, "0 is not a valid index"},
		{"index -1", "Tags.member.-1.Key=a", &awsiam.TagUserInput{}, "Key -1 may not have a leading '-'"},
		{"index 1.0", "Tags.member.1.0=a", &awsiam.TagUserInput{}, "Two index elements may not occur back to back"},
		{"index 1.0 of a plain list", "TagKeys.member.1.0=a", &awsiam.UntagUserInput{}, "Two index elements may not occur back to back"},
		{"index x", "Tags.member.x.Key=a", &awsiam.TagUserInput{}, "x is not a valid index"},
		{"index +1", "Tags.member.%2B1.Key=a", &awsiam.TagUserInput{}, "+1 is not a valid index"},
		{"other script's index", "Tags.member.%D9%A1.Key=a", &awsiam.TagUserInput{}, "is not a valid index"},
		{"eleven elements left out", "TagKeys.member.12=l", &awsiam.UntagUserInput{}, "Excessively sparse input would skip 11 list elements"},
		{"eleven left out later", "TagKeys.member.1=a&TagKeys.member.13=l", &awsiam.UntagUserInput{}, "Excessively sparse input would skip 11 list elements"},
		{"a huge index", "TagKeys.member.2147483647=l", &awsiam.UntagUserInput{}, "Excessively sparse input would skip 2147483646 list elements"},
		{"an index beyond integers", "TagKeys.member.99999999999999999999=l", &awsiam.UntagUserInput{}, "is not a valid index"},
		{"one index spelled twice", "TagKeys.member.1=a&TagKeys.member.01=b", &awsiam.UntagUserInput{}, "more than once"},
		{"one member spelled twice", "Tags.member.1.Key=a&Tags.member.01.Key=b", &awsiam.TagUserInput{}, "more than once"},
		{"list with a value", "TagKeys=a", &awsiam.UntagUserInput{}, ""},
		{"list empty and not", "TagKeys=&TagKeys.member.1=a", &awsiam.UntagUserInput{}, ""},
		{"list without index", "TagKeys.member=a", &awsiam.UntagUserInput{}, "Unexpected list element termination"},
		{"list without member", "TagKeys.1=a", &awsiam.UntagUserInput{}, ""},
		{"two kinds of list", "TagKeys.entry.1=a&TagKeys.member.1=a", &awsiam.UntagUserInput{}, ""},
		{"structure for a text", "UserName.foo=a", &awsiam.GetUserInput{}, "Start of structure or map found where not expected."},
		{"list for a text", "UserName.member.1=a", &awsiam.GetUserInput{}, ""},
		{"text and structure", "UserName=a&UserName.foo=b", &awsiam.GetUserInput{}, ""},
		{"element with a value", "Tags.member.1=a", &awsiam.TagUserInput{}, ""},
		{"structure with a value", "TaskPolicyArn=a", &awssts.AssumeRootInput{}, ""},
		{"two members of a union", "PolicyExclusionList.member.1.PolicyArn=a&PolicyExclusionList.member.1.PolicyType=b", &awsiam.SimulatePrincipalPolicyInput{}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := decode(t, tc.encoded, tc.in)
			if codeOf(err) != "MalformedInput" || !strings.Contains(err.Error(), tc.message) {
				t.Errorf("got %v, want MalformedInput: …%s…", err, tc.message)
			}
		})
	}
}

// The services send neither blobs nor times today; the codec reads both.
func TestDecodeBlobTimeAndMap(t *testing.T) {
	type input struct {
		Blob []byte
		When *time.Time
		Map  map[string]string
	}
	when := time.Date(2023, 4, 27, 20, 58, 13, 0, time.UTC)
	for _, tc := range []struct {
		encoded string
		want    input
	}{
		{"Blob=AP8=", input{Blob: []byte{0, 0xff}}},
		{"Blob=", input{Blob: []byte{}}},
		{"When=2023-04-27T20:58:13Z", input{When: &when}},
		{"When=2023-04-27T22:58:13%2B02:00", input{When: &when}},
		{"When=1682629093", input{When: &when}},
		{"Map=", input{Map: map[string]string{}}},
		{"Map.entry.2.value=d&Map.entry.1.key=a&Map.entry.1.value=b&Map.entry.2.key=c", input{Map: map[string]string{"a": "b", "c": "d"}}},
		{"Map.entry.1.key=a", input{Map: map[string]string{"a": ""}}},
	} {
		var got input
		if err := decode(t, tc.encoded, &got); err != nil {
			t.Errorf("%s: %v", tc.encoded, err)
		} else if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: got %+v", tc.encoded, got)
		}
	}
	for _, encoded := range []string{
		"Blob=AP8", "Blob=A*8=", "Blob=AP9=",
		"When=", "When=now", "When=2023-04-27", "When=-1", "When=99999999999999", "When=1e9",
		"Map=x", "Map.entry.1=x", "Map.member.1.key=a", "Map.entry.1.value=b", "Map.entry.1.key.x=b",
		"Map.entry.1.key=a&Map.entry.2.key=a", "Map.entry.1.key=a&Map.entry.1.other=b", "Map.entry.0.key=a",
	} {
		if err := decode(t, encoded, new(input)); codeOf(err) != "MalformedInput" {
			t.Errorf("%s: got %v, want MalformedInput", encoded, err)
		}
	}
}

// No error of the codec repeats a value.
func TestDecodeErrorsKeepSecrets(t *testing.T) {
	const canary = "canary123"
	for _, encoded := range []string{
		"Password.foo=" + canary, "Password=" + canary + "&Password.foo=" + canary, "PasswordResetRequired=" + canary,
	} {
		if err := decode(t, encoded, new(awsiam.CreateLoginProfileInput)); err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", encoded, err)
		}
	}
	for _, encoded := range []string{
		"NewPassword=" + canary + "&NewPassword=" + canary, "NewPassword=" + canary + "%", "NewPassword=" + canary + "%80",
	} {
		if _, err := ParseForm(encoded, DefaultLimits); err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", encoded, err)
		}
	}
}

// A wrong target is the program's mistake, not the client's.
func TestDecodeWantsAStructPointer(t *testing.T) {
	for _, in := range []any{nil, awsiam.GetUserInput{}, (*awsiam.GetUserInput)(nil), new(string), &struct{ C chan int }{}} {
		if err := Decode(Form{}, in); err == nil || codeOf(err) == "MalformedInput" {
			t.Errorf("%T: %v", in, err)
		}
	}
	type loop struct{ Next *loop }
	if err := Decode(Form{}, new(loop)); err == nil {
		t.Error("a type within itself has a plan")
	}
}

// No list grows beyond what its parameters pay for.
func TestAttack45_SparseListsAreBounded(t *testing.T) {
	var b strings.Builder
	n := 0
	for i := 11; n < 100; i += 11 {
		b.WriteString("&TagKeys.member." + strconv.Itoa(i) + "=k")
		n++
	}
	in := new(awsiam.UntagUserInput)
	if err := decode(t, b.String(), in); err != nil {
		t.Fatal(err)
	}
	if len(in.TagKeys) != 11*n {
		t.Errorf("%d elements from %d parameters", len(in.TagKeys), n)
	}
}

// Decode never panics, for any operation, and Validate takes what it gives.
func FuzzDecode(f *testing.F) {
	ops := operations()
	for i, s := range []string{
		"UserName=a&Tags.member.1.Key=b", "TagKeys=", "Tags.member.11.Key=a&Tags.member.01.Key=b",
		"PolicyExclusionList.member.1.InlinePolicyIdentifier.PolicyName=x", "MaxItems=01", "Tags.member.1.1=a",
	} {
		f.Add(uint16(i*31), s)
	}
	f.Fuzz(func(t *testing.T, which uint16, s string) {
		form, err := ParseForm(s, DefaultLimits)
		if err != nil {
			return
		}
		op := ops[int(which)%len(ops)]
		in := reflect.New(op.input).Interface()
		if err := Decode(form, in); err != nil {
			if codeOf(err) != "MalformedInput" {
				t.Fatal(err)
			}
			return
		}
		if err := Validate(op.svc, op.action, in); err != nil && codeOf(err) != "ValidationError" {
			t.Fatal(err)
		}
		Parameters(in)
	})
}
