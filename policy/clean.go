package policy

import (
	"encoding/json"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Bounds of a draft's fields; what is longer is cut, what is more is left out
// with a problem.
const (
	maxTitle       = 300      // characters
	maxDescription = 16 << 10 // bytes
	maxAttributes  = 200
	maxValue       = 4 << 10 // bytes of an attribute's value
	maxObservables = 200
	maxTags        = 50
	maxWord        = 200 // characters of a key, tag, rule, id and the like
	maxLink        = 2048
	maxBasis       = 50
	maxTechniques  = 100
)

// text words any value: strings as they are, numbers exactly, null as nothing,
// objects and arrays as compact JSON.
func text(v ast.Value) string {
	switch v := v.(type) {
	case nil, ast.Null:
		return ""
	case ast.String:
		return string(v)
	case ast.Number:
		return string(v)
	case ast.Boolean:
		if v {
			return "true"
		}
		return "false"
	}
	plain, err := ast.JSON(v)
	if err != nil {
		return ""
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(plain) != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// line cleans s into one line of at most limit characters.
func line(s string, limit int) string {
	if plainLine(s) && len(s) <= limit {
		return strings.TrimSpace(s)
	}
	s = clip(s, 4*limit+1024) // white space may go yet
	var b strings.Builder
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r), r == 0x85, r == 0x2028, r == 0x2029:
			space = b.Len() > 0
			continue
		case unwanted(r):
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return cut(b.String(), limit)
}

// plainLine reports whether s is printable ASCII, as nearly all are.
func plainLine(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f || s[i] == ' ' && i > 0 && s[i-1] == ' ' {
			return false
		}
	}
	return true
}

// paragraphs cleans s and keeps its lines and tabs, at most limit bytes.
func paragraphs(s string, limit int) string {
	if len(s) <= limit && plainLine(s) {
		return strings.TrimSpace(s)
	}
	var b strings.Builder
	s = strings.ReplaceAll(clip(s, limit+1024), "\r\n", "\n")
	for _, r := range s {
		switch {
		case r == '\r':
			b.WriteByte('\n')
		case r == '\n' || r == '\t' || !unwanted(r):
			b.WriteRune(r)
		}
	}
	out := strings.TrimSpace(b.String())
	if len(out) > limit {
		out = strings.TrimSpace(clip(out, limit-len("…"))) + "…"
	}
	return out
}

// unwanted are control characters and those that turn the direction of text
// around or hide in it: an attacker's means to show something else than is there.
func unwanted(r rune) bool {
	switch {
	case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0xFEFF:
		return true
	case r >= 0xE0000 && r <= 0xE007F: // tags: invisible letters
		return true
	}
	return false
}

// clip cuts s to at most n bytes at a character's border, and makes it valid UTF-8.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:max(n, 0)]
		for len(s) > 0 { // drop half a character
			if r, size := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || size != 1 {
				break
			}
			s = s[:len(s)-1]
		}
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// cut shortens s to at most n characters, the last one an ellipsis.
func cut(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	count := 0
	for i := range s {
		if count++; count == n {
			return strings.TrimSpace(s[:i]) + "…"
		}
	}
	return s
}

// webLink returns s where it is a usable http or https URL, else "".
func webLink(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxLink {
		return ""
	}
	for _, r := range s {
		if r <= 0x20 || r == 0x7f || unwanted(r) || strings.ContainsRune("<>\"`\\", r) {
			return ""
		}
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return s
}
