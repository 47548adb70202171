package iam_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/iam"
)

func TestAccountPasswordPolicy(t *testing.T) {
	s := newService(t)
	none := "NoSuchEntity: The Password Policy with domain name " + accountID + " cannot be found."
	refused(t, s, s.root, "GetAccountPasswordPolicy", &awsiam.GetAccountPasswordPolicyInput{}, none)
	refused(t, s, s.root, "DeleteAccountPasswordPolicy", &awsiam.DeleteAccountPasswordPolicyInput{},
		"NoSuchEntity: The account policy with name PasswordPolicy cannot be found.")

	for _, test := range []struct {
		name string
		in   awsiam.UpdateAccountPasswordPolicyInput
		want types.PasswordPolicy
	}{
		{"everything", awsiam.UpdateAccountPasswordPolicyInput{
			MinimumPasswordLength: aws.Int32(12), RequireSymbols: true, RequireNumbers: true, RequireUppercaseCharacters: true,
			RequireLowercaseCharacters: true, AllowUsersToChangePassword: true, MaxPasswordAge: aws.Int32(90),
			PasswordReusePrevention: aws.Int32(24), HardExpiry: aws.Bool(true),
		}, types.PasswordPolicy{
			MinimumPasswordLength: aws.Int32(12), RequireSymbols: true, RequireNumbers: true, RequireUppercaseCharacters: true,
			RequireLowercaseCharacters: true, AllowUsersToChangePassword: true, MaxPasswordAge: aws.Int32(90),
			PasswordReusePrevention: aws.Int32(24), HardExpiry: aws.Bool(true), ExpirePasswords: true,
		}},
		{"nothing: all falls back", awsiam.UpdateAccountPasswordPolicyInput{}, types.PasswordPolicy{MinimumPasswordLength: aws.Int32(6)}},
		{"hard expiry, said to be off", awsiam.UpdateAccountPasswordPolicyInput{HardExpiry: aws.Bool(false)},
			types.PasswordPolicy{MinimumPasswordLength: aws.Int32(6), HardExpiry: aws.Bool(false)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			do[awsiam.UpdateAccountPasswordPolicyOutput](t, s, s.root, "UpdateAccountPasswordPolicy", &test.in)
			got := do[awsiam.GetAccountPasswordPolicyOutput](t, s, s.root, "GetAccountPasswordPolicy", &awsiam.GetAccountPasswordPolicyInput{}).PasswordPolicy
			same := func(a, b *int32) bool { return (a == nil) == (b == nil) && aws.ToInt32(a) == aws.ToInt32(b) }
			if !same(got.MinimumPasswordLength, test.want.MinimumPasswordLength) || !same(got.MaxPasswordAge, test.want.MaxPasswordAge) ||
				!same(got.PasswordReusePrevention, test.want.PasswordReusePrevention) ||
				(got.HardExpiry == nil) != (test.want.HardExpiry == nil) || aws.ToBool(got.HardExpiry) != aws.ToBool(test.want.HardExpiry) ||
				got.ExpirePasswords != test.want.ExpirePasswords || got.AllowUsersToChangePassword != test.want.AllowUsersToChangePassword ||
				got.RequireSymbols != test.want.RequireSymbols || got.RequireNumbers != test.want.RequireNumbers ||
				got.RequireUppercaseCharacters != test.want.RequireUppercaseCharacters || got.RequireLowercaseCharacters != test.want.RequireLowercaseCharacters {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
	refused(t, s, s.root, "UpdateAccountPasswordPolicy",
		&awsiam.UpdateAccountPasswordPolicyInput{MinimumPasswordLength: aws.Int32(5), MaxPasswordAge: aws.Int32(1096), PasswordReusePrevention: aws.Int32(25)},
		"ValidationError: 3 validation errors detected: "+
			"Value at 'minimumPasswordLength' failed to satisfy constraint: Member must have value greater than or equal to 6; "+
			"Value at 'passwordReusePrevention' failed to satisfy constraint: Member must have value less than or equal to 24; "+
			"Value at 'maxPasswordAge' failed to satisfy constraint: Member must have value less than or equal to 1095")

	do[awsiam.DeleteAccountPasswordPolicyOutput](t, s, s.root, "DeleteAccountPasswordPolicy", &awsiam.DeleteAccountPasswordPolicyInput{})
	refused(t, s, s.root, "GetAccountPasswordPolicy", &awsiam.GetAccountPasswordPolicyInput{}, none)
}

func TestPasswordRules(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	do[awsiam.CreateAccountAliasOutput](t, s, s.root, "CreateAccountAlias", &awsiam.CreateAccountAliasInput{AccountAlias: aws.String("the-alias-1")})
	strict := &awsiam.UpdateAccountPasswordPolicyInput{
		MinimumPasswordLength: aws.Int32(10), RequireSymbols: true, RequireNumbers: true,
		RequireUppercaseCharacters: true, RequireLowercaseCharacters: true,
	}
	for _, rules := range []struct {
		name     string
		policy   *awsiam.UpdateAccountPasswordPolicyInput
		password map[string]string // → message, "" for a good one
	}{
		{"no policy", nil, map[string]string{
			"Abcdef1":          "Password should have a minimum length of 8",
			"Abcdefg1":         "",
			"abcdefg1":         "Password should meet 1 more of the following requirements: uppercase letter, symbol",
			"abcdefgh":         "Password should meet 2 more of the following requirements: uppercase letter, number, symbol",
			"ÄÖÜäöüßé":         "Password should meet 3 more of the following requirements: uppercase letter, lowercase letter, number, symbol",
			"abcdefg1 ":        "Password should meet 1 more of the following requirements: uppercase letter, symbol", // a blank is no symbol
			"abcdefg1|":        "",
			"the-alias-1":      "Password should not be the account's name or e-mail address",
			"The-Alias-1":      "Password should not be the account's name or e-mail address",
			"The-Alias-1x":     "",
			"Root@Example.com": "Password should not be the account's name or e-mail address",
		}},
		{"an empty policy", &awsiam.UpdateAccountPasswordPolicyInput{}, map[string]string{
			"abcde":  "Password should have a minimum length of 6",
			"abcdef": "",
		}},
		{"a strict policy", strict, map[string]string{
			"Abcdefg1!":    "Password should have a minimum length of 10",
			"Abcdefgé1!":   "", // characters are counted, not bytes
			"ABCDEFGHI1!":  "Password should have at least one lowercase letter",
			"abcdefghi1!":  "Password should have at least one uppercase letter",
			"Abcdefghijk!": "Password should have at least one number",
			"Abcdefghijk1": "Password should have at least one symbol",
			"Abcdefghij1'": "",
		}},
	} {
		t.Run(rules.name, func(t *testing.T) {
			if rules.policy != nil {
				do[awsiam.UpdateAccountPasswordPolicyOutput](t, s, s.root, "UpdateAccountPasswordPolicy", rules.policy)
			}
			for password, message := range rules.password {
				in := &awsiam.CreateLoginProfileInput{UserName: aws.String("alice"), Password: &password}
				if message != "" {
					refused(t, s, s.root, "CreateLoginProfile", in, "PasswordPolicyViolation: "+message)
					continue
				}
				do[awsiam.CreateLoginProfileOutput](t, s, s.root, "CreateLoginProfile", in)
				do[awsiam.DeleteLoginProfileOutput](t, s, s.root, "DeleteLoginProfile", &awsiam.DeleteLoginProfileInput{UserName: aws.String("alice")})
			}
		})
	}
}

func TestPasswordsExpire(t *testing.T) {
	set := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		policy *iam.PasswordPolicy
		want   time.Time
	}{
		{nil, time.Time{}},
		{&iam.PasswordPolicy{}, time.Time{}},
		{&iam.PasswordPolicy{MaxAgeDays: 1}, time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)},
		{&iam.PasswordPolicy{MaxAgeDays: 1095}, time.Date(2029, 1, 30, 12, 0, 0, 0, time.UTC)},
	} {
		if got := test.policy.Expires(set); !got.Equal(test.want) {
			t.Errorf("%+v: %v, want %v", test.policy, got, test.want)
		}
	}
}

func TestAttack39_PasswordPolicyOperationsAreAuthorised(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", allow("arn:aws:iam::*:user/alice", "iam:*"))
	for action, in := range map[string]any{
		"UpdateAccountPasswordPolicy": &awsiam.UpdateAccountPasswordPolicyInput{},
		"GetAccountPasswordPolicy":    &awsiam.GetAccountPasswordPolicyInput{},
		"DeleteAccountPasswordPolicy": &awsiam.DeleteAccountPasswordPolicyInput{},
	} {
		refused(t, s, alice, action, in, "AccessDenied: User: arn:aws:iam::123456789012:user/alice is not authorized to perform: iam:"+
			action+" on resource: * because no identity-based policy allows the iam:"+action+" action")
	}
}
