package alert

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Bounds on an observable's value, in bytes; longer ones are not valid.
const (
	maxValue = 1024
	maxURL   = 2048
)

// Normalize returns the observable in its one canonical form, with its scope,
// and whether its value is valid for its type. Addresses lose port, zone and
// IPv4 mapping, ranges their host bits, domains case and trailing dot, and
// become ASCII (xn--); DOMAIN\user becomes user. It is idempotent. It does not
// refang: Observe does that before.
func Normalize(o Observable) (Observable, bool) {
	v := strings.TrimSpace(o.Value)
	if v == "" || len(v) > maxURL || !printable(v) {
		return o, false
	}
	ok := false
	switch o.Type {
	case IP:
		v, ok = normalizeIP(v)
	case Domain:
		v, ok = normalizeDomain(v)
	case URL:
		v, ok = normalizeURL(v)
	case Hash:
		v, ok = normalizeHash(v)
	case Email:
		v, ok = normalizeEmail(v)
	case User:
		v, ok = normalizeUser(v)
	case Host:
		v, ok = normalizeHost(v)
	case Process:
		v = baseName(v)
		ok = len(v) <= 256 && !placeholder(v) && !allDigits(v) && !isGUID(v) && !isIPText(v)
	case File:
		v, ok = normalizeFile(v)
	case CVE:
		v, ok = normalizeCVE(v)
	case Account:
		v, ok = normalizeAccount(v)
	case Resource:
		ok = len(v) >= 3 && !placeholder(v)
	}
	if !ok || v == "" || o.Type != URL && len(v) > maxValue {
		return o, false
	}
	o.Value = v
	o.Scope = ScopeOf(o)
	return o, true
}

func normalizeIP(v string) (string, bool) {
	if addr, ok := parseAddr(v); ok {
		return addr.String(), true
	}
	if p, ok := parsePrefix(v); ok {
		return p.String(), true
	}
	return v, false
}

// parseAddr reads an address, also with a port, brackets or a zone.
func parseAddr(v string) (netip.Addr, bool) {
	if len(v) > 80 || !addressBytes(v) {
		return netip.Addr{}, false
	}
	if v[0] == '[' {
		end := strings.IndexByte(v, ']')
		if end < 0 || end+1 < len(v) && (v[end+1] != ':' || !isPort(v[end+2:])) {
			return netip.Addr{}, false
		}
		v = v[1:end]
	} else if colon := strings.IndexByte(v, ':'); colon > 0 && strings.IndexByte(v[:colon], '.') > 0 {
		if !isPort(v[colon+1:]) {
			return netip.Addr{}, false
		}
		v = v[:colon]
	}
	addr, err := netip.ParseAddr(v)
	if err != nil {
		return netip.Addr{}, false
	}
	return addr.Unmap().WithZone(""), true
}

// addressBytes reports whether v holds only what addresses do. It spares most
// other values the parser, whose refusals cost more than its work.
func addressBytes(v string) bool {
	marks := 0
	for i := range len(v) {
		switch c := v[i]; {
		case c == '.' || c == ':':
			marks++
		case hexDigit[c], c == '/', c == '[', c == ']':
		case c == '%':
			return marks >= 2 // a zone's name follows
		default:
			return false
		}
	}
	return marks >= 2
}

func parsePrefix(v string) (netip.Prefix, bool) {
	if strings.IndexByte(v, '/') < 0 || len(v) > 80 || !addressBytes(v) {
		return netip.Prefix{}, false
	}
	p, err := netip.ParsePrefix(v)
	if err != nil || p.Addr().Is4In6() || p.Bits() == 0 { // all addresses are none in particular
		return netip.Prefix{}, false
	}
	return p.Masked(), true
}

func isPort(s string) bool { return len(s) > 0 && len(s) <= 5 && allDigits(s) }

// privateTLDs are names that no public list has, but alerts do.
var privateTLDs = map[string]bool{
	"example": true, "test": true, "invalid": true, "localhost": true, "local": true, "internal": true,
	"corp": true, "lan": true, "home": true, "intranet": true, "localdomain": true, "private": true, "onion": true,
}

func normalizeDomain(v string) (string, bool) {
	v, ok := asciiName(v)
	if !ok || !knownSuffix(v) {
		return v, false
	}
	return v, true
}

// asciiName returns a dotted name in lower-case ASCII without its trailing
// dot, and whether its labels are well formed.
func asciiName(v string) (string, bool) {
	v = strings.TrimSuffix(v, ".")
	v = strings.TrimPrefix(v, "*.")
	if len(v) > 253 && isASCII(v) || strings.IndexByte(v, '.') < 0 && isASCII(v) {
		return v, false
	}
	if !isASCII(v) {
		var err error
		if v, err = idna.Lookup.ToASCII(v); err != nil {
			return v, false
		}
	}
	v = strings.ToLower(v)
	if len(v) > 253 || strings.IndexByte(v, '.') < 0 {
		return v, false
	}
	return v, goodLabels(v)
}

// goodLabels reports whether every label is 1 to 63 letters, digits, hyphens
// and underscores, no hyphen at its ends, and the last is no number.
func goodLabels(v string) bool {
	start := 0
	for i := 0; i <= len(v); i++ {
		if i < len(v) && v[i] != '.' {
			c := v[i]
			if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
				return false
			}
			continue
		}
		if n := i - start; n == 0 || n > 63 || v[start] == '-' || v[i-1] == '-' {
			return false
		}
		if i == len(v) {
			last := v[start:]
			return len(last) >= 2 && last[0] >= 'a' && last[0] <= 'z' && strings.IndexByte(last, '_') < 0
		}
		start = i + 1
	}
	return false
}

// knownSuffix reports whether a name stands below a suffix that ICANN
// delegates, a private one below such, or a TLD of private networks and samples.
func knownSuffix(v string) bool {
	suffix, icann := publicsuffix.PublicSuffix(v)
	if icann {
		return len(suffix) < len(v)
	}
	return strings.IndexByte(suffix, '.') > 0 || privateTLDs[suffix]
}

func normalizeURL(v string) (string, bool) {
	colon := strings.Index(v, "://")
	if colon < 3 || colon > 5 {
		return v, false
	}
	scheme := strings.ToLower(v[:colon])
	switch scheme {
	case "http", "https", "ftp", "ftps":
	default:
		return v, false
	}
	rest := v[colon+3:]
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	user := ""
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, authority = authority[:at+1], authority[at+1:]
	}
	host, port := splitPort(authority)
	host, ok := urlHost(host)
	if !ok || strings.ContainsAny(v, " <>\"`\\") {
		return v, false
	}
	v = scheme + "://" + user + host + port + tail
	return v, len(v) <= maxURL && (port == "" || isPort(port[1:]))
}

// urlHost returns the host part of a URL in canonical form: a name, an
// address, or a bracketed IPv6 address.
func urlHost(host string) (string, bool) {
	if strings.HasPrefix(host, "[") {
		addr, ok := parseAddr(host)
		if !ok {
			return host, false
		}
		if addr.Is4() {
			return addr.String(), true
		}
		return "[" + addr.String() + "]", true
	}
	host = strings.TrimSuffix(host, ".")
	if host == "" {
		return host, false
	}
	if strings.IndexByte(host, '.') < 0 {
		host = strings.ToLower(host)
		return host, isHostName(host)
	}
	if addr, ok := parseAddr(host); ok {
		return addr.String(), true
	}
	host, ok := asciiName(host)
	return host, ok && !strings.HasPrefix(host, "*")
}

// splitPort cuts ":port" off an authority.
func splitPort(authority string) (host, port string) {
	colon := strings.LastIndexByte(authority, ':')
	if colon < 0 || strings.IndexByte(authority[colon:], ']') >= 0 {
		return authority, ""
	}
	if colon+1 == len(authority) {
		return authority[:colon], ""
	}
	return authority[:colon], authority[colon:]
}

func normalizeHash(v string) (string, bool) {
	if colon := strings.IndexAny(v, ":="); colon > 0 && colon <= 8 {
		switch strings.ToLower(strings.ReplaceAll(v[:colon], "-", "")) {
		case "md5", "sha1", "sha256":
			v = v[colon+1:]
		}
	}
	if len(v) != 32 && len(v) != 40 && len(v) != 64 || !isHex(v) {
		return v, false
	}
	v = strings.ToLower(v)
	return v, strings.Trim(v, "0") != "" // zeros stand for none
}

func normalizeEmail(v string) (string, bool) {
	at := strings.LastIndexByte(v, '@')
	if at < 1 || at > 64 || strings.ContainsAny(v[:at], " <>()[],;:\"\\@") {
		return v, false
	}
	domain, ok := asciiName(v[at+1:])
	if !ok || !knownSuffix(domain) || strings.HasPrefix(v[at+1:], "*") {
		return v, false
	}
	return strings.ToLower(v[:at]) + "@" + domain, true
}

func normalizeUser(v string) (string, bool) {
	if cut := strings.IndexByte(v, '\\'); cut >= 0 {
		v = strings.TrimSpace(v[strings.LastIndexByte(v, '\\')+1:])
	}
	if len(v) > 256 || placeholder(v) || strings.Contains(v, "://") {
		return v, false
	}
	return v, true
}

func normalizeHost(v string) (string, bool) {
	host, port := splitPort(v)
	if port != "" && isPort(port[1:]) || port == "" {
		v = host
	}
	v = strings.TrimLeft(strings.TrimSuffix(v, "."), `\`)
	return v, len(v) <= 253 && !placeholder(v) && isHostName(v)
}

// isHostName reports whether s can name a machine: letters and digits of any
// script, hyphens, underscores and dots, a letter or digit first.
func isHostName(s string) bool {
	for i, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		case r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)):
		case i > 0 && (r == '-' || r == '_' || r == '.'):
		default:
			return false
		}
	}
	return s != "" && s[len(s)-1] != '.'
}

func normalizeFile(v string) (string, bool) {
	v = unquote(v)
	for strings.HasPrefix(v, `\\?\`) {
		v = unquote(v[4:])
	}
	return v, v != "" && !placeholder(v) && v != "/" && !strings.Contains(v, "://")
}

// normalizeCVE writes CVE-2021-44228; rule sets also write CVE_2021_44228.
func normalizeCVE(v string) (string, bool) {
	if len(v) < 13 || len(v) > 28 || !strings.EqualFold(v[:3], "cve") || !cveDash(v[3]) || !cveDash(v[8]) || !allDigits(v[4:8]) || !allDigits(v[9:]) {
		return v, false
	}
	if v[4:8] < "1988" || v[4:8] > "2099" {
		return v, false
	}
	return "CVE-" + v[4:8] + "-" + v[9:], true
}

func cveDash(c byte) bool { return c == '-' || c == '_' }

func normalizeAccount(v string) (string, bool) {
	if isGUID(v) {
		return strings.ToLower(v), true
	}
	return v, len(v) >= 2 && len(v) <= 256 && !placeholder(v)
}

func isGUID(v string) bool {
	if len(v) != 36 {
		return false
	}
	for i := range len(v) {
		switch i {
		case 8, 13, 18, 23:
			if v[i] != '-' {
				return false
			}
		default:
			if !hexDigit[v[i]] {
				return false
			}
		}
	}
	return true
}
