package intake

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A scanner of our own, because we must cut messages out of a delivery without
// re-encoding them (numbers over 2^53 and the order of names survive), must say
// where a document breaks, and must do both for about a nanosecond a byte.

// MaxNesting is how deep the objects and arrays of a message may nest.
const MaxNesting = 200

// flaw is a place where JSON breaks.
type flaw struct {
	at     int // byte offset, from 0
	reason string
}

// Classes of bytes inside a JSON string.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= 0x20 && c != '"' && c != '\\'
	}
	return t
}()

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// scanValue reads one JSON value that starts at b[i] and returns where it ends.
// Nesting over MaxNesting does not end the scan, so that the end is known all
// the same; deep is then the offset of the first bracket too many, else -1.
func scanValue(b []byte, i int) (end, deep int, bad *flaw) {
	var room [MaxNesting + 8]byte
	open := room[:0] // the closing brackets awaited
	deep = -1
	for {
		i = skipSpace(b, i)
		if i >= len(b) {
			return i, deep, &flaw{i, "the text ends where a value should stand"}
		}
		switch c := b[i]; {
		case c == '{' || c == '[':
			open = append(open, c+2) // '{'+2 is '}', '['+2 is ']'
			if len(open) > MaxNesting && deep < 0 {
				deep = i
			}
			i = skipSpace(b, i+1)
			if i < len(b) && b[i] == c+2 {
				break // empty: closed below
			}
			if c == '{' {
				if i, bad = scanName(b, i); bad != nil {
					return i, deep, bad
				}
			}
			continue
		default:
			if i, bad = scanScalar(b, i); bad != nil {
				return i, deep, bad
			}
		}
		// A value has ended, or an empty container is about to.
		more := false
		for len(open) > 0 && !more {
			i = skipSpace(b, i)
			if i >= len(b) {
				return i, deep, &flaw{i, "the text ends inside " + container(open)}
			}
			switch {
			case b[i] == open[len(open)-1]:
				open = open[:len(open)-1]
				i++
			case b[i] == ',':
				i++
				more = true
				if open[len(open)-1] == '}' {
					if i, bad = scanName(b, i); bad != nil {
						return i, deep, bad
					}
				}
			default:
				return i, deep, &flaw{i, "expected ',' or the end of " + container(open) + ", found " + shown(b, i)}
			}
		}
		if !more {
			return i, deep, nil
		}
	}
}

func container(open []byte) string {
	if open[len(open)-1] == '}' {
		return "an object"
	}
	return "an array"
}

// shown quotes the character at b[i] for a person.
func shown(b []byte, i int) string {
	r, _ := utf8.DecodeRune(b[i:])
	return strconv.QuoteRune(r)
}

// scanName reads a name and its colon.
func scanName(b []byte, i int) (int, *flaw) {
	i = skipSpace(b, i)
	if i >= len(b) {
		return i, &flaw{i, "the text ends inside an object"}
	}
	if b[i] != '"' {
		return i, &flaw{i, "expected a name in quotes, found " + shown(b, i)}
	}
	i, bad := scanString(b, i)
	if bad != nil {
		return i, bad
	}
	i = skipSpace(b, i)
	if i >= len(b) {
		return i, &flaw{i, "the text ends inside an object"}
	}
	if b[i] != ':' {
		return i, &flaw{i, "expected ':' after a name, found " + shown(b, i)}
	}
	return i + 1, nil
}

func scanScalar(b []byte, i int) (int, *flaw) {
	switch c := b[i]; {
	case c == '"':
		return scanString(b, i)
	case c == '-' || c >= '0' && c <= '9':
		return scanNumber(b, i)
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if len(b)-i >= len(word) && string(b[i:i+len(word)]) == word {
			return i + len(word), nil
		}
	}
	return i, &flaw{i, "expected a value, found " + shown(b, i)}
}

// scanString reads the string whose opening quote is b[i].
func scanString(b []byte, i int) (int, *flaw) {
	start := i
	for i++; ; {
		for i < len(b) && plain[b[i]] {
			i++
		}
		if i >= len(b) {
			return i, &flaw{start, "a string does not end"}
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c < 0x20:
			return i, &flaw{i, "a control character (" + strconv.Itoa(int(c)) + ") stands unescaped in a string"}
		default:
			if i+1 >= len(b) {
				return i, &flaw{start, "a string does not end"}
			}
			switch b[i+1] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
				i += 2
			case 'u':
				if _, ok := hex4(b, i+2); !ok {
					return i, &flaw{i, "\\u needs four hexadecimal digits"}
				}
				i += 6
			default:
				return i, &flaw{i, "a string holds an unknown escape, \\ before " + shown(b, i+1)}
			}
		}
	}
}

func hex4(b []byte, i int) (rune, bool) {
	if i+4 > len(b) {
		return 0, false
	}
	var r rune
	for _, c := range b[i : i+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

func scanNumber(b []byte, i int) (int, *flaw) {
	start := i
	if b[i] == '-' {
		i++
	}
	from := i
	i = digits(b, i)
	if i == from || b[from] == '0' && i > from+1 {
		return i, &flaw{start, "a number is not written as JSON wants it"}
	}
	if i < len(b) && b[i] == '.' {
		from = i + 1
		if i = digits(b, from); i == from {
			return i, &flaw{start, "a number ends in its point"}
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		from = i
		if i = digits(b, from); i == from {
			return i, &flaw{start, "a number ends in its exponent"}
		}
	}
	return i, nil
}

func digits(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}

// What follows walks JSON that scanValue has passed. Given anything else it
// stops early, but stays within bounds.

// skipValue returns where the value that starts at b[i] ends.
func skipValue(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = skipString(b, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\n', '\r', '\t':
			i++
			continue
		default:
			for i < len(b) && !delimiter(b[i]) {
				i++
			}
		}
		if depth <= 0 {
			return i
		}
	}
	return i
}

func delimiter(c byte) bool {
	switch c {
	case ',', ':', '{', '}', '[', ']', '"', ' ', '\n', '\r', '\t':
		return true
	}
	return false
}

func skipString(b []byte, i int) int {
	for i++; ; i++ {
		for i < len(b) && plain[b[i]] {
			i++
		}
		switch {
		case i >= len(b):
			return len(b)
		case b[i] == '"':
			return i + 1
		case b[i] == '\\':
			i++
		}
	}
}

// members calls f with each name, unescaped, and value of the object b, until f
// returns false. A name may come twice: for JSON decoders the last one counts.
func members(b []byte, f func(name, value []byte) bool) {
	i := skipSpace(b, 0)
	if i >= len(b) || b[i] != '{' {
		return
	}
	for i++; ; i++ {
		i = skipSpace(b, i)
		if i >= len(b) || b[i] != '"' {
			return
		}
		end := skipString(b, i)
		name := unquote(b[i:end])
		i = skipSpace(b, end)
		if i >= len(b) || b[i] != ':' {
			return
		}
		i = skipSpace(b, i+1)
		end = skipValue(b, i)
		if !f(name, b[i:end]) {
			return
		}
		i = skipSpace(b, end)
		if i >= len(b) || b[i] != ',' {
			return
		}
	}
}

// elements calls f with each element of the array b, until f returns false.
func elements(b []byte, f func(i int, value []byte) bool) {
	i := skipSpace(b, 0)
	if i >= len(b) || b[i] != '[' {
		return
	}
	i++
	for n := 0; ; n++ {
		i = skipSpace(b, i)
		if i >= len(b) || b[i] == ']' {
			return
		}
		end := skipValue(b, i)
		if !f(n, b[i:end]) {
			return
		}
		i = skipSpace(b, end)
		if i >= len(b) || b[i] != ',' {
			return
		}
		i++
	}
}

// unquote returns the text of the JSON string b, sharing its memory where there
// is nothing to unescape. Half a surrogate pair becomes U+FFFD.
func unquote(b []byte) []byte {
	if len(b) < 2 || b[0] != '"' {
		return nil
	}
	b = b[1 : len(b)-1]
	i := 0
	for i < len(b) && b[i] != '\\' {
		i++
	}
	if i == len(b) {
		return b
	}
	out := append(make([]byte, 0, len(b)), b[:i]...)
	for i < len(b) {
		if b[i] != '\\' || i+1 >= len(b) {
			out = append(out, b[i])
			i++
			continue
		}
		switch c := b[i+1]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, _ := hex4(b, i+2)
			i += 4
			if utf16.IsSurrogate(r) {
				low, ok := rune(0), false
				if i+3 < len(b) && b[i+2] == '\\' && b[i+3] == 'u' {
					low, ok = hex4(b, i+4)
				}
				if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
					r = pair
					i += 6
				} else {
					r = utf8.RuneError
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
		i += 2
	}
	return out
}

// text returns the text of b where it is a JSON string, else "".
func text(b []byte) string { return string(unquote(b)) }

func isObject(b []byte) bool { return len(b) > 0 && b[0] == '{' }
func isArray(b []byte) bool  { return len(b) > 0 && b[0] == '[' }
func isString(b []byte) bool { return len(b) > 0 && b[0] == '"' }
