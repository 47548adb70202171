package policy

import (
	"strconv"
	"strings"
)

// decimal is an exact decimal number that keeps the digits as they were written:
// the value is 0.DIGITS × 10^exponent. Numeric conditions compare decimals of any
// length, so float64 would find equal what is not.
type decimal struct {
	negative bool
	digits   string // without leading zeros; may hold one '.', which does not count
	exponent int
}

// maxExponent keeps arithmetic on exponents far from overflow.
const maxExponent = 1 << 20

// parseDecimal reads an optional sign, digits with at most one point, and an
// optional exponent. NaN, infinities, blanks and other bases are not numbers.
func parseDecimal(s string) (decimal, bool) {
	var d decimal
	if s != "" && (s[0] == '+' || s[0] == '-') {
		d.negative = s[0] == '-'
		s = s[1:]
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e > maxExponent || e < -maxExponent {
			return decimal{}, false
		}
		s, d.exponent = s[:i], e
	}
	point, hasDigit := len(s), false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.' && point == len(s):
			point = i
		case '0' <= c && c <= '9':
			hasDigit = true
		default:
			return decimal{}, false
		}
	}
	first := strings.IndexAny(s, "123456789")
	switch {
	case !hasDigit:
		return decimal{}, false
	case first < 0:
		return decimal{}, true // zero has no sign and no exponent
	case first > point:
		d.exponent -= first - point - 1
	default:
		d.exponent += point - first
	}
	d.digits = s[first:]
	return d, true
}

// compare returns -1, 0 or 1.
func (d decimal) compare(e decimal) int {
	switch {
	case d.sign() != e.sign():
		if d.sign() < e.sign() {
			return -1
		}
		return 1
	case d.negative:
		return e.compareMagnitude(d)
	default:
		return d.compareMagnitude(e)
	}
}

func (d decimal) sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.negative:
		return -1
	default:
		return 1
	}
}

func (d decimal) compareMagnitude(e decimal) int {
	if d.exponent != e.exponent {
		if d.exponent < e.exponent {
			return -1
		}
		return 1
	}
	var i, j int
	for i < len(d.digits) || j < len(e.digits) {
		a, b := nextDigit(d.digits, &i), nextDigit(e.digits, &j)
		if a != b {
			if a < b {
				return -1
			}
			return 1
		}
	}
	return 0
}

// nextDigit steps over the point; past the end every digit is zero.
func nextDigit(digits string, i *int) byte {
	if *i < len(digits) && digits[*i] == '.' {
		*i++
	}
	if *i >= len(digits) {
		return '0'
	}
	*i++
	return digits[*i-1]
}
