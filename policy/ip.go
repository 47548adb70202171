package policy

import (
	"net/netip"
	"strings"
)

// parseNetwork reads the operand of an IP condition. It differs from
// netip.ParsePrefix where AWS does: an address alone is a network of one, IPv4
// octets and prefix lengths may have leading zeros, a prefix length may have a
// plus sign, IPv4 host bits are dropped and IPv6 host bits are an error.
func parseNetwork(s string) (netip.Prefix, bool) {
	text, length, hasLength := strings.Cut(s, "/")
	address, ok := parseAddress(text)
	if !ok {
		return netip.Prefix{}, false
	}
	bits := address.BitLen()
	if hasLength {
		if bits, ok = parseDecimalInt(strings.TrimPrefix(length, "+"), bits); !ok {
			return netip.Prefix{}, false
		}
	}
	network := netip.PrefixFrom(address, bits).Masked()
	if address.Is6() && (network.Addr() != address || strings.Contains(text, ".")) {
		return netip.Prefix{}, false
	}
	return network, true
}

// parseRequestAddress reads the address of a request; IPv4 mapped into IPv6
// compares as IPv4.
func parseRequestAddress(s string) (netip.Addr, bool) {
	address, ok := parseAddress(s)
	return address.Unmap(), ok
}

func parseAddress(s string) (netip.Addr, bool) {
	if strings.Contains(s, ":") {
		address, err := netip.ParseAddr(s)
		return address, err == nil && address.Zone() == ""
	}
	var octets [4]byte
	for i := range octets {
		text, rest, more := strings.Cut(s, ".")
		n, ok := parseDecimalInt(text, 255)
		if !ok || more != (i < 3) {
			return netip.Addr{}, false
		}
		octets[i], s = byte(n), rest
	}
	return netip.AddrFrom4(octets), true
}

// parseDecimalInt reads one to five ASCII digits worth at most limit.
func parseDecimalInt(s string, limit int) (int, bool) {
	if len(s) == 0 || len(s) > 5 {
		return 0, false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || '9' < s[i] {
			return 0, false
		}
		n = 10*n + int(s[i]-'0')
	}
	return n, n <= limit
}
