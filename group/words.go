package group

import (
	"strings"
	"unicode"
)

// maxWord is how many characters of a value are shown.
const maxWord = 60

// clean returns a value as one line of at most maxWord characters, without
// characters that hide or turn text around: what stands in alerts is hostile.
func clean(s string) string {
	var b strings.Builder
	n, blank := 0, false
	for i, r := range s {
		if i > 16*maxWord {
			break
		}
		switch {
		case unicode.IsSpace(r):
			blank = n > 0
			continue
		case r == unicode.ReplacementChar || unicode.In(r, unicode.C, unicode.Zl, unicode.Zp):
			continue
		}
		if n >= maxWord-1 {
			b.WriteRune('…')
			break
		}
		if blank {
			b.WriteByte(' ')
			n++
			blank = false
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}
