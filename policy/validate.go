package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The versions of the language. Without a Version element a document is of 2008,
// which has no variables (IAM User Guide, "IAM JSON policy elements: Version").
const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
)

// validate makes the checks that follow the JSON, in the order in which AWS
// makes them: each check goes through all statements before the next begins.
func (raw *rawDocument) validate(kind Kind) error {
	checks := permissionChecks
	if kind == Trust {
		checks = trustChecks
	} else if kind != Session && raw.version != version2012 {
		return &SyntaxError{Message: textVersion}
	}
	c := &checker{kind: kind, textual: raw.textual(), sids: make(map[string]bool)}
	for _, check := range checks {
		for i := range raw.statements {
			st := &raw.statements[i]
			if message := check(c, st); message != "" {
				return &SyntaxError{message, st.line}
			}
		}
	}
	return nil
}

// textual says what is special in the texts of the document.
func (raw *rawDocument) textual() syntax {
	if raw.version == version2012 {
		return wildcards | variables
	}
	return wildcards
}

// checker has what the checks of one document share. Each check returns the text
// of the fault it finds.
type checker struct {
	kind    Kind
	textual syntax
	sids    map[string]bool
}

type check func(*checker, *rawStatement) string

var permissionChecks = []check{
	(*checker).legacy, (*checker).noPrincipal, (*checker).sidForm, (*checker).sidUnique,
	(*checker).actionsExist, (*checker).vendorsExist, (*checker).resourcesExist,
	(*checker).resources, (*checker).actions,
}

var trustChecks = []check{
	(*checker).trustFields, (*checker).principals, (*checker).sidUnique, (*checker).legacy,
	(*checker).trustActions,
}

// legacy finds what AWS calls a failure of legacy parsing: an effect in the
// wrong case, a resource with too few parts, a literal that does not convert.
func (c *checker) legacy(st *rawStatement) string {
	if st.effect != "Allow" && st.effect != "Deny" {
		return textLegacy
	}
	for _, resource := range st.resources() {
		if message := checkResource(resource); message == textLegacy {
			return textLegacy
		} else if message != "" {
			break // the first bad resource decides, and its turn comes later
		}
	}
	for i := range st.conditions {
		if !st.conditions[i].literalsConvert(c.kind, c.textual) {
			return textLegacy
		}
	}
	return ""
}

func (c *checker) noPrincipal(st *rawStatement) string {
	if st.principal != nil || st.notPrincipal != nil {
		return textPrincipal
	}
	return ""
}

var sidPattern = regexp.MustCompile(`^[0-9A-Za-z]*$`)

func (c *checker) sidForm(st *rawStatement) string {
	if !sidPattern.MatchString(st.sid) {
		return textSidForm
	}
	return ""
}

func (c *checker) sidUnique(st *rawStatement) string {
	if c.sids[st.sid] {
		if c.kind == Trust {
			return textTrustSid
		}
		return textSidUnique
	}
	c.sids[st.sid] = st.sid != ""
	return ""
}

func (c *checker) actionsExist(st *rawStatement) string {
	if len(st.actions()) == 0 {
		return textNoActions
	}
	return ""
}

func (c *checker) vendorsExist(st *rawStatement) string {
	for _, action := range st.actions() {
		if action != "*" && !strings.Contains(action, ":") {
			return textNoVendor
		}
	}
	return ""
}

func (c *checker) resourcesExist(st *rawStatement) string {
	if len(st.resources()) == 0 {
		return textNoResources
	}
	return ""
}

func (c *checker) resources(st *rawStatement) string {
	for _, resource := range st.resources() {
		if message := checkResource(resource); message != "" {
			return message
		}
	}
	return ""
}

var vendorPattern = regexp.MustCompile(`^([0-9A-Za-z.-]+|\*)$`)

func (c *checker) actions(st *rawStatement) string {
	for _, action := range st.actions() {
		if action == "*" {
			continue
		}
		vendor, name, _ := strings.Cut(action, ":")
		switch {
		case strings.Contains(name, ":"):
			return textOneColon
		case !vendorPattern.MatchString(vendor):
			return fmt.Sprintf(textVendor, vendor)
		}
	}
	return ""
}

func (st *rawStatement) actions() []string {
	return either(st.action, st.notAction)
}

func (st *rawStatement) resources() []string {
	return either(st.resource, st.notResource)
}

func either(list, notList *[]string) []string {
	switch {
	case list != nil:
		return *list
	case notList != nil:
		return *notList
	default:
		return nil
	}
}

// checkResource checks one element of Resource or NotResource. Parts that are
// missing count as '*', so arn:aws:s3 is complete, but between the region and the
// resource none may be missing.
func checkResource(resource string) string {
	if resource == "*" {
		return ""
	}
	parts := strings.Split(resource, ":")
	if len(parts) < 2 {
		return fmt.Sprintf(textResourceARN, resource)
	}
	partition := parts[1]
	switch partition {
	case "aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc", "*":
	default:
		return fmt.Sprintf(textPartition, partition, completeARN(parts))
	}
	switch {
	case parts[0] != "arn":
		return fmt.Sprintf(textResourceARN, resource)
	case len(parts) == 2 || strings.ContainsAny(parts[2], "*?$"):
		return textResourceVendor
	case parts[2] == "" || len(parts) == 4 || len(parts) == 5:
		return textLegacy
	case len(parts) == 3:
		return ""
	}
	return checkVendorResource(resource, parts[2], parts[3], strings.Join(parts[5:], ":"))
}

// checkVendorResource knows the two services whose resources IAM looks into.
func checkVendorResource(resource, vendor, region, path string) string {
	hasRegion := region != "" && region != "*"
	switch vendor {
	case "iam":
		if hasRegion {
			return fmt.Sprintf(textIAMRegion, resource)
		}
		if path != "*" && path != "root" && !startsWithAny(path, iamPaths) {
			return textIAMPath
		}
	case "s3":
		if hasRegion && !startsWithAny(path, s3RegionalPaths) {
			return fmt.Sprintf(textRegion, resource)
		}
	}
	return ""
}

// iamPaths is the list in textIAMPath; the resources of security keys, u2f/, are
// not in it.
var iamPaths = []string{
	"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/",
	"server-certificate/", "policy/", "sms-mfa/", "saml-provider/", "oidc-provider/",
	"report/", "access-report/",
}

// s3RegionalPaths are the S3 resources that live in a region (Service
// Authorization Reference, "Amazon S3").
var s3RegionalPaths = []string{"accesspoint/", "job/", "storage-lens/", "storage-lens-group/", "async-request/", "access-grants/"}

func startsWithAny(s string, starts []string) bool {
	return slices.ContainsFunc(starts, func(start string) bool { return strings.HasPrefix(s, start) })
}

// completeARN writes the parts as an ARN of at least six, as AWS prints it.
func completeARN(parts []string) string {
	parts = append([]string{"arn"}, parts[1:]...)
	for len(parts) < 6 {
		parts = append(parts, "*")
	}
	return strings.Join(parts, ":")
}

// trustFields checks which elements a statement of a trust policy has.
func (c *checker) trustFields(st *rawStatement) string {
	switch {
	case st.resource != nil:
		return fmt.Sprintf(textProhibited, "Resource")
	case st.notResource != nil:
		return fmt.Sprintf(textProhibited, "NotResource")
	case st.principal == nil && st.notPrincipal == nil:
		return fmt.Sprintf(textRequired, "Principal")
	case len(st.principal)+len(st.notPrincipal) == 0:
		return textTrustNoPrincipal
	case st.notPrincipal != nil && st.effect == "Allow":
		return textTrustAllowNot
	case len(st.actions()) == 0:
		return fmt.Sprintf(textRequired, "Action")
	}
	return ""
}

func (c *checker) principals(st *rawStatement) string {
	for _, p := range append(st.principal, st.notPrincipal...) {
		if !p.wellFormed() {
			return invalidPrincipal(p.kind, p.value, 0).Message
		}
	}
	return ""
}

// trustActions wants actions that can mean one of those a role can be
// assumed with. NotAction cannot say that.
func (c *checker) trustActions(st *rawStatement) string {
	if st.notAction != nil {
		return textTrustActions
	}
	for _, action := range *st.action {
		vendor, _, _ := strings.Cut(action, ":")
		pattern := compilePattern(action, wildcards|folded)
		if !strings.EqualFold(vendor, "sts") ||
			!slices.ContainsFunc(assumeActions, func(a string) bool { return pattern.match(a, nil) }) {
			return textTrustActions
		}
	}
	return ""
}

var assumeActions = []string{
	"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity",
	"sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext",
}
