package store

import (
	"strings"
	"unicode/utf8"
)

// plain brings text into what both databases take and give back alike:
// PostgreSQL takes neither NUL nor invalid UTF-8. Messages themselves are kept
// as bytes and never pass through here.
func plain(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}

// plainArgs makes the texts among a statement's arguments plain.
func plainArgs(args []any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			if p := plain(s); p != s {
				args[i] = p
			}
		}
	}
}
