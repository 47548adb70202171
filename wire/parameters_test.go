package wire

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
)

func TestParameters(t *testing.T) {
	when := time.Date(2023, 4, 27, 20, 58, 13, 0, time.UTC)
	for _, tc := range []struct {
		name string
		v    any
		want map[string]any
	}{
		{"the codes are left out",
			&awsiam.EnableMFADeviceInput{UserName: aws.String("alice"), SerialNumber: aws.String("arn"), AuthenticationCode1: aws.String("123456"), AuthenticationCode2: aws.String("654321")},
			map[string]any{"userName": "alice", "serialNumber": "arn"}},
		{"the token code too",
			&awssts.GetSessionTokenInput{SerialNumber: aws.String("arn"), TokenCode: aws.String("123456"), DurationSeconds: aws.Int32(900)},
			map[string]any{"serialNumber": "arn", "durationSeconds": int64(900)}},
		{"passwords alone are nothing",
			&awsiam.ChangePasswordInput{OldPassword: aws.String("a"), NewPassword: aws.String("b")}, nil},
		{"the flag beside a password",
			&awsiam.CreateLoginProfileInput{UserName: aws.String("alice"), Password: aws.String("x")},
			map[string]any{"userName": "alice", "passwordResetRequired": false}},
		{"seed and QR code are left out",
			&awsiam.CreateVirtualMFADeviceOutput{VirtualMFADevice: &iamtypes.VirtualMFADevice{SerialNumber: aws.String("arn"), Base32StringSeed: []byte("x"), QRCodePNG: []byte("y")}},
			map[string]any{"virtualMFADevice": map[string]any{"serialNumber": "arn"}}},
		{"credentials keep their id and time",
			&awssts.GetSessionTokenOutput{Credentials: &ststypes.Credentials{AccessKeyId: aws.String("ASIA"), SecretAccessKey: aws.String("x"), SessionToken: aws.String("y"), Expiration: &when}},
			map[string]any{"credentials": map[string]any{"accessKeyId": "ASIA", "expiration": "2023-04-27T20:58:13Z"}}},
		{"lists and maps",
			&awsiam.CreateUserInput{UserName: aws.String("a"), Tags: []iamtypes.Tag{tag("k", "v")}},
			map[string]any{"userName": "a", "tags": []any{map[string]any{"key": "k", "value": "v"}}}},
		{"map", &awsiam.GetAccountSummaryOutput{SummaryMap: map[string]int32{"Users": 1}},
			map[string]any{"summaryMap": map[string]any{"Users": int64(1)}}},
		{"only the first letter is made small",
			&awsiam.ListMFADevicesOutput{MFADevices: []iamtypes.MFADevice{}},
			map[string]any{"mFADevices": []any{}, "isTruncated": false}},
		{"an empty input is nothing", &awssts.GetCallerIdentityInput{}, nil},
		{"nothing is nothing", nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Parameters(tc.v); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// In every struct of every operation each secret is set to a canary, and no
// canary is shown. The names come from what a secret is called, not from the
// tables, so a new one is found.
func TestAttack44_ParametersShowNoSecret(t *testing.T) {
	secret := func(name string) bool {
		switch name {
		case "SessionToken", "TokenCode", "ContextAssertion", "SAMLAssertion", "Base32StringSeed", "QRCodePNG":
			return true
		case "PasswordLastUsed", "RemovePrivateKey", "SubjectFromWebIdentityToken":
			return false // a time; the id of a key; a name
		}
		return strings.HasSuffix(name, "Password") || strings.Contains(name, "Secret") || strings.HasSuffix(name, "PrivateKey") ||
			strings.HasPrefix(name, "AuthenticationCode") || strings.HasSuffix(name, "IdentityToken") || strings.HasSuffix(name, "TradeInToken")
	}
	planted := 0
	var plant func(v reflect.Value, hidden bool)
	plant = func(v reflect.Value, hidden bool) {
		switch v.Kind() {
		case reflect.Pointer:
			plant(v.Elem(), hidden)
		case reflect.Struct:
			for i := range v.NumField() {
				if f := v.Type().Field(i); f.IsExported() && v.Type() != timeType {
					plant(v.Field(i), hidden || secret(f.Name))
				}
			}
		case reflect.Slice:
			if hidden && v.Type().Elem().Kind() == reflect.Uint8 {
				v.SetBytes([]byte("canary"))
				planted++
				return
			}
			for i := range v.Len() {
				plant(v.Index(i), hidden)
			}
		case reflect.String:
			if hidden {
				v.SetString("canary")
				planted++
			}
		}
	}
	for _, op := range operations() {
		for _, typ := range []reflect.Type{op.input, op.output} {
			v := filled(typ, 1)
			plant(reflect.ValueOf(v), false)
			shown, err := json.Marshal(Parameters(v))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(shown), "canary") || strings.Contains(string(shown), "Y2FuYXJ5") {
				t.Errorf("%v shows a secret: %s", typ, shown)
			}
			if op.svc == STS && typ == op.input {
				if err := Validate(op.svc, op.action, v); err != nil && strings.Contains(fmt.Sprint(err), "canary") {
					t.Errorf("%v: an error shows a secret: %v", typ, err)
				}
			}
		}
	}
	if planted < 20 {
		t.Errorf("only %d secrets were planted", planted)
	}
}
