package iam

import "strings"

// arn builds the ARN of an IAM entity. Paths begin and end with a slash, which also parts kind and name.
func arn(account, kind, path, name string) string {
	return "arn:aws:iam::" + account + ":" + kind + path + name
}

// RootARN is the ARN of an account's root user.
func RootARN(account string) string { return "arn:aws:iam::" + account + ":root" }

// EntityName is an IAM ARN taken apart.
type EntityName struct {
	Account string
	Kind    string // "user", "role", "policy", "mfa", "root", …
	Path    string // "/" or "/…/"; "" for root
	Name    string
}

// ParseARN takes apart arn:aws:iam::ACCOUNT:KIND/PATH/NAME and arn:aws:iam::ACCOUNT:root.
func ParseARN(s string) (EntityName, bool) {
	rest, ok := strings.CutPrefix(s, "arn:aws:iam::")
	if !ok {
		return EntityName{}, false
	}
	account, resource, ok := strings.Cut(rest, ":")
	if !ok || account == "" {
		return EntityName{}, false
	}
	if resource == "root" {
		return EntityName{Account: account, Kind: "root"}, true
	}
	kind, rest, ok := strings.Cut(resource, "/")
	slash := strings.LastIndexByte(rest, '/')
	if !ok || kind == "" || slash+1 == len(rest) {
		return EntityName{}, false
	}
	return EntityName{Account: account, Kind: kind, Path: "/" + rest[:slash+1], Name: rest[slash+1:]}, true
}
