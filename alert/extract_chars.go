package alert

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable reports whether s is valid UTF-8 without control characters.
func printable(s string) bool {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || unicode.Is(unicode.C, r) || r == '\u2028' || r == '\u2029' {
			return false
		}
		i += n
	}
	return true
}

// placeholder reports whether products write v where they have no value.
func placeholder(v string) bool {
	if len(v) > 14 {
		return false
	}
	if strings.IndexFunc(v, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) < 0 {
		return true
	}
	switch strings.ToLower(strings.Trim(v, "<>()[]{}\"'")) {
	case "n/a", "na", "none", "null", "nil", "unknown", "undefined", "not available", "true", "false", "nan", "empty", "void", "redacted", "anonymous", "0", "yes", "no":
		return true
	}
	return false
}

func baseName(v string) string {
	v = unquote(v)
	return unquote(v[strings.LastIndexAny(v, `\/`)+1:])
}

// unquote drops blanks and double quotes around v.
func unquote(v string) string {
	return strings.TrimFunc(v, func(r rune) bool { return r == '"' || unicode.IsSpace(r) })
}

var hexDigit = func() (t [256]bool) {
	for _, c := range "0123456789abcdefABCDEF" {
		t[c] = true
	}
	return
}()

func isHex(s string) bool {
	for i := range len(s) {
		if !hexDigit[s[i]] {
			return false
		}
	}
	return s != ""
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
