package wire

import "slices"

// This file lists by hand where AWS's recorded answers are not those its own
// model would give. Everything else comes from model_gen.go.

// patternText replaces the whole message when a member fails only its pattern,
// by action and member.
var patternText = map[[2]string]string{
	{"CreateVirtualMFADevice", "Path"}: "The specified value for path is invalid. " +
		"It must begin and end with / and contain only alphanumeric characters and/or / characters.",
}

// reportOrder names the members of an action whose violations AWS reports in
// another order than the model's. Members not named keep their place after
// these.
var reportOrder = map[string][]string{
	"UpdateAccountPasswordPolicy": {"MinimumPasswordLength", "PasswordReusePrevention", "MaxPasswordAge"},
}

// laterEmptyResults adds to emptyResults what the SDK knows of operations that
// came after the model the table was made from.
var laterEmptyResults = map[string]bool{"PutAccountProperties": true}

// reportRank returns the place of a member in its action's report, lower
// first.
func reportRank(action, member string) int {
	if i := slices.Index(reportOrder[action], member); i >= 0 {
		return i
	}
	return len(reportOrder[action])
}
