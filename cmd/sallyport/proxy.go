package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
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
//
// The scheme goes on in r.URL.Scheme, which a client could set too, with the absolute form of a request line: what came
// with the request is taken out first.
func (p proxies) handler(next http.Handler) http.Handler {
	var warn sync.Once
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Scheme, r.URL.Host = "", ""
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !p.contains(peer.Addr().Unmap()) {
			if len(r.Header["X-Forwarded-For"]) > 0 {
				warn.Do(func() {
					slog.Warn("X-Forwarded-For of a peer that is no --trusted-proxy is not believed; said once", "peer", r.RemoteAddr)
				})
			}
			next.ServeHTTP(w, r)
			return
		}
		client := peer.Addr().Unmap()
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, hop := range slices.Backward(hops) {
			address, err := hopAddress(strings.TrimSpace(hop))
			if err != nil {
				break
			}
			client = address.Unmap().WithZone("")
			if !p.contains(client) {
				break
			}
		}
		r.RemoteAddr = net.JoinHostPort(client.String(), "0")
		schemes := r.Header.Values("X-Forwarded-Proto")
		if len(schemes) > 0 && strings.EqualFold(schemes[len(schemes)-1], "https") {
			r.URL.Scheme = "https"
		}
		next.ServeHTTP(w, r)
	})
}

// hopAddress reads an address of X-Forwarded-For; some proxies add the port.
func hopAddress(text string) (netip.Addr, error) {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr(), nil
	}
	return netip.ParseAddr(text)
}
