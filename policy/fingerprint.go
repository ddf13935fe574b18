package policy

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/open-policy-agent/opa/v1/ast"
)

// basisOf reads the value of a fingerprint: the basis as it is kept, and what
// of it can tell things apart (no names of fields, nothing empty).
func basisOf(v ast.Value) (basis, telling []string) {
	switch v := v.(type) {
	case *ast.Array, ast.Set:
		items, _ := members(v)
		for _, it := range items {
			s := line(text(it.Value), maxValue)
			basis, telling = append(basis, s), append(telling, s)
		}
	case ast.Object:
		v.Foreach(func(k, val *ast.Term) {
			if s := line(text(val.Value), maxValue); s != "" {
				basis, telling = append(basis, line(text(k.Value), maxWord)+"="+s), append(telling, s)
			}
		})
	default:
		s := line(text(v), maxValue)
		basis, telling = []string{s}, []string{s}
	}
	return basis, slices.DeleteFunc(telling, func(s string) bool { return s == "" })
}

func (w *writer) fingerprint(d *Draft, _ string, v ast.Value) error {
	basis, telling := basisOf(v)
	if len(basis) > maxBasis {
		w.problem("fingerprint has %d parts; the first %d count", len(basis), maxBasis)
		basis = basis[:maxBasis]
	}
	switch {
	case len(telling) == 0:
		d.Refused = fmt.Sprintf("fingerprint of %s is empty: every alert would count as the same; it is not used", w.pkg)
	case w.constants[strings.Join(basis, "\x00")]:
		d.Refused = fmt.Sprintf("fingerprint of %s is constant: it is written in the policy and takes nothing from the message, so every alert would count as the same; it is not used", w.pkg)
	case !occurs(telling, w.body):
		d.Refused = fmt.Sprintf("fingerprint of %s is constant: nothing of it stands in the message, so every alert would count as the same; it is not used", w.pkg)
	default:
		d.Basis = basis
		return nil
	}
	w.problem("%s", d.Refused)
	return nil
}

// constantBases returns every fingerprint that the rules write as a constant,
// parts joined by NUL. A word of it may well stand in a message (its product's
// name, say), so looking there is not enough.
func constantBases(modules []*ast.Module) map[string]bool {
	out := map[string]bool{}
	byName := map[string][]*ast.Rule{}
	for _, m := range modules {
		for _, r := range m.Rules {
			byName[ruleName(r)] = append(byName[ruleName(r)], r)
		}
	}
	for _, name := range []string{"alerts", "alert"} {
		for _, rule := range byName[name] {
			for _, obj := range yielded(rule) {
				v := obj.Get(ast.StringTerm("fingerprint"))
				if c := constantValue(v, rule.Body, byName, 0); c != nil {
					if basis, telling := basisOf(c); len(telling) > 0 {
						out[strings.Join(basis, "\x00")] = true
					}
				}
			}
		}
	}
	return out
}

// constantValue returns what a term always is, followed through variables of
// the body and rules with one definition; nil where that cannot be said.
func constantValue(t *ast.Term, body ast.Body, rules map[string][]*ast.Rule, depth int) ast.Value {
	if t == nil || depth > 5 {
		return nil
	}
	switch v := t.Value.(type) {
	case ast.Var:
		for _, e := range body {
			if (e.IsAssignment() || e.IsEquality()) && e.Operand(0) != nil && e.Operand(0).Equal(t) {
				return constantValue(e.Operand(1), body, rules, depth+1)
			}
		}
		if found := rules[string(v)]; len(found) == 1 && found[0].Else == nil && found[0].Head.Key == nil && len(found[0].Head.Args) == 0 {
			return constantValue(found[0].Head.Value, found[0].Body, rules, depth+1)
		}
		return nil
	case *ast.Array:
		parts := make([]*ast.Term, 0, v.Len())
		for i := range v.Len() {
			c := constantValue(v.Elem(i), body, rules, depth+1)
			if c == nil {
				return nil
			}
			parts = append(parts, ast.NewTerm(c))
		}
		return ast.NewArray(parts...)
	}
	if isConstant(t) {
		return t.Value
	}
	return nil
}

// occurs reports whether any of the words stands in the message: whole, or a
// part of it in any letter case. Digests cannot be found and count as derived.
func occurs(telling []string, body []byte) bool {
	for _, b := range telling {
		if bytes.Contains(body, []byte(b)) || looksHashed(b) {
			return true
		}
	}
	lower := bytes.ToLower(unescape(body))
	for _, b := range telling {
		for _, word := range strings.FieldsFunc(strings.ToLower(b), func(r rune) bool {
			return r < 0x80 && (r < 'a' || r > 'z') && (r < '0' || r > '9')
		}) {
			if bytes.Contains(lower, []byte(word)) {
				return true
			}
		}
	}
	return false
}

func looksHashed(s string) bool {
	return len(s) >= 32 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// unescape replaces JSON's \u escapes by their characters, so that words in
// other scripts are found however they were sent.
func unescape(body []byte) []byte {
	if !bytes.Contains(body, []byte(`\u`)) {
		return body
	}
	s := string(body)
	var b bytes.Buffer
	for i := 0; i < len(s); i++ {
		r, ok := rune(0), false
		if s[i] == '\\' && i+1 < len(s) && s[i+1] == 'u' {
			r, ok = hex4(s, i+2)
		}
		if !ok {
			b.WriteByte(s[i])
			continue
		}
		i += 5
		if low, ok := hex4(s, i+3); ok && utf16.IsSurrogate(r) && strings.HasPrefix(s[i+1:], `\u`) {
			r = utf16.DecodeRune(r, low)
			i += 6
		}
		b.WriteRune(r)
	}
	return b.Bytes()
}
