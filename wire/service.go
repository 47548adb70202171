package wire

// Service is one of the two AWS services spoken here.
type Service struct {
	Name      string // signing name: "iam" or "sts"
	Version   string // the Version parameter that names it, a date
	Namespace string // XML namespace of its answers
	echo      bool   // validation messages repeat the value they refuse
}

// The services, by the API version their clients send.
var (
	IAM = Service{
		Name:      "iam",
		Version:   "2010-05-08",
		Namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
	}
	STS = Service{
		Name:      "sts",
		Version:   "2011-06-15",
		Namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		echo:      true,
	}
)

// ServiceByVersion returns the service whose API has this version. The two
// versions differ, so the parameter alone names the service of a request that
// carries no signature.
func ServiceByVersion(version string) (Service, bool) {
	switch version {
	case IAM.Version:
		return IAM, true
	case STS.Version:
		return STS, true
	}
	return Service{}, false
}
