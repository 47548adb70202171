package policy

import (
	"strconv"
	"strings"
	"time"
)

// instant is a date to the millisecond, which is how precisely AWS compares.
type instant struct {
	second      int64 // since 1970
	millisecond int16
}

func (a instant) compare(b instant) int {
	switch {
	case a.second < b.second, a.second == b.second && a.millisecond < b.millisecond:
		return -1
	case a == b:
		return 0
	default:
		return 1
	}
}

// The years of AWS's calendar.
const (
	minYear = -292275054
	maxYear = 292278993
)

// parseInstant reads seconds since 1970, or an ISO 8601 date of which everything
// after the year may be left out: YYYY-MM-DDThh:mm:ss.fffZ, with an offset of
// +hh, +hhmm or +hh:mm in place of Z, and at most nine digits of fraction.
func parseInstant(s string) (instant, bool) {
	if strings.Trim(s, "+-0123456789") == "" && strings.LastIndexAny(s, "+-") <= 0 {
		epoch, err := strconv.ParseInt(s, 10, 64)
		return instant{second: epoch}, err == nil
	}
	p := dateParser{rest: s, ok: true}
	sign := 1
	if p.take('-') {
		sign = -1
	}
	year := sign * p.number(1, 9, 0, maxYear)
	month, day := 1, 1
	if p.take('-') {
		month = p.number(1, 2, 1, 12)
		if p.take('-') {
			day = p.number(1, 2, 1, 31)
		}
	}
	var hour, minute, second, nanosecond, offset int
	if p.take('T') || p.take('t') {
		if p.digit() {
			hour = p.number(1, 2, 0, 23)
			if p.take(':') {
				minute = p.number(1, 2, 0, 59)
				if p.take(':') {
					second = p.number(1, 2, 0, 59)
					if p.take('.') {
						nanosecond = p.fraction()
					}
				}
			}
		}
		offset = p.offset()
	}
	date := time.Date(year, time.Month(month), day, hour, minute, second, nanosecond, time.UTC)
	if !p.ok || p.rest != "" || year < minYear || date.Day() != day {
		return instant{}, false
	}
	return instant{date.Unix() - int64(offset), int16(nanosecond / 1e6)}, true
}

// dateParser takes a date apart from the left; ok turns false at the first
// character that does not belong.
type dateParser struct {
	rest string
	ok   bool
}

func (p *dateParser) digit() bool {
	return p.rest != "" && '0' <= p.rest[0] && p.rest[0] <= '9'
}

func (p *dateParser) take(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// number takes from least to most digits, worth from low to high.
func (p *dateParser) number(least, most, low, high int) int {
	n, digits := 0, 0
	for ; digits < most && p.digit(); digits++ {
		n = 10*n + int(p.rest[0]-'0')
		p.rest = p.rest[1:]
	}
	p.ok = p.ok && digits >= least && low <= n && n <= high
	return n
}

// fraction takes one to nine digits and returns nanoseconds.
func (p *dateParser) fraction() int {
	before := len(p.rest)
	n := p.number(1, 9, 0, 999999999)
	for range 9 - (before - len(p.rest)) {
		n *= 10
	}
	return n
}

// offset takes a time zone and returns its seconds east of UTC.
func (p *dateParser) offset() int {
	sign := 0
	switch {
	case p.take('Z'), p.take('z'):
		return 0
	case p.take('+'):
		sign = 1
	case p.take('-'):
		sign = -1
	default:
		return 0
	}
	hours := p.number(2, 2, 0, 23)
	minutes := 0
	if p.take(':') || p.digit() {
		minutes = p.number(2, 2, 0, 59)
	}
	return sign * (hours*3600 + minutes*60)
}
