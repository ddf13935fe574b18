package alert

import "strings"

// Refang undoes the ways people make an address unclickable: hxxp(s):// and
// fxp://, [.] (.) {.}, [dot] (dot) {dot}, [:], [://], [/], [@] and [at], also
// with blanks inside the brackets. Words outside brackets are left alone, so
// that "dot" in a sentence stays one. Text without such marks is returned as
// it is, without a copy.
func Refang(s string) string {
	// A mark has a bracket or stands before "://"; most texts have neither.
	if strings.IndexByte(s, '[') < 0 && strings.IndexByte(s, '(') < 0 && strings.IndexByte(s, '{') < 0 && !strings.Contains(s, "://") {
		return s
	}
	i := nextFang(s, 0)
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	done := 0
	for i >= 0 {
		real, width := unfang(s[i:])
		if width == 0 {
			i = nextFang(s, i+1)
			continue
		}
		b.WriteString(s[done:i])
		b.WriteString(real)
		done = i + width
		i = nextFang(s, done)
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// fangStart holds the bytes that a mark may begin with.
var fangStart = [256]bool{'[': true, '(': true, '{': true, 'h': true, 'H': true, 'f': true, 'F': true}

// nextFang returns where a mark may start at or after i, or -1.
func nextFang(s string, i int) int {
	for ; i < len(s); i++ {
		if !fangStart[s[i]] {
			continue
		}
		switch s[i] {
		case '[', '(', '{':
			return i
		case 'h', 'H', 'f', 'F':
			if i+1 < len(s) && (s[i+1]|0x20 == 'x' || s[i+1]|0x20 == 't') {
				return i
			}
		}
	}
	return -1
}

// unfang returns what the mark at the start of s stands for and how long the
// mark is; 0 where there is none.
func unfang(s string) (real string, width int) {
	switch s[0] {
	case '[', '(', '{':
		return unfangBracket(s)
	}
	return unfangScheme(s)
}

func unfangBracket(s string) (string, int) {
	const longest = 16 // "[  dot  ]" and some; what is longer is prose
	closing := byte(']')
	if s[0] == '(' {
		closing = ')'
	} else if s[0] == '{' {
		closing = '}'
	}
	end := strings.IndexByte(s[:min(len(s), longest)], closing)
	if end < 2 {
		return "", 0
	}
	inner := strings.Trim(s[1:end], " ")
	switch {
	case inner == ".", strings.EqualFold(inner, "dot"):
		return ".", end + 1
	case inner == "@", s[0] != '(' && strings.EqualFold(inner, "at"), inner == "at" || inner == "AT":
		return "@", end + 1
	case inner == "://" || inner == ":" || inner == "/":
		if s[0] == '(' && inner != "://" { // smileys and prose
			return "", 0
		}
		return inner, end + 1
	}
	return "", 0
}

// unfangScheme reads hxxp, htxp, hxtp and fxp where a scheme's end follows.
func unfangScheme(s string) (string, int) {
	n := 4
	if s[0]|0x20 == 'f' {
		n = 3
	}
	if len(s) < n+1 || s[n-1]|0x20 != 'p' {
		return "", 0
	}
	fanged := false
	var real [5]byte
	copy(real[:], s[:n])
	for i := 1; i < n-1; i++ {
		switch s[i] {
		case 'x':
			real[i], fanged = 't', true
		case 'X':
			real[i], fanged = 'T', true
		case 't', 'T':
		default:
			return "", 0
		}
	}
	rest := s[n:]
	if rest != "" && rest[0]|0x20 == 's' {
		rest = rest[1:]
	}
	if !fanged || !(strings.HasPrefix(rest, "://") || strings.HasPrefix(rest, "[:]//") || strings.HasPrefix(rest, "[://]")) {
		return "", 0
	}
	return string(real[:n]), n
}
