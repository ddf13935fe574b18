package alert

import (
	"net/netip"
	"strings"
)

// Scopes of addresses and domains, beside "" for public ones. They keep a look
// at an alert honest: a private address says nothing outside, a documentation
// address is a sample.
const (
	ScopePrivate       = "private"
	ScopeShared        = "shared" // carrier-grade NAT, 100.64.0.0/10
	ScopeLoopback      = "loopback"
	ScopeLinkLocal     = "link-local"
	ScopeMulticast     = "multicast"
	ScopeDocumentation = "documentation"
	ScopeUnspecified   = "unspecified"
	ScopeBroadcast     = "broadcast"
	ScopeBenchmark     = "benchmark"
	ScopeReserved      = "reserved"
)

// scopedRanges follows the IANA special-purpose address registries; the first
// range that holds an address decides.
var scopedRanges = []struct {
	prefix netip.Prefix
	scope  string
}{
	{netip.MustParsePrefix("0.0.0.0/32"), ScopeUnspecified},
	{netip.MustParsePrefix("255.255.255.255/32"), ScopeBroadcast},
	{netip.MustParsePrefix("10.0.0.0/8"), ScopePrivate},
	{netip.MustParsePrefix("172.16.0.0/12"), ScopePrivate},
	{netip.MustParsePrefix("192.168.0.0/16"), ScopePrivate},
	{netip.MustParsePrefix("100.64.0.0/10"), ScopeShared},
	{netip.MustParsePrefix("127.0.0.0/8"), ScopeLoopback},
	{netip.MustParsePrefix("169.254.0.0/16"), ScopeLinkLocal},
	{netip.MustParsePrefix("192.0.2.0/24"), ScopeDocumentation},
	{netip.MustParsePrefix("198.51.100.0/24"), ScopeDocumentation},
	{netip.MustParsePrefix("203.0.113.0/24"), ScopeDocumentation},
	{netip.MustParsePrefix("198.18.0.0/15"), ScopeBenchmark},
	{netip.MustParsePrefix("224.0.0.0/4"), ScopeMulticast},
	{netip.MustParsePrefix("0.0.0.0/8"), ScopeReserved},
	{netip.MustParsePrefix("192.0.0.0/24"), ScopeReserved},
	{netip.MustParsePrefix("240.0.0.0/4"), ScopeReserved},
	{netip.MustParsePrefix("::/128"), ScopeUnspecified},
	{netip.MustParsePrefix("::1/128"), ScopeLoopback},
	{netip.MustParsePrefix("fc00::/7"), ScopePrivate},
	{netip.MustParsePrefix("fe80::/10"), ScopeLinkLocal},
	{netip.MustParsePrefix("ff00::/8"), ScopeMulticast},
	{netip.MustParsePrefix("2001:db8::/32"), ScopeDocumentation},
	{netip.MustParsePrefix("3fff::/20"), ScopeDocumentation},
	{netip.MustParsePrefix("2001:2::/48"), ScopeBenchmark},
	{netip.MustParsePrefix("100::/64"), ScopeReserved},
	{netip.MustParsePrefix("::/8"), ScopeReserved},
}

// AddrScope returns the scope of an address; public ones have "".
func AddrScope(addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	for i := range scopedRanges {
		if scopedRanges[i].prefix.Contains(addr) {
			return scopedRanges[i].scope
		}
	}
	return ""
}

// PrefixScope returns the scope of a range: that of its addresses where one
// scoped range holds them all, else "".
func PrefixScope(p netip.Prefix) string {
	for i := range scopedRanges {
		if r := scopedRanges[i].prefix; r.Bits() <= p.Bits() && r.Contains(p.Addr()) {
			return scopedRanges[i].scope
		}
	}
	return ""
}

// DomainScope returns the scope of a domain's name: documentation names
// (RFC 2606, RFC 6761), names of private networks, or "".
func DomainScope(domain string) string {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	tld := domain[strings.LastIndexByte(domain, '.')+1:]
	switch tld {
	case "localhost":
		return ScopeLoopback
	case "example", "test", "invalid":
		return ScopeDocumentation
	case "local", "internal", "corp", "lan", "home", "intranet", "localdomain", "private":
		return ScopePrivate
	case "com", "org", "net":
		rest := domain[:len(domain)-len(tld)]
		if rest == "example." || strings.HasSuffix(rest, ".example.") {
			return ScopeDocumentation
		}
	}
	return ""
}

// ScopeOf returns the scope of an observable: addresses, ranges and domains
// have one, other types "".
func ScopeOf(o Observable) string {
	switch o.Type {
	case IP:
		if addr, err := netip.ParseAddr(o.Value); err == nil {
			return AddrScope(addr)
		}
		if p, err := netip.ParsePrefix(o.Value); err == nil {
			return PrefixScope(p)
		}
	case Domain:
		return DomainScope(o.Value)
	}
	return ""
}
