package alert

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

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
		if sc.spans == nil && i < len(s) && s[i] == '=' && bits&(cColon|cSlash|cBack|cAt) == 0 && sc.h.mode != cveOnly {
			if amp := strings.LastIndexByte(s[start:i], '&'); amp >= 0 { // one of a query string
				if amp > 0 {
					sc.token(start, start+amp, bits)
				}
				start += amp + 1
			}
			i = sc.pair(start, i)
			continue
		}
		if sc.spans == nil && i < len(s) && s[i] == '"' && start > 0 && s[start-1] == '"' && bits&(cSlash|cBack|cAt) == 0 && sc.h.mode != cveOnly {
			if next := sc.member(start, i); next > 0 {
				i = next
				continue
			}
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

// pair reads key=value. Where the key says that the value is a user, a host or
// a process, the whole value is taken; where it says a version or a time, the
// value is passed over. It returns where to read on.
func (sc *scanner) pair(start, eq int) int {
	if eq-start > 40 {
		return eq + 1
	}
	h := textHint(sc.s[start:eq])
	switch {
	case h.mode == skip, h.typ == User, h.typ == Host, h.typ == Process:
	default:
		return eq + 1
	}
	value, next := pairValue(sc.s, eq+1)
	if value == "" || strings.Contains(value, "://") {
		return eq + 1
	}
	if h.mode != skip {
		sc.c.hinted(value, h)
	}
	return next
}

// labelled reads a line such as "Hostname: WEB-01": where the words before the
// colon say user, host or process and one word follows, that word is taken. It
// returns where to read on, 0 where the line is none.
func (sc *scanner) labelled(i int) int {
	s := sc.s
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '-' || s[i] == '*') {
		i++
	}
	colon := i
	for colon < len(s) && colon-i < 32 && (isASCIILetter(s[colon]) || s[colon] == ' ' || s[colon] == '_') {
		colon++
	}
	if colon == i || colon+2 >= len(s) || s[colon] != ':' || s[colon+1] != ' ' {
		return 0
	}
	h := textHint(s[i:colon])
	if h.weak || h.typ != User && h.typ != Host && h.typ != Process {
		return 0
	}
	end := colon + 2
	for end < len(s) && s[end] != '\n' && s[end] != '\r' {
		if end-colon > 130 {
			return 0
		}
		end++
	}
	value := strings.Trim(strings.TrimSpace(s[colon+2:end]), "`*\"'")
	if value == "" || strings.ContainsAny(value, " \t,;()<>=") {
		return 0
	}
	sc.c.hinted(value, h)
	return end
}

// member reads a member of a JSON object that stands in the text as an
// attribute: "key": "value". It returns where to read on, 0 where it is none.
func (sc *scanner) member(start, end int) int {
	s := sc.s
	i := end + 1
	for i < len(s) && i < end+4 && (s[i] == ' ' || s[i] == ':') {
		i++
	}
	if i == end+1 || i >= len(s) || s[i] != '"' || strings.IndexByte(s[end+1:i], ':') < 0 || end-start > 64 || sc.depth > 0 {
		return 0
	}
	n := strings.IndexByte(s[i+1:], '"')
	if n < 0 {
		return 0
	}
	h := textHint(s[start:end])
	if value := s[i+1 : i+1+n]; h.typ != "" {
		sc.c.hinted(value, h)
	} else if h.mode != skip {
		inner := scanner{c: sc.c, s: value, h: h, depth: 1}
		inner.run()
	}
	return i + 2 + n
}

// pairValue returns the value that begins at s[i], quoted or not, and where it ends.
func pairValue(s string, i int) (string, int) {
	if i >= len(s) {
		return "", i
	}
	if q := s[i]; q == '"' || q == '\'' {
		end := strings.IndexByte(s[i+1:min(len(s), i+258)], q)
		if end < 0 {
			return "", i + 1
		}
		return s[i+1 : i+1+end], i + 2 + end
	}
	end := i
	for end < len(s) && end-i < 256 && s[end] > ' ' && strings.IndexByte("\"'(){},;|<>=`", s[end]) < 0 {
		end++
	}
	if end < len(s) && (s[end] == '<' || s[end] == '=') {
		return "", i
	}
	return strings.TrimRight(s[i:end], ".:"), end
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

// urlAt takes the URL whose "://" stands at s[mark]; the token began at start.
// Of schemes that are none of ours the server alone is taken.
func (sc *scanner) urlAt(start, mark int) int {
	s := sc.s
	begin := mark
	for begin > start && isWordByte(s[begin-1]) {
		begin--
	}
	end := urlEnd(s, mark+3)
	switch strings.ToLower(s[begin:mark]) {
	case "http", "https", "ftp", "ftps":
		if sc.spans == nil && (sc.h.mode == ids || sc.isReference(begin)) {
			break
		}
		sc.take(URL, begin, end)
	case "file":
		if strings.HasPrefix(s[mark+3:end], "/") {
			sc.take(File, mark+3, end)
		}
	case "ldap", "ldaps", "rmi", "dns", "tcp", "udp", "ssh", "sftp", "tls", "ssl", "smb", "ws", "wss", "rdp", "telnet", "socks5", "socks4", "hxxp", "hxxps", "stratum", "iiop", "nis", "corba":
		from, to := mark+3, end
		if cut := strings.IndexAny(s[from:to], "/?#"); cut >= 0 {
			to = from + cut
		}
		sc.takeServer(from+strings.LastIndexByte(s[from:to], '@')+1, to)
	}
	return max(end, mark+3)
}

// isReference reports whether the words before a URL send the reader to it:
// "for details see https://…" is the product's advice, nothing that happened.
func (sc *scanner) isReference(begin int) bool {
	words := wordsBefore(sc.s, begin, 3)
	return words[0] == "see" || words[0] == "visit" || words[0] == "read" || referenceWords[words[0]] || referenceWords[words[1]] || referenceWords[words[2]]
}

var referenceWords = wordSet("refer reference references documentation docs learn details guidance guide advisory article information info")

// takeServer takes the host[:port] at s[from:to].
func (sc *scanner) takeServer(from, to int) {
	if sc.spans == nil {
		sc.c.addServer(sc.s[from:to], sc.h.role)
		return
	}
	if !sc.take(IP, from, to) {
		host, _ := splitPort(sc.s[from:to])
		sc.take(Domain, from, from+len(host))
	}
}

// urlEnd returns where the URL whose authority begins at s[i] ends: at a
// blank, quote or other byte that URLs do not hold, without the punctuation of
// the sentence around it and without a bracket that was opened before it.
func urlEnd(s string, i int) int {
	begin, n := i, i
	for n < len(s) && n-begin < 253 && s[n] >= utf8.RuneSelf { // a host beyond ASCII
		r, size := utf8.DecodeRuneInString(s[n:])
		if !unicode.IsLetter(r) {
			break
		}
		n += size
		for n < len(s) && nameByte(s[n]) {
			n++
		}
	}
	for n < len(s) && n-begin < maxURL && s[n] > ' ' && s[n] < 0x7f && strings.IndexByte("\"'<>`{}|\\^", s[n]) < 0 {
		if (s[n] == ',' || s[n] == ';') && strings.HasPrefix(s[n+1:], "http") {
			break
		}
		n++
	}
	round := strings.Count(s[begin:n], ")") - strings.Count(s[begin:n], "(")
	square := strings.Count(s[begin:n], "]") - strings.Count(s[begin:n], "[")
	for n > begin {
		switch s[n-1] {
		case '.', ',', ';', ':', '!', '?', '*':
			n--
			continue
		case ')':
			if round > 0 {
				n, round = n-1, round-1
				continue
			}
		case ']':
			if square > 0 {
				n, square = n-1, square-1
				continue
			}
		}
		return n
	}
	return n
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
		if left == start && sc.wideStart(start, left) < left {
			return true // a local part beyond ASCII; half of one would be another's
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

// hash takes a token that is a digest, with or without its label.
func (sc *scanner) hash(start, end int) bool {
	s := sc.s
	for end > start && (s[end-1] == '.' || s[end-1] == ':' || s[end-1] == '!' || s[end-1] == '?') {
		end--
	}
	begin := start
	label := ""
	if sc.h.mode == ids {
		return false
	}
	if colon := strings.LastIndexByte(s[start:end], ':'); colon >= 0 {
		begin = start + colon + 1
		label = strings.ToLower(s[start : begin-1])
	}
	digest := s[begin:end]
	if len(digest) != 32 && len(digest) != 40 && len(digest) != 64 || !isHex(digest) || allDigits(digest) {
		return false
	}
	if sc.isDigest(label, start, len(digest)) {
		sc.take(Hash, begin, end)
	}
	return true
}

// isDigest decides by the words before whether hex of that length is a file's
// digest: many products write their ids in the same form.
func (sc *scanner) isDigest(label string, start, length int) bool {
	if sc.h.mode == images {
		return false
	}
	words := wordsBefore(sc.s, start, 4)
	if sc.h.typ == Hash || sc.h.digests == allDigests {
		return !notDigestWords[words[0]] && !notDigestWords[label]
	}
	if label != "" && label != "md5" && label != "sha1" && label != "sha256" && label != "sha-1" && label != "sha-256" && label != "hash" {
		return false
	}
	if label != "" {
		words = [4]string{label, words[0], words[1], words[2]}
	}
	for i, w := range words {
		if i < 2 && notDigestWords[w] || notDigestWords[w] && label == "sha256" {
			return false
		}
		if digestWords[w] {
			return true
		}
	}
	return length == 64 && label == "" && sc.h.digests == proseDigests
}

var digestWords = wordSet("md5 sha1 sha-1 sha256 sha-256 hash hashes checksum file files malware sample indicator ioc iocs sha attachment binary executable payload")

var notDigestWords = wordSet("id ids guid uuid finding detector session request trace span commit commits revision container containers token key digest digests image images layer etag nonce serial thumbprint fingerprint imphash authentihash pehash ja3 ja3s hassh vhash tlsh ssdeep secret password cookie device machine tenant detection event alert case incident agent sensor correlation branch head tree")

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// wordsBefore returns up to n words that stand before s[at], nearest first, in
// lower case. It looks no further than 80 bytes back, and not over the end of
// a sentence or line.
func wordsBefore(s string, at, n int) (words [4]string) {
	low := max(0, at-80)
	for k := 0; k < n; k++ {
		end := at
		for end > low && !wordPart(s[end-1]) {
			if s[end-1] == '\n' || s[end-1] == '.' && end < at {
				return words
			}
			end--
		}
		begin := end
		for begin > low && wordPart(s[begin-1]) {
			begin--
		}
		if begin == end {
			return words
		}
		words[k] = strings.ToLower(strings.Trim(s[begin:end], "-."))
		at = begin
	}
	return words
}

// wordPart reports whether c stands inside a word when looking back; a dot
// inside a number or name does, which keeps "1.2.3.4" one word.
func wordPart(c byte) bool {
	return c < 0x80 && isWordByte(c) || c == '-' || c == '.'
}
