package alert

import "strings"

// Classes of bytes inside a token; a byte with no class ends it.
const (
	cLetter = 1 << iota
	cDigit
	cDot
	cColon
	cSlash
	cBack
	cAt
	cDash  // - and _
	cOther // % + ~ $ # & ! ? * ^
	cAny
)

// clues are the classes that make a token worth a closer look.
const clues = cDot | cColon | cSlash | cBack | cAt

var classes = func() (t [256]uint16) {
	for c := range 256 {
		switch b := byte(c); {
		case b >= '0' && b <= '9':
			t[c] = cDigit
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z':
			t[c] = cLetter
		case strings.IndexByte("%+~$#&!?*^", b) >= 0:
			t[c] = cOther
		}
	}
	t['.'], t[':'], t['/'], t['\\'], t['@'] = cDot, cColon, cSlash, cBack, cAt
	t['-'], t['_'] = cDash, cDash
	for c := range t {
		if t[c] != 0 {
			t[c] |= cAny
		}
	}
	return t
}()

// scanner reads one text from front to back, token by token. A token is a run
// of ASCII without blanks, quotes, brackets, commas, semicolons and '='.
type scanner struct {
	c     *collector
	s     string // refanged
	h     hint
	depth int     // 1 inside a JSON member
	spans *[]span // where set, places are noted instead of gathered
}

// span is a place in a text that names an observable.
type span struct {
	from, to int
	typ      ObservableType
}

// take adds what stands at s[from:to] and reports whether it is valid.
func (sc *scanner) take(t ObservableType, from, to int) bool {
	o := Observable{Type: t, Value: sc.s[from:to], Role: sc.h.role}
	if sc.spans == nil {
		return sc.c.add(o)
	}
	if _, ok := Normalize(o); !ok {
		return false
	}
	*sc.spans = append(*sc.spans, span{from, to, t})
	return true
}

// text takes what a text names.
func (c *collector) text(s string, h hint) {
	if len(s) < 3 || c.full() || c.read >= maxScanTotal {
		return
	}
	s = s[:min(len(s), maxScan)]
	c.read += len(s)
	if strings.Contains(s, `\"`) || strings.Contains(s, `\/`) { // JSON inside a string
		s = jsonQuotes.Replace(s)
	}
	sc := scanner{c: c, s: Refang(s), h: h}
	sc.run()
}

var jsonQuotes = strings.NewReplacer(`\\"`, `"`, `\"`, `"`, `\/`, `/`)

func (sc *scanner) run() {
	s := sc.s
	line := sc.spans == nil && sc.h.mode == anything // whether a line begins here
	for i := 0; i < len(s); {
		if line {
			line = false
			if next := sc.labelled(i); next > i {
				i = next
				continue
			}
		}
		if classes[s[i]] == 0 {
			line = s[i] == '\n' && sc.spans == nil && sc.h.mode == anything
			i++
			continue
		}
		start := i
		bits := uint16(0)
		for i < len(s) && classes[s[i]] != 0 {
			bits |= classes[s[i]]
			i++
		}
		if next := sc.assignment(start, i, bits); next > i {
			i = next
			continue
		}
		if bits&clues == 0 && (bits&cDigit == 0 || i-start < 13) {
			continue
		}
		if next := sc.token(start, i, bits); next > i {
			i = next
		}
		if sc.c.full() {
			return
		}
	}
}

// assignment reads key=value and "key": "value" where the token s[start:i] is
// the key, and returns where to read on, 0 where it is none.
func (sc *scanner) assignment(start, i int, bits uint16) int {
	s := sc.s
	if sc.spans != nil || i >= len(s) || sc.h.mode == cveOnly {
		return 0
	}
	switch {
	case s[i] == '=' && bits&(cColon|cSlash|cBack|cAt) == 0:
		if amp := strings.LastIndexByte(s[start:i], '&'); amp >= 0 { // one of a query string
			if amp > 0 {
				sc.token(start, start+amp, bits)
			}
			start += amp + 1
		}
		return sc.pair(start, i)
	case s[i] == '"' && start > 0 && s[start-1] == '"' && bits&(cSlash|cBack|cAt) == 0:
		return sc.member(start, i)
	}
	return 0
}

// token looks at s[start:end] and returns where to read on.
func (sc *scanner) token(start, end int, bits uint16) int {
	if bits&cDigit != 0 && bits&cDash != 0 && end-start >= 13 {
		sc.cves(start, end)
	}
	if sc.h.mode == cveOnly {
		return end
	}
	if bits&cColon != 0 {
		if at := strings.Index(sc.s[start:end], "://"); at >= 0 {
			return sc.urlAt(start, start+at)
		}
	}
	if bits&cColon != 0 && (strings.HasPrefix(sc.s[start:end], "cpe:") || strings.HasPrefix(sc.s[start:end], "pkg:")) {
		return end
	}
	if bits&(cColon|cSlash|cDot) != 0 {
		if next := sc.resource(start, end); next > 0 {
			return next
		}
	}
	if bits&cBack != 0 && sc.h.mode != agents {
		if next := sc.windowsPath(start, end); next > 0 {
			return next
		}
	}
	if bits&cAt != 0 && sc.email(start, end) {
		return end
	}
	if sc.h.mode == ids || sc.h.mode == agents {
		return end
	}
	if sc.s[start] == '/' && sc.posixPath(start, end) {
		return end
	}
	if bits&cDigit != 0 && bits&cDot != 0 {
		if sc.ipv4(start, end) {
			return end
		}
	}
	if bits&cColon != 0 && sc.ipv6(start, end) {
		return end
	}
	if bits&(cBack|cAt) == 0 && end-start >= 32 && sc.hash(start, end) {
		return end
	}
	if bits&cDot != 0 && bits&cLetter != 0 && sc.h.mode != images {
		sc.domains(start, end)
	}
	return end
}

// cves takes every CVE number inside a token.
func (sc *scanner) cves(start, end int) {
	s := sc.s
	for i := start; i+13 <= end; i++ {
		if s[i]|0x20 != 'c' || s[i+1]|0x20 != 'v' || s[i+2]|0x20 != 'e' || !cveDash(s[i+3]) || i > start && isWordByte(s[i-1]) {
			continue
		}
		n := i + 9
		for n < end && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		if n-i < 13 || n < end && isWordByte(s[n]) {
			continue
		}
		sc.take(CVE, i, n)
		i = n - 1
	}
}

// resource takes a cloud resource's name that begins the token.
func (sc *scanner) resource(start, end int) int {
	switch sc.s[start] {
	case 'a', '/', 'o':
	default:
		return 0
	}
	n := resourceAt(sc.s[start:])
	if n == 0 {
		if strings.HasPrefix(sc.s[start:end], "arn:") {
			return end
		}
		return 0
	}
	name := sc.s[start : start+n]
	if sc.spans != nil {
		return max(start+n, end)
	}
	if isFindingName(name) {
		if account := resourceAccount(name); account != "" {
			sc.c.add(Observable{Type: Account, Value: account})
		}
	} else {
		sc.c.add(Observable{Type: Resource, Value: name, Role: sc.h.role})
	}
	return max(start+n, end)
}

// email takes the mail addresses in a token and reports whether the token is
// to be read no further.
func (sc *scanner) email(start, end int) bool {
	s := sc.s
	took := false
	for i := start; i < end; i++ {
		if s[i] != '@' {
			continue
		}
		left := i
		for left > start && (isWordByte(s[left-1]) || strings.IndexByte("._%+-#", s[left-1]) >= 0) {
			left--
		}
		right := i + 1
		for right < end && (isWordByte(s[right]) || s[right] == '.' || s[right] == '-') {
			right++
		}
		domain := strings.TrimRight(s[i+1:right], ".-")
		if left == i {
			continue
		}
		if right < i+2 || s[i+1] == '.' || left == start && sc.wideStart(start, left) < left {
			return true // broken, or a local part beyond ASCII; half of one would be another's
		}
		if right+1 < end && s[right] == ':' && isASCIILetter(s[right+1]) && strings.IndexByte(s[right:end], '/') > 0 || strings.EqualFold(domain, "sha256") {
			return true
		}
		for left < i && strings.IndexByte(".%+-#", s[left]) >= 0 {
			left++
		}
		if sc.take(Email, left, i+1+len(domain)) {
			took = true
			i = right
		}
	}
	return took
}
