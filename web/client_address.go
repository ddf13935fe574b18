package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// ClientAddress returns the address of the client that made the request. A
// request that comes straight from somewhere has that address; only where a
// trusted proxy sent it do X-Forwarded-For and Forwarded (RFC 7239) count, and
// of them the right-most address that is not a trusted proxy's, since everything
// left of it is the client's own word. Where both headers are there and differ,
// one of them is not the proxy's: then the proxy's own address is returned, as
// it is where a header cannot be read. The zero Addr means that the connection
// has no address, as with a Unix socket.
func ClientAddress(r *http.Request, trusted []netip.Prefix) netip.Addr {
	peer, ok := parseHop(r.RemoteAddr)
	if !ok {
		return netip.Addr{}
	}
	if !inAny(trusted, peer) {
		return peer
	}
	xff := hops(r.Header.Values("X-Forwarded-For"))
	forwarded := forwardedFor(r.Header.Values("Forwarded"))
	byXFF, byForwarded := walk(peer, xff, trusted), walk(peer, forwarded, trusted)
	switch {
	case len(forwarded) == 0:
		return byXFF
	case len(xff) == 0:
		return byForwarded
	case byXFF == byForwarded:
		return byXFF
	}
	return peer
}

// walk goes from the peer towards the client for as long as each hop is a
// trusted proxy, and returns the last address that a trusted one vouches for.
func walk(peer netip.Addr, hops []string, trusted []netip.Prefix) netip.Addr {
	at := peer
	for i := len(hops) - 1; i >= 0 && inAny(trusted, at); i-- {
		next, ok := parseHop(hops[i])
		if !ok {
			break
		}
		at = next
	}
	return at
}

// hops parts a list header, which may stand in several lines, nearest hop last.
func hops(lines []string) []string {
	if len(lines) == 0 {
		return nil
	}
	return strings.Split(strings.Join(lines, ","), ",")
}

// forwardedFor returns the for= parameter of every element of Forwarded; an
// element without one gives an empty hop.
func forwardedFor(lines []string) []string {
	elements := hops(lines)
	for i, element := range elements {
		elements[i] = ""
		for pair := range strings.SplitSeq(element, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if strings.EqualFold(name, "for") {
				elements[i] = strings.Trim(value, `"`)
			}
		}
	}
	return elements
}

// parseHop reads 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1] and
// [2001:db8::1]:80. Zones are dropped and mapped IPv4 addresses unmapped.
func parseHop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if p, err := netip.ParseAddrPort(s); err == nil {
		return p.Addr().WithZone("").Unmap(), true
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	return a.WithZone("").Unmap(), err == nil
}

func inAny(networks []netip.Prefix, a netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}
