package main

import _ "embed"

// tenPolicies are the managed policies of alice, in AWS's language, the order in which they are attached.
//
//go:embed policies.json
var tenPolicies []byte

const (
	account  = "123456789012"
	username = "alice"
	alice    = "arn:aws:iam::" + account + ":user/" + username
)

// question is a request of alice's, and the answer to it.
type question struct {
	action, resource string
	mfa              string // of aws:MultiFactorAuthPresent: "true" or "false"
	ip               string
	now              string
	allowed          bool
}

const (
	office    = "192.0.2.77"
	office6   = "2001:db8::7"
	elsewhere = "198.51.100.9"
	today     = "2030-06-01T00:00:00Z"
	later     = "2031-06-01T00:00:00Z"
	bob       = "arn:aws:iam::" + account + ":user/bob"
	phone     = "arn:aws:iam::" + account + ":mfa/phone"
	deployer  = "arn:aws:iam::" + account + ":role/deploy/web"
	operator  = "arn:aws:iam::" + account + ":role/operator"
)

// questions are what the engines must agree about. The first is the one that is timed.
var questions = []question{
	{"iam:GetUser", alice, "true", office, today, true},
	{"iam:GetUser", alice, "false", office, today, true},
	{"iam:GetUser", bob, "true", office, today, false},
	{"iam:GetUser", alice, "true", office, later, false},
	{"iam:CreateUser", bob, "true", office, today, false},
	{"iam:ChangePassword", alice, "true", office, today, true},
	{"iam:ChangePassword", alice, "false", office, today, false},
	{"iam:DeleteAccessKey", alice, "true", office, today, true},
	{"iam:DeleteAccessKey", alice, "true", office6, today, true},
	{"iam:DeleteAccessKey", alice, "true", elsewhere, today, false},
	{"iam:DeactivateMFADevice", alice, "true", office, today, true},
	{"iam:DeactivateMFADevice", alice, "true", elsewhere, today, false},
	{"iam:DeactivateMFADevice", alice, "false", office, today, false},
	{"iam:EnableMFADevice", alice, "false", elsewhere, today, true},
	{"iam:EnableMFADevice", bob, "true", office, today, false},
	{"iam:CreateVirtualMFADevice", phone, "false", office, today, true},
	{"iam:ListVirtualMFADevices", "*", "false", office, today, true},
	{"iam:GetAccountSummary", "*", "true", office, today, true},
	{"iam:GetAccountSummary", "*", "false", office, today, false},
	{"iam:GetRole", operator, "true", office, today, true},
	{"iam:PassRole", deployer, "true", office, today, true},
	{"iam:PassRole", operator, "true", office, today, false},
	{"s3:GetObject", "arn:aws:s3:::logs/2030/06/01", "true", elsewhere, today, true},
	{"s3:ListBucket", "arn:aws:s3:::logs", "true", office, today, true},
	{"s3:ListBucket", "arn:aws:s3:::artifacts", "true", office, today, false},
	{"s3:PutObject", "arn:aws:s3:::logs/2030/06/01", "true", office, today, false},
	{"s3:PutObject", "arn:aws:s3:::artifacts/build-7", "true", office6, today, true},
	{"s3:PutObject", "arn:aws:s3:::artifacts/build-7", "true", elsewhere, today, false},
	{"s3:DeleteObject", "arn:aws:s3:::audit/2030", "true", office, today, false},
	{"s3:DeleteObject", "arn:aws:s3:::home/alice/notes", "true", office, today, true},
	{"s3:DeleteObject", "arn:aws:s3:::home/alice/notes", "false", office, today, false},
	{"s3:DeleteObject", "arn:aws:s3:::home/bob/notes", "true", office, today, false},
}
