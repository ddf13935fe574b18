package alert

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
)

// FingerprintOf returns 32 hex digits that stand for what makes two alerts the
// same thing again: the kind of source, the rule, and the basis. Each part is
// hashed with its length before it, so that no two lists of parts run together.
func FingerprintOf(kind, rule string, basis []string) string {
	h := sha256.New()
	var n [8]byte
	part := func(s string) {
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	part(kind)
	part(rule)
	for _, b := range basis {
		part(b)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// identityTypes name who or what an alert is about; what follows serves only
// where an alert names none of them.
var (
	identityTypes = []ObservableType{User, Host, Account, Resource, Email}
	otherTypes    = []ObservableType{Hash, Domain, URL, CVE, File, Process}
)

// maxBasis bounds how many observables one basis takes.
const maxBasis = 50

// DefaultBasis returns what makes the alert the same thing again where its
// policy names no basis: the rule (lacking one, the title without what differs
// from time to time), whom it is about, and the vulnerabilities it names. It
// reads a.Observables as Observe returned them. The same thing at another time
// yields the same basis; another host or user another one.
func DefaultBasis(a *Alert) []string {
	what := "rule:" + a.Rule
	if a.Rule == "" {
		what = "title:" + MaskTitle(a.Title)
	}
	who := named(a.Observables, identityTypes)
	if len(who) == 0 {
		who = named(a.Observables, []ObservableType{IP})
	}
	if len(who) == 0 {
		who = named(a.Observables, otherTypes)
	}
	who = append(who, named(a.Observables, []ObservableType{CVE})...)
	slices.Sort(who)
	who = slices.Compact(who)
	return append([]string{what}, who[:min(len(who), maxBasis)]...)
}

func named(observables []Observable, types []ObservableType) []string {
	var keys []string
	for _, o := range observables {
		if slices.Contains(types, o.Type) {
			keys = append(keys, string(o.Type)+":"+ObservableKey(o.Value))
		}
	}
	return keys
}

// MaskTitle returns the title with what differs from time to time put out of
// sight: GUIDs, hex of eight digits and more that is no plain word, and every
// run of digits become "#". Letters are lower-cased and blanks made one.
func MaskTitle(title string) string {
	var b strings.Builder
	b.Grow(len(title))
	for i, word := range strings.Fields(strings.ToLower(title)) {
		if i > 0 {
			b.WriteByte(' ')
		}
		maskWord(&b, word)
	}
	return b.String()
}

func maskWord(b *strings.Builder, word string) {
	for len(word) > 0 {
		if len(word) >= 36 && isGUID(word[:36]) {
			b.WriteByte('#')
			word = word[36:]
			continue
		}
		n := 0
		for n < len(word) && isWordByte(word[n]) {
			n++
		}
		if n == 0 {
			b.WriteByte(word[0])
			word = word[1:]
			continue
		}
		maskRun(b, word[:n])
		word = word[n:]
	}
}

// maskRun writes one run of letters and digits: long hex as a whole, else
// every run of digits, is masked.
func maskRun(b *strings.Builder, run string) {
	if len(run) >= 8 && isHex(run) && strings.ContainsAny(run, "0123456789") {
		b.WriteByte('#')
		return
	}
	masked := false
	for i := range len(run) {
		digit := run[i] >= '0' && run[i] <= '9'
		if digit && !masked {
			b.WriteByte('#')
		} else if !digit {
			b.WriteByte(run[i])
		}
		masked = digit
	}
}

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
