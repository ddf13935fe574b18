package policy

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// maxDepth is how deep objects and arrays of a message may nest. Real products
// stay under 30; evaluation and everything behind it recurses over the value.
const maxDepth = 200

// maxExponent bounds the exponent of a number: arithmetic on 1e999999999 would
// write out a billion digits. Larger ones reach the policy as strings.
const maxExponent = 400

// maxDigits bounds the length of a number for the same reason.
const maxDigits = 400

// parseInput reads one JSON document into the form that policies are evaluated
// on. Numbers keep their exact text, the last of duplicate keys wins, bytes
// that are no UTF-8 are replaced. Of a top-level object only the fields that
// keep accepts are built; the others are checked and skipped. A nil keep
// accepts all. Errors name line and column.
func parseInput(body []byte, keep func(field string) bool) (*ast.Term, error) {
	s := string(body)
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	p := parser{s: strings.TrimPrefix(s, "\uFEFF"), keep: keep, fields: make([][2]*ast.Term, 0, 48)}
	p.space()
	v, err := p.value(0, false)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.i < len(p.s) {
		return nil, p.fail("there is something after the end of the JSON value")
	}
	return v, nil
}

type parser struct {
	s    string
	i    int
	keep func(string) bool

	fields [][2]*ast.Term // of the objects that are open, one after another
}

func (p *parser) fail(reason string) error {
	at := min(p.i, len(p.s))
	line := 1 + strings.Count(p.s[:at], "\n")
	col := at - strings.LastIndexByte(p.s[:at], '\n')
	return fmt.Errorf("line %d, column %d: %s", line, col, reason)
}

func (p *parser) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

// value reads one value; with skip it only checks it and returns nil.
func (p *parser) value(depth int, skip bool) (*ast.Term, error) {
	if p.i >= len(p.s) {
		return nil, p.fail("the JSON ends too early")
	}
	switch c := p.s[p.i]; {
	case c == '{' || c == '[':
		if depth >= maxDepth {
			return nil, p.fail(fmt.Sprintf("nested deeper than %d levels", maxDepth))
		}
		if c == '{' {
			return p.object(depth, skip)
		}
		return p.array(depth, skip)
	case c == '"':
		v, err := p.str(skip)
		if err != nil || skip {
			return nil, err
		}
		return ast.StringTerm(v), nil
	case c == '-' || c >= '0' && c <= '9':
		return p.number(skip)
	case p.word("true"):
		return ast.InternedTerm(true), nil
	case p.word("false"):
		return ast.InternedTerm(false), nil
	case p.word("null"):
		return ast.NullTerm(), nil
	}
	return nil, p.fail("this is no JSON value")
}

func (p *parser) word(w string) bool {
	if strings.HasPrefix(p.s[p.i:], w) {
		p.i += len(w)
		return true
	}
	return false
}

func (p *parser) object(depth int, skip bool) (*ast.Term, error) {
	from := len(p.fields)
	defer func() { p.fields = p.fields[:from] }()
	p.i++
	p.space()
	if p.i < len(p.s) && p.s[p.i] == '}' {
		p.i++
		return ast.ObjectTerm(), nil
	}
	var seen map[string]int
	for {
		p.space()
		if p.i >= len(p.s) || p.s[p.i] != '"' {
			return nil, p.fail("a field name in double quotes should stand here")
		}
		key, err := p.str(skip)
		if err != nil {
			return nil, err
		}
		p.space()
		if p.i >= len(p.s) || p.s[p.i] != ':' {
			return nil, p.fail("a colon should stand here")
		}
		p.i++
		p.space()
		drop := skip || depth == 0 && p.keep != nil && !p.keep(key)
		v, err := p.value(depth+1, drop)
		if err != nil {
			return nil, err
		}
		if !drop {
			p.fields, seen = insert(p.fields, from, seen, key, v)
		}
		p.space()
		if p.i >= len(p.s) {
			return nil, p.fail("the JSON ends too early")
		}
		switch p.s[p.i] {
		case ',':
			p.i++
		case '}':
			p.i++
			if skip {
				return nil, nil
			}
			return ast.ObjectTerm(p.fields[from:]...), nil
		default:
			return nil, p.fail("a comma or a closing brace should stand here")
		}
	}
}

// insert adds a field; a key that is there already gets the new value. Small
// objects are searched, large ones indexed, so that a hostile object of many
// keys stays linear.
func insert(fields [][2]*ast.Term, from int, seen map[string]int, key string, v *ast.Term) ([][2]*ast.Term, map[string]int) {
	const small = 24
	items := fields[from:]
	if seen == nil && len(items) >= small {
		seen = make(map[string]int, 2*small)
		for i, it := range items {
			seen[string(it[0].Value.(ast.String))] = i
		}
	}
	if seen != nil {
		if i, ok := seen[key]; ok {
			items[i][1] = v
			return fields, seen
		}
		seen[key] = len(items)
	} else {
		for i := range items {
			if string(items[i][0].Value.(ast.String)) == key {
				items[i][1] = v
				return fields, nil
			}
		}
	}
	return append(fields, [2]*ast.Term{keyOf(key), v}), seen
}

// Products have few names of fields and send them over and over, so their terms
// are kept: up to maxKeys of them, whatever messages make up.
const (
	maxKeys    = 4096
	maxKeySize = 40 // bytes
)

var (
	knownKeys sync.Map // string → *ast.Term
	keyCount  atomic.Int64
)

func keyOf(key string) *ast.Term {
	if len(key) > maxKeySize {
		return ast.StringTerm(key)
	}
	if known, ok := knownKeys.Load(key); ok {
		return known.(*ast.Term)
	}
	key = strings.Clone(key) // not the message that it stands in
	t := ast.StringTerm(key)
	if keyCount.Load() < maxKeys {
		if _, had := knownKeys.LoadOrStore(key, t); !had {
			keyCount.Add(1)
		}
	}
	return t
}

func (p *parser) array(depth int, skip bool) (*ast.Term, error) {
	p.i++
	p.space()
	if p.i < len(p.s) && p.s[p.i] == ']' {
		p.i++
		return ast.ArrayTerm(), nil
	}
	var items []*ast.Term
	for {
		p.space()
		v, err := p.value(depth+1, skip)
		if err != nil {
			return nil, err
		}
		if !skip {
			items = append(items, v)
		}
		p.space()
		if p.i >= len(p.s) {
			return nil, p.fail("the JSON ends too early")
		}
		switch p.s[p.i] {
		case ',':
			p.i++
		case ']':
			p.i++
			if skip {
				return nil, nil
			}
			return ast.ArrayTerm(items...), nil
		default:
			return nil, p.fail("a comma or a closing bracket should stand here")
		}
	}
}

func (p *parser) number(skip bool) (*ast.Term, error) {
	start := p.i
	digits := func() bool {
		from := p.i
		for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
			p.i++
		}
		return p.i > from
	}
	if p.s[p.i] == '-' {
		p.i++
	}
	whole := p.i
	if !digits() {
		return nil, p.fail("a digit should stand here")
	}
	if p.s[whole] == '0' && p.i > whole+1 {
		return nil, p.fail("a number does not start with 0")
	}
	if p.i < len(p.s) && p.s[p.i] == '.' {
		p.i++
		if !digits() {
			return nil, p.fail("a digit should stand here")
		}
	}
	exponent := 0
	if p.i < len(p.s) && (p.s[p.i] == 'e' || p.s[p.i] == 'E') {
		p.i++
		if p.i < len(p.s) && (p.s[p.i] == '+' || p.s[p.i] == '-') {
			p.i++
		}
		from := p.i
		if !digits() {
			return nil, p.fail("a digit should stand here")
		}
		var err error
		if exponent, err = strconv.Atoi(p.s[from:p.i]); err != nil {
			exponent = maxExponent + 1
		}
	}
	if skip {
		return nil, nil
	}
	text := p.s[start:p.i]
	if exponent > maxExponent || len(text) > maxDigits {
		return ast.StringTerm(text), nil
	}
	if t := ast.InternedIntNumberTermFromString(text); t != nil {
		return t, nil
	}
	return &ast.Term{Value: ast.Number(text)}, nil
}

// str reads a string; with skip it returns "".
func (p *parser) str(skip bool) (string, error) {
	p.i++
	start := p.i
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '"':
			p.i++
			return p.s[start : p.i-1], nil
		case c == '\\':
			return p.escaped(start, skip)
		case c < 0x20:
			return "", p.fail("a control character stands in a string; JSON wants it escaped")
		default:
			p.i++
		}
	}
	return "", p.fail("a string is not closed")
}

// escaped goes on with a string that has a backslash at p.i.
func (p *parser) escaped(start int, skip bool) (string, error) {
	var b strings.Builder
	if !skip {
		b.WriteString(p.s[start:p.i])
	}
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch {
		case c == '"':
			p.i++
			return b.String(), nil
		case c < 0x20:
			return "", p.fail("a control character stands in a string; JSON wants it escaped")
		case c != '\\':
			from := p.i
			for p.i < len(p.s) && p.s[p.i] != '"' && p.s[p.i] != '\\' && p.s[p.i] >= 0x20 {
				p.i++
			}
			if !skip {
				b.WriteString(p.s[from:p.i])
			}
			continue
		}
		r, err := p.escape()
		if err != nil {
			return "", err
		}
		if !skip {
			b.WriteRune(r)
		}
	}
	return "", p.fail("a string is not closed")
}

// escape reads one escape sequence at p.i. Half of a surrogate pair becomes
// the replacement character.
func (p *parser) escape() (rune, error) {
	if p.i+1 >= len(p.s) {
		return 0, p.fail("a string is not closed")
	}
	c := p.s[p.i+1]
	if at := strings.IndexByte(`"\/bfnrt`, c); at >= 0 {
		p.i += 2
		return rune("\"\\/\b\f\n\r\t"[at]), nil
	}
	if c != 'u' {
		return 0, p.fail("no such escape in a JSON string")
	}
	r, ok := hex4(p.s, p.i+2)
	if !ok {
		return 0, p.fail(`\u needs four hex digits`)
	}
	p.i += 6
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if strings.HasPrefix(p.s[p.i:], `\u`) {
		if low, ok := hex4(p.s, p.i+2); ok {
			if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
				p.i += 6
				return both, nil
			}
		}
	}
	return utf8.RuneError, nil
}

func hex4(s string, at int) (rune, bool) {
	if at+4 > len(s) {
		return 0, false
	}
	n, err := strconv.ParseUint(s[at:at+4], 16, 32)
	return rune(n), err == nil
}
