package alert

import (
	"net/netip"
	"strings"
)

// ObservableKey returns the canonical search key of a value, whatever its
// type: what the store indexes and what a user's observable= is looked up by.
// Defanged values are refanged, addresses canonical and without port, hashes
// without their label, DOMAIN\user is the user, the rest is lower-case.
func ObservableKey(value string) string {
	v := strings.TrimSpace(Refang(value))
	if v == "" {
		return ""
	}
	if c := v[0]; c == '[' || c == ':' || hexDigit[c] {
		if ip, ok := normalizeIP(v); ok {
			return ip
		}
	}
	if colon := strings.IndexByte(v, ':'); colon >= 3 && colon <= 7 {
		if h, ok := normalizeHash(v); ok {
			return h
		}
		if u, ok := normalizeURL(v); ok {
			return strings.ToLower(u)
		}
	}
	if at := strings.IndexByte(v, '@'); at > 0 {
		if e, ok := normalizeEmail(v); ok {
			return e
		}
	} else if strings.IndexByte(v, '.') > 0 && strings.IndexByte(v, '/') < 0 {
		if d, ok := asciiName(v); ok {
			return d
		}
	}
	if len(v) > 3 && len(v) < 29 && v[0]|0x20 == 'c' {
		if cve, ok := normalizeCVE(v); ok {
			return strings.ToLower(cve)
		}
	}
	if user, ok := downLevelUser(v); ok {
		v = user
	}
	return strings.ToLower(v)
}

// ParsePrefixQuery reads a query for a range of addresses, such as
// 198.51.100.0/24 or its defanged form. Host bits may be set; they are dropped.
func ParsePrefixQuery(s string) (netip.Prefix, bool) {
	return parsePrefix(strings.TrimSpace(Refang(s)))
}

// downLevelUser splits DOMAIN\user; paths have more than one backslash, a
// colon, or an environment variable.
func downLevelUser(v string) (user string, ok bool) {
	cut := strings.IndexByte(v, '\\')
	if cut < 1 || cut > 32 || cut+1 == len(v) || strings.ContainsAny(v[:cut], `:/%$"<>|=`) || strings.ContainsAny(v[cut+1:], `\/:*?"<>|`) {
		return v, false
	}
	return strings.TrimSpace(v[cut+1:]), true
}
