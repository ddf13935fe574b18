package alert

import "strings"

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
