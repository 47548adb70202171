package sigv4

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// isoBasic is the layout of X-Amz-Date (ISO 8601 basic format, UTC, whole
	// seconds). The date in a credential scope is its first part.
	isoBasic = "20060102T150405Z"

	// maxSkew is how far the signing time may be from the server's, either way.
	maxSkew = 15 * time.Minute

	// maxExpires is the largest X-Amz-Expires, in seconds: seven days (IAM User
	// Guide, "Authenticating requests: using query parameters").
	maxExpires = 604800
)

// signingTime reads the date of the request. X-Amz-Date has one form; a Date
// header may also have the forms of RFC 9110 section 5.6.7.
func (p *parts) signingTime() (time.Time, *Error) {
	if t, ok := parseISOBasic(p.date); ok {
		return t, nil
	}
	if p.httpDate {
		if t, err := http.ParseTime(p.date); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, incomplete("Date must be in ISO-8601 'basic format'. Got '" + quote(p.date) +
		"'. See http://en.wikipedia.org/wiki/ISO_8601")
}

// parseISOBasic is time.Parse of isoBasic for what has exactly that form.
func parseISOBasic(s string) (t time.Time, ok bool) {
	if !isISOBasic(s) {
		return t, false
	}
	number := func(from, to int) (n int) {
		for _, c := range []byte(s[from:to]) {
			n = 10*n + int(c-'0')
		}
		return n
	}
	year, month, day := number(0, 4), number(4, 6), number(6, 8)
	hour, minute, second := number(9, 11), number(11, 13), number(13, 15)
	if month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59 {
		return t, false
	}
	t = time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	return t, t.Day() == day // a day that the month doesn't have has become one of another
}

// isISOBasic reports whether s has digits where isoBasic has them; time.Parse
// alone would take fractions and short hours too.
func isISOBasic(s string) bool {
	if len(s) != len(isoBasic) {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8:
			if s[i] != 'T' {
				return false
			}
		case 15:
			if s[i] != 'Z' {
				return false
			}
		default:
			if s[i] < '0' || s[i] > '9' {
				return false
			}
		}
	}
	return true
}

// lifetime is how long after signing the request is good.
func (p *parts) lifetime() (time.Duration, *Error) {
	if !p.hasExpires {
		return maxSkew, nil
	}
	seconds, err := strconv.ParseUint(p.expires, 10, 32)
	if err != nil || seconds < 1 || seconds > maxExpires {
		return 0, incomplete("'X-Amz-Expires' must be a number of seconds from 1 to 604800. Got '" + quote(p.expires) + "'.")
	}
	return min(time.Duration(seconds)*time.Second, maxSkew), nil
}

// checkSkew refuses a request signed more than lifetime ago or more than maxSkew
// in the future.
func checkSkew(signed, now time.Time, lifetime time.Duration) *Error {
	// Whole seconds on both sides, as the signing time has no more.
	now = now.UTC().Truncate(time.Second)
	if oldest := now.Add(-lifetime); signed.Before(oldest) {
		return mismatch("Signature expired: " + signed.Format(isoBasic) + " is now earlier than " +
			oldest.Format(isoBasic) + " (" + now.Format(isoBasic) + " - " + span(lifetime) + ")")
	}
	if newest := now.Add(maxSkew); signed.After(newest) {
		return mismatch("Signature not yet current: " + signed.Format(isoBasic) + " is still later than " +
			newest.Format(isoBasic) + " (" + now.Format(isoBasic) + " + " + span(maxSkew) + ")")
	}
	return nil
}

// span prints a duration in minutes where it can, as AWS does.
func span(d time.Duration) string {
	if d%time.Minute == 0 {
		return strconv.Itoa(int(d/time.Minute)) + " min."
	}
	return strconv.Itoa(int(d/time.Second)) + " sec."
}

// credential is the Credential part, taken apart.
type credential struct {
	accessKeyID, date, region, service, terminator string
}

func parseCredential(s string) (credential, *Error) {
	if strings.Count(s, "/") != 4 {
		return credential{}, incomplete("Credential must have exactly 5 slash-delimited elements, " +
			"e.g. keyid/date/region/service/term, got '" + quote(s) + "'")
	}
	var c credential
	c.accessKeyID, s, _ = strings.Cut(s, "/")
	c.date, s, _ = strings.Cut(s, "/")
	c.region, s, _ = strings.Cut(s, "/")
	c.service, c.terminator, _ = strings.Cut(s, "/")
	return c, nil
}

// checkScope checks the scope against the services served and the signing time,
// in the form of isoBasic.
// All that is wrong is said at once, in AWS's order.
func (c *credential) checkScope(signed string, services []string) *Error {
	date := signed[:len("YYYYMMDD")]
	okRegion, okService := validRegion(c.region), slices.Contains(services, c.service)
	okTerminator, okDate := c.terminator == terminator, c.date == date
	if okRegion && okService && okTerminator && okDate {
		return nil
	}
	var wrong []string
	if !okRegion {
		wrong = append(wrong, "Credential should be scoped to a valid region, not '"+quote(c.region)+"'.")
	}
	if !okService {
		wrong = append(wrong, "Credential should be scoped to correct service: '"+strings.Join(services, "' or '")+"'.")
	}
	if !okTerminator {
		wrong = append(wrong, "Credential should be scoped with a valid terminator: '"+terminator+"', not '"+quote(c.terminator)+"'.")
	}
	if !okDate {
		wrong = append(wrong, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '"+
			quote(c.date)+"' != '"+date+"', from '"+signed+"'.")
	}
	return mismatch(strings.Join(wrong, " "))
}

// validRegion accepts what SDKs accept as a region: a host label (RFC 1123
// section 2.1).
func validRegion(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}
