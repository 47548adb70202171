package policy

// Reason is the end of AWS's AccessDenied sentence, "User: … is not authorized to
// perform: ACTION on resource: … REASON", without a blank before or a full stop
// after it; empty for an allowed request. (IAM User Guide, "Troubleshoot access
// denied error messages".) Managed policies that deny are named by ARN, inline
// ones are not.
func (d Decision) Reason(action string) string {
	switch d.Outcome {
	case ExplicitDeny:
		reason := "with an explicit deny in " + kindNames[d.Kind].denying
		if d.Policy != nil && d.Policy.ARN != "" {
			reason += ": " + d.Policy.ARN
		}
		return reason
	case ImplicitDeny:
		return "because no " + kindNames[d.Kind].missing + " allows the " + action + " action"
	default:
		return ""
	}
}

var kindNames = [...]struct{ missing, denying string }{
	Identity: {"identity-based policy", "an identity-based policy"},
	Boundary: {"permissions boundary", "a permissions boundary"},
	Session:  {"session policy", "a session policy"},
	Trust:    {"role trust policy", "the role trust policy"},
}
