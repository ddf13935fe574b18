package alert

import (
	"net/netip"
	"strings"
)

// ipv4 takes the IPv4 addresses and ranges in a token and reports whether
// there was one.
func (sc *scanner) ipv4(start, end int) bool {
	s := sc.s
	took := false
	for i := start; i < end; {
		if s[i] < '0' || s[i] > '9' {
			i++
			continue
		}
		n := dottedQuad(s[i:end])
		if n == 0 {
			for i < end && (s[i] == '.' || s[i] >= '0' && s[i] <= '9') {
				i++
			}
			continue
		}
		if sc.standsAlone(start, i, i+n, end) && (sc.h.typ == IP || !sc.isVersion(start, i, i+n)) {
			if sc.take(IP, i, i+n+maskBits(s[i+n:end])) {
				took = true
			}
		}
		i += n
	}
	return took
}

// dottedQuad returns the length of the four numbers up to 255 at the start of
// s, 0 where there are not exactly four.
func dottedQuad(s string) int {
	i := 0
	for octet := range 4 {
		begin, v := i, 0
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			v = v*10 + int(s[i]-'0')
			i++
			if v > 255 {
				return 0
			}
		}
		if i == begin || i-begin > 1 && s[begin] == '0' {
			return 0
		}
		if octet < 3 {
			if i >= len(s) || s[i] != '.' {
				return 0
			}
			i++
		}
	}
	if i < len(s) && (isWordByte(s[i]) || s[i] == '_' || s[i] == '.' && i+1 < len(s) && isWordByte(s[i+1])) {
		return 0
	}
	return i
}

// maskBits returns the length of "/24" at the start of s, 0 where there is none.
func maskBits(s string) int {
	if len(s) < 2 || s[0] != '/' {
		return 0
	}
	n := 1
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == 1 || n > 3 || n < len(s) && (isWordByte(s[n]) || s[n] == '/') {
		return 0
	}
	return n
}

// standsAlone reports whether nothing around s[i:n], inside its token, makes
// the four numbers part of something else, such as package-1.2.3.4 or 1.2.3.4-beta.
func (sc *scanner) standsAlone(start, i, n, end int) bool {
	s := sc.s
	if n < end {
		switch s[n] {
		case '+', '~', '_', '$', '%', '^', '*':
			return false
		case '-':
			if rest := s[n+1 : end]; rest != "" && dottedQuad(rest) == 0 {
				return false
			}
		}
	}
	if i == start {
		return true
	}
	switch s[i-1] {
	case '@', '!', '?', '&', '#':
		return true
	case ':':
		return sc.labels(s[start : i-1])
	case '/':
		before := s[start : i-1]
		return before == "" || before == "/" || before == "/dev/tcp" || before == "/dev/udp" || dottedQuad(before) > 0
	case '\\':
		return s[start:i] == `\\` || s[start:i] == `\\\\`
	case '-': // a range
		return i-2 >= start && s[i-2] >= '0' && s[i-2] <= '9' && dottedQuadBefore(s[start:i-1])
	}
	return false
}

// dottedQuadBefore reports whether s ends in four numbers that stand alone.
func dottedQuadBefore(s string) bool {
	at := len(s)
	for at > 0 && (s[at-1] == '.' || s[at-1] >= '0' && s[at-1] <= '9') {
		at--
	}
	return dottedQuad(s[at:]) > 0
}

// labels reports whether what stands before a colon names an address that
// follows ("src:", "SSH:") and not a thing whose version follows ("nginx:").
func (sc *scanner) labels(label string) bool {
	if label == "" || strings.ContainsAny(label, "/.@") {
		return dottedQuadBefore(label)
	}
	if h := textHint(label); h.typ == IP || h.typ == Host || h.role != "" {
		return true
	}
	return label[0] >= 'A' && label[0] <= 'Z'
}

// Words that make four numbers a version or the number of a section, and words
// that may stand between.
var (
	versionWords = wordSet("version versions ver v release releases released build builds firmware upgrade upgraded upgrading update updated downgrade downgraded rev revision oid section sections control controls cis requirement requirements chapter appendix clause article patch patched chrome chromium firefox edge safari opera android openssl kernel driver package library plugin module jdk jre java python framework net microsoft.net dotnet agent-version client-version product-version sdk installed benchmark recommendation check")
	linkingWords = wordSet("to from and or before after than through until up prior is are was in at earlier later newer older the of number since")
	afterVersion = []string{"or later", "or earlier", "or newer", "or older", "or higher", "or lower", "or above", "or below", "and later", "and earlier", "and newer", "and older", "and higher", "and below", "and prior", "and above", "and lower", "or prior", "for windows", "for linux", "for mac"}
)

// isVersion decides by the words around four numbers, and by their form,
// whether they are a version rather than an address.
func (sc *scanner) isVersion(start, i, n int) bool {
	s := sc.s
	if strings.HasPrefix(s[i:n], "255.") && s[i:n] != "255.255.255.255" {
		return true // a mask
	}
	if strings.HasSuffix(s[i:n], ".0.0") && s[i:n] != "0.0.0.0" && maskBits(s[n:]) == 0 && !isPrivateNet(s[i:n]) {
		return true // nobody's address, but many a browser's version
	}
	words := wordsBefore(s, start, 4)
	for k, w := range words {
		if versionWords[w] {
			return true
		}
		if !linkingWords[w] && !(k > 0 && w != "" && w[0] >= '0' && w[0] <= '9') && !numberish(w) {
			break
		}
	}
	if i > 0 && s[i-1] == '|' && n < len(s) && s[n] == '|' && strings.Contains(s[max(0, i-120):i], "EF:") {
		return true // the product's version in the header of CEF and LEEF
	}
	rest := s[n:]
	if len(rest) > 1 && rest[0] == ' ' {
		rest = strings.ToLower(rest[1:min(len(rest), 16)])
		for _, after := range afterVersion {
			if strings.HasPrefix(rest, after) {
				return true
			}
		}
	}
	return false
}

func numberish(w string) bool {
	return w != "" && w[0] >= '0' && w[0] <= '9' && strings.IndexByte(w, '.') > 0
}

func isPrivateNet(v string) bool {
	addr, err := netip.ParseAddr(v)
	return err == nil && addr.IsPrivate()
}

// ipv6 takes a token that is an IPv6 address or range and reports whether it
// was one. Times, MAC addresses and names such as abc::def have the same
// letters, so only addresses of ranges in use are taken unless the key says ip.
func (sc *scanner) ipv6(start, end int) bool {
	if sc.s[start] == '/' {
		start++
	}
	t := sc.s[start:end]
	for strings.HasSuffix(t, ".") || strings.HasSuffix(t, "!") || strings.HasSuffix(t, "?") || strings.HasSuffix(t, ":") && !strings.HasSuffix(t, "::") {
		t = t[:len(t)-1]
	}
	if colon := strings.IndexByte(t, ':'); colon > 0 && !isHex(t[:colon]) {
		if strings.Count(t[colon+1:], ":") < 2 || !sc.labels(t[:colon]) {
			return false
		}
		t = t[colon+1:]
		start += colon + 1
	}
	end = start + len(t)
	if len(t) < 3 || strings.Count(t, ":") < 2 || !(hexDigit[t[0]] || t[0] == ':') {
		return false
	}
	if addr, ok := parseAddr(t); ok && addr.Is6() {
		if sc.h.typ != IP && !plausible6(addr, t) {
			return false
		}
		return sc.take(IP, start, end)
	}
	if p, ok := parsePrefix(t); ok && p.Addr().Is6() {
		return sc.take(IP, start, end)
	}
	if _, ok := parseAddr(t); ok && strings.Contains(t, "::") { // ::ffff:198.51.100.7
		return sc.take(IP, start, end)
	}
	return false
}

func plausible6(addr netip.Addr, t string) bool {
	if !strings.ContainsAny(t, "0123456789") {
		return false
	}
	b := addr.As16()
	switch {
	case addr.IsLoopback(), addr.IsPrivate(), addr.IsLinkLocalUnicast(), addr.IsMulticast(), addr.IsInterfaceLocalMulticast():
		return true
	case b[0]>>5 == 1: // 2000::/3, global unicast
		return true
	}
	return b[0] == 0 && b[1] == 0x64 && b[2] == 0xff && b[3] == 0x9b // NAT64
}
