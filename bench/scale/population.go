package main

import (
	"crypto/sha256"
	"fmt"
	"strconv"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
)

// Principals are made from their number when they are asked for, so that a billion of them cost nothing.

// perAccount is how many users an account has: accounts are what is assigned to cells.
const perAccount = 100

// principal is the number of a user in its cell.
type principal int

func (p principal) account() string { return numberedID("1", 11, int(p)/perAccount) }
func (p principal) userID() string  { return numberedID("AIDA", 17, int(p)) }
func (p principal) keyID() string   { return numberedID("AKIA", 16, int(p)) }
func (p principal) name() string    { return numberedID("user-", 7, int(p)) }

// numberedID is a prefix and a number with leading zeros: fmt would take most of the simulation's time.
func numberedID(prefix string, width, n int) string {
	var buffer, number [24]byte
	id := append(buffer[:0], prefix...)
	digits := strconv.AppendInt(number[:0], int64(n), 10)
	for range width - len(digits) {
		id = append(id, '0')
	}
	return string(append(id, digits...))
}

// totp is the principal's authenticator app.
func (p principal) totp() mfa.TOTP {
	seed := sha256.Sum256([]byte("seed of " + p.userID()))
	return mfa.TOTP{Seed: seed[:20]}
}

// numbered finds the principal that an id belongs to.
func numbered(id string, count int) (principal, error) {
	n, err := strconv.Atoi(id[min(4, len(id)):])
	if err != nil || n < 0 || n >= count {
		return 0, iam.ErrNotFound
	}
	return principal(n), nil
}

// shared are policies of which every account has a copy with the same text, as their guides give them: the directory
// keeps each compiled once.
var shared = []struct{ name, document string }{
	{"deny-without-mfa", `{"Version":"2012-10-17","Statement":{"Sid":"NoMFA","Effect":"Deny",
		"NotAction":["iam:EnableMFADevice","iam:GetUser","iam:ListMFADevices","sts:GetSessionToken","s3:*"],"Resource":"*",
		"Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}}`},
	{"own-devices", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:CreateVirtualMFADevice","Resource":"arn:aws:iam::*:mfa/*"},
		{"Effect":"Allow","Action":["iam:EnableMFADevice","iam:ListMFADevices","iam:ResyncMFADevice"],
			"Resource":"arn:aws:iam::*:user/${aws:username}"}]}`},
	{"read-users", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:GetUser","iam:ListUsers"],
		"Resource":"arn:aws:iam::*:user/*","Condition":{"IpAddress":{"aws:SourceIp":["127.0.0.0/8","10.0.0.0/8"]}}}}`},
}

// The right that the simulation is about: to read the account's bucket, given by the account's managed policy "work".
const action = "s3:GetObject"

func bucket(account string) string { return "arn:aws:s3:::work-" + account + "/reports/today" }

func policyARN(account, name string) string { return "arn:aws:iam::" + account + ":policy/" + name }

// workPolicy is the account's own policy; with locked, the version that gives nothing any more.
func workPolicy(account string, locked bool) string {
	effect := "Allow"
	if locked {
		effect = "Deny"
	}
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["ec2:Describe*","cloudwatch:Get*"],"Resource":"*"},
		{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::%[1]s:role/work/*"},
		{"Effect":%[2]q,"Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::work-%[1]s/*"}]}`, account, effect)
}

// policiesOf are the texts that decide for a user.
func policiesOf(p principal, detached, locked bool) []iam.PolicyText {
	var texts []iam.PolicyText
	for _, s := range shared {
		texts = append(texts, iam.PolicyText{OwnerID: p.userID(), ARN: policyARN(p.account(), s.name), Name: s.name, Document: s.document})
	}
	if !detached {
		texts = append(texts, iam.PolicyText{OwnerID: p.userID(), ARN: policyARN(p.account(), "work"), Name: "work",
			Document: workPolicy(p.account(), locked)})
	}
	return texts
}
