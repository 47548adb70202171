package main

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// proxies are the networks of the reverse proxies before this server. What X-Forwarded-For says is believed of them
// alone: anyone can send the header, and throttles and policies go by the address (Vikunja CVE-2026-29794).
type proxies []netip.Prefix

// parseProxies reads networks and addresses.
func parseProxies(list []string) (proxies, error) {
	var all proxies
	for _, text := range list {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			address, addressErr := netip.ParseAddr(text)
			if addressErr != nil {
				return nil, fmt.Errorf("--trusted-proxy %q is neither an address nor a network such as 10.0.0.0/8", text)
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		all = append(all, prefix.Masked())
	}
	return all, nil
}

func (p proxies) contains(address netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(address) })
}

// handler gives requests that come through a proxy the address and scheme that their client used: the last address of
// X-Forwarded-For that is no proxy's. An address that can't be read ends the search at the proxy that sent it.
func (p proxies) handler(next http.Handler) http.Handler {
	if len(p) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !p.contains(peer.Addr().Unmap()) {
			next.ServeHTTP(w, r)
			return
		}
		client := peer.Addr().Unmap()
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, hop := range slices.Backward(hops) {
			address, err := netip.ParseAddr(strings.TrimSpace(hop))
			if err != nil {
				break
			}
			client = address.Unmap().WithZone("")
			if !p.contains(client) {
				break
			}
		}
		r = r.Clone(r.Context())
		r.RemoteAddr = net.JoinHostPort(client.String(), "0")
		schemes := r.Header.Values("X-Forwarded-Proto")
		if len(schemes) > 0 && strings.EqualFold(schemes[len(schemes)-1], "https") {
			r.URL.Scheme = "https"
		}
		next.ServeHTTP(w, r)
	})
}
