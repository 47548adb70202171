package policy

import "fmt"

// SyntaxError says why a document was refused: AWS's MalformedPolicyDocument
// (HTTP 400), Message being its text.
type SyntaxError struct {
	Message string
	Line    int // where the statement at fault begins, from 1; 0 if no one statement is
}

// Error returns the message.
func (e *SyntaxError) Error() string { return e.Message }

// InvalidPrincipal is the refusal of a trust policy that names a user, role or
// account which does not exist. Parse finds only principals of bad form; see
// [Document.Principals] for looking the others up.
func InvalidPrincipal(principal string) *SyntaxError {
	return invalidPrincipal("AWS", principal, 0)
}

func invalidPrincipal(kind, principal string, line int) *SyntaxError {
	return &SyntaxError{fmt.Sprintf("Invalid principal in policy: %q:%q", kind, principal), line}
}

// The texts of AWS, spelled as it spells them.
const (
	textSyntax         = "Syntax errors in policy."
	textVersion        = "Policy document must be version 2012-10-17 or greater."
	textLegacy         = "The policy failed legacy parsing"
	textSidForm        = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
	textSidUnique      = "Statement IDs (SID) in a single policy must be unique."
	textPrincipal      = "Policy document should not specify a principal."
	textNoActions      = "Policy statement must contain actions."
	textNoResources    = "Policy statement must contain resources."
	textNoVendor       = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	textVendor         = "Vendor %s is not valid"
	textOneColon       = "Actions/Condition can contain only one colon."
	textResourceARN    = `Resource %s must be in ARN format or "*".`
	textPartition      = `Partition "%s" is not valid for resource "%s".`
	textResourceVendor = "Resource vendor must be fully qualified and cannot contain regexes."
	textIAMRegion      = "IAM resource %s cannot contain region information."
	textRegion         = "Resource %s can not contain region information."
	textIAMPath        = `IAM resource path must either be "*", root, or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.`
	textTrustActions   = "AssumeRole policy may only specify STS AssumeRole actions."
	textProhibited     = "Has prohibited field %s"
	textRequired       = "Missing required field %s"
	textUnknown        = "Unknown field %s"

	textSessionJSON        = "The policy is not in the valid JSON format."
	textTrustJSON          = "This policy contains invalid Json"
	textTrustVersion       = "The policy must contain a valid version string"
	textTrustEmpty         = "Could not parse the policy: Statement is empty!"
	textTrustEffect        = "Invalid effect: %s"
	textTrustSid           = "The Statement Ids in the policy are not unique"
	textTrustPrincipalKind = "Invalid principal in policy: %q"
	textTrustNoPrincipal   = "Missing required field Principal cannot be empty!"
	textTrustAllowNot      = "Allow with NotPrincipal is not allowed."
)
