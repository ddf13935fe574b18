package store

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Search finds any substring of three letters and any two CJK characters. Text
// is cut into grams, the same on both databases: every pair of neighbouring
// characters of which one is CJK, and every three neighbouring others. Grams
// never hold white space. A gram is kept as a 20-bit hash: a candidate that
// holds all grams of a word is then checked against its real text.

const (
	gramBits  = 20
	gramMask  = 1<<gramBits - 1
	maxFolded = 12 << 10 // bytes of an alert's text that are searchable
)

// fold brings text into the form that search compares: NFKC, lower case.
func fold(s string) string {
	if !isASCII(s) {
		s = norm.NFKC.String(strings.ToValidUTF8(s, "�"))
	}
	return strings.ToLower(s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isCJK(r rune) bool {
	return r >= 0x2E80 && (unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo) || r == 'ー' || r == '々')
}

// grams calls add for each gram of folded text, repeats included, with the
// byte offset at which it starts.
func grams(s string, add func(at int, gram uint32)) {
	var a, b rune // the two before
	var atA, atB int
	cjkA, cjkB := false, false
	for i, r := range s {
		if r <= ' ' || (r >= utf8.RuneSelf && unicode.IsSpace(r)) {
			a, b, cjkA, cjkB = 0, 0, false, false
			continue
		}
		c := r >= 0x2E80 && isCJK(r)
		if b != 0 && (c || cjkB) {
			add(atB, gramHash(0, b, r))
		}
		if a != 0 && !c && !cjkA && !cjkB {
			add(atA, gramHash(a, b, r))
		}
		a, atA, cjkA = b, atB, cjkB
		b, atB, cjkB = r, i, c
	}
}

func gramHash(a, b, c rune) uint32 {
	h := uint32(a)*0x9E3779B1 ^ uint32(b)*0x85EBCA77 ^ uint32(c)*0xC2B2AE3D
	h ^= h >> 15
	h *= 0x2C1B3C6D
	h ^= h >> 13
	return h & gramMask
}

// gramSet collects distinct grams; it is reused from text to text.
type gramSet struct {
	seen [1 << gramBits / 64]uint64
	list []uint32
}

func (g *gramSet) reset() {
	for _, n := range g.list {
		g.seen[n/64] = 0
	}
	g.list = g.list[:0]
}

func (g *gramSet) addText(folded string) {
	grams(folded, func(_ int, n uint32) {
		if g.seen[n/64]&(1<<(n%64)) == 0 {
			g.seen[n/64] |= 1 << (n % 64)
			g.list = append(g.list, n)
		}
	})
}

// tokens returns the grams as SQLite's full-text index is given them: four
// letters each, parted by spaces.
func (g *gramSet) tokens(buf []byte) []byte {
	for _, n := range g.list {
		buf = appendToken(buf, n)
		buf = append(buf, ' ')
	}
	return buf
}

const tokenAlphabet = "abcdefghijklmnopqrstuvwxyz012345"

func appendToken(buf []byte, n uint32) []byte {
	return append(buf, tokenAlphabet[n>>15&31], tokenAlphabet[n>>10&31], tokenAlphabet[n>>5&31], tokenAlphabet[n&31])
}

// queryGrams returns a few grams that together cover a folded word; none where
// the word is too short to have any.
func queryGrams(word string) []uint32 {
	var all []uint32
	var at []int
	grams(word, func(i int, n uint32) { all, at = append(all, n), append(at, i) })
	if len(all) <= 4 {
		return distinct(all)
	}
	// Neighbouring grams say almost the same: take one in three, and the last.
	var some []uint32
	last := -3
	for i := range all {
		if at[i]-last >= 3 || i == len(all)-1 {
			some, last = append(some, all[i]), at[i]
		}
	}
	const most = 16
	if len(some) > most {
		some = some[:most]
	}
	return distinct(some)
}

func distinct(list []uint32) []uint32 {
	sort.Slice(list, func(i, j int) bool { return list[i] < list[j] })
	out := list[:0]
	for i, n := range list {
		if i == 0 || n != list[i-1] {
			out = append(out, n)
		}
	}
	return out
}

// matchAll is the full-text query for rows that hold every gram.
func matchAll(list []uint32) string {
	buf := make([]byte, 0, 5*len(list))
	for i, n := range list {
		if i > 0 {
			buf = append(buf, ' ')
		}
		buf = appendToken(buf, n)
	}
	return string(buf)
}
