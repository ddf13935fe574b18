package alert

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

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
