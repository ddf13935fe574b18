package cli

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"yagura/client"
)

// clean makes a stranger's text safe for a terminal, as one line: no control
// sequence, nothing that turns the direction of text around or hides in it. What
// is taken out stays visible as its number.
func clean(s string) string { return neutral(s, false) }

// cleanLines is clean for texts of several lines.
func cleanLines(s string) string {
	return neutral(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"), true)
}

func neutral(s string, lines bool) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	space := false
	for _, r := range s {
		switch {
		case r == '\n' && lines:
			b.WriteByte('\n')
		case r == '\t' || r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029:
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		case dangerous(r):
			b.WriteString(number(r))
		default:
			b.WriteRune(r) // invalid UTF-8 comes as U+FFFD
		}
		space = r == ' '
	}
	return b.String()
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// dangerous are control characters (C0, DEL, C1) and invisible format characters:
// those that turn text around, join, separate or tag it.
func dangerous(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf) }

func number(r rune) string {
	switch {
	case r < 0x100:
		return fmt.Sprintf(`\x%02x`, r)
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// cleanJSON writes the same JSON without the characters that a terminal might
// obey: in JSON they stand in strings only, where an escape means the same.
func cleanJSON(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r < ' ' || !dangerous(r):
			out = append(out, b[:n]...)
		case r > 0xffff:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		b = b[n:]
	}
	return out
}

// columns returns how many columns of a terminal a cleaned text takes: East Asian
// wide characters take two, combining marks none.
func columns(s string) int {
	if plain(s) {
		return len(s)
	}
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cut shortens a cleaned text to at most n columns, with a mark where something is left out.
func cut(s string, n int) string {
	if columns(s) <= n {
		return s
	}
	var b strings.Builder
	room := n - 1
	for _, r := range s {
		if room -= runeColumns(r); room < 0 {
			break
		}
		b.WriteRune(r)
	}
	return b.String() + "…"
}

// defang writes an observable so that nothing makes a link of it, and so that
// whoever pastes it reaches nobody: hxxps://evil[.]example, 198[.]51[.]100[.]7.
func defang(o client.Observable) string {
	switch o.Type {
	case "ip":
		if strings.Contains(o.Value, ":") {
			return strings.ReplaceAll(o.Value, ":", "[:]")
		}
		return strings.ReplaceAll(o.Value, ".", "[.]")
	case "domain", "host":
		return strings.ReplaceAll(o.Value, ".", "[.]")
	case "url":
		return links.ReplaceAllStringFunc(o.Value, defangLink)
	case "email", "user":
		if name, host, ok := strings.Cut(o.Value, "@"); ok {
			return name + "[@]" + strings.ReplaceAll(host, ".", "[.]")
		}
	}
	return o.Value
}

var links = regexp.MustCompile(`(?i)\b(?:https?|ftps?|wss?)://[^\s/?#"'<>]+`)

func defangLink(s string) string {
	scheme, host, _ := strings.Cut(s, "://")
	scheme = strings.NewReplacer("tt", "xx", "TT", "XX", "ft", "fx", "FT", "FX", "ws", "wx", "WS", "WX").Replace(scheme)
	if !strings.Contains(host, "[") {
		host = strings.ReplaceAll(host, ".", "[.]")
	}
	return scheme + "://" + host
}

// defangText defangs, in a text, the links and those of the alert's observables
// that stand in it.
func defangText(s string, known []client.Observable) string {
	if !strings.ContainsAny(s, ".:@") {
		return s
	}
	s = links.ReplaceAllStringFunc(s, defangLink)
	for i, o := range known {
		if i == 100 { // an alert may have many; titles are short
			break
		}
		switch o.Type {
		case "ip", "domain", "email":
			if len(o.Value) > 3 {
				s = strings.ReplaceAll(s, o.Value, defang(o))
			}
		}
	}
	return s
}

// refang undoes what people paste: hxxp, [.], [:] and [@].
func refang(s string) string {
	return strings.NewReplacer("[.]", ".", "(.)", ".", "[:]", ":", "[@]", "@", "hxxp://", "http://", "hxxps://", "https://", "fxp://", "ftp://").Replace(s)
}
