package pipeline

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"yagura/alert"
	"yagura/intake"
)

// maxLeafText bounds the text of a message that search finds beside its alert's
// own fields.
const maxLeafText = 4 << 10

// leafText returns the values of a message that its alert does not show, so
// that search finds them: strings of three bytes and more, numbers of four
// digits and more. It reads bytes, not meaning: broken JSON gives what it gives.
func leafText(m intake.Message, a *alert.Alert) string {
	if m.Text {
		return clip(string(m.Body), maxLeafText)
	}
	shown := shownText(a)
	var out strings.Builder
	seen := map[string]bool{}
	add := func(v string) bool {
		if len(v) >= 3 && !seen[v] && !strings.Contains(shown, v) {
			seen[v] = true
			out.WriteString(clip(v, 1024))
			out.WriteByte('\n')
		}
		return out.Len() < maxLeafText
	}
	b := m.Body
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c == '"':
			end, escaped := stringEnd(b, i)
			next := end
			for next < len(b) && (b[next] == ' ' || b[next] == '\n' || b[next] == '\t' || b[next] == '\r') {
				next++
			}
			if next < len(b) && b[next] == ':' { // a key
				i = next + 1
				continue
			}
			v := string(b[i+1 : max(i+1, end-1)])
			if escaped {
				var s string
				if json.Unmarshal(b[i:end], &s) == nil {
					v = s
				}
			}
			if !add(v) {
				return out.String()
			}
			i = end
		case c >= '0' && c <= '9':
			j := i
			for j < len(b) && (b[j] >= '0' && b[j] <= '9' || b[j] == '.' || b[j] == 'e' || b[j] == 'E' || b[j] == '+' || b[j] == '-') {
				j++
			}
			if j-i >= 4 && !add(string(b[i:j])) {
				return out.String()
			}
			i = j
		default:
			i++
		}
	}
	return out.String()
}

// stringEnd returns where the string that starts at i ends, its quote included.
func stringEnd(b []byte, i int) (end int, escaped bool) {
	for j := i + 1; j < len(b); j++ {
		switch b[j] {
		case '\\':
			escaped = true
			j++
		case '"':
			return j + 1, escaped
		}
	}
	return len(b), escaped
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func shownText(a *alert.Alert) string {
	var b strings.Builder
	for _, s := range []string{a.Title, a.Description, a.Rule, a.Link} {
		b.WriteString(s)
		b.WriteByte('\n')
	}
	for _, at := range a.Attributes {
		b.WriteString(at.Value)
		b.WriteByte('\n')
	}
	for _, o := range a.Observables {
		b.WriteString(o.Value)
		b.WriteByte('\n')
	}
	return b.String()
}
