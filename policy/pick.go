package policy

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/types"
)

// The pick functions read fields of a message by path. They exist because an
// alert is mostly a table of "this field is found there", because in Rego one
// missing field makes the whole alert undefined, and because forty guarded
// references cost a hundred times what one call over a table does. All of them
// are total: a field that is missing, null, blank or of another type is no
// value, never an error.
//
// A path is a string of keys with dots between them ("agent.name"), or an array
// of keys where a key holds a dot itself (["output_fields", "proc.name"]). It
// goes through every element of an array it meets on its way; the key "*"
// stands for every value of an object. A key is also found where only the case
// of its first letter differs, since products write one schema both ways
// (accountId, AccountId). Values are scalars, as trimmed text; words with which
// products say "nothing" (see blankWords) are no value.
var pickBuiltins = []builtin{
	{
		decl: &ast.Builtin{
			Name:        "yagura.pick",
			Description: "The text of the first scalar found at one of the paths, \"\" where there is none.",
			Decl:        types.NewFunction(types.Args(types.Named("value", types.A), types.Named("paths", types.A)), types.Named("text", types.S)),
		},
		call: func(_ Message, args []*ast.Term) (*ast.Term, error) {
			var p picker
			p.first(args[0], args[1])
			if len(p.found) == 0 {
				return emptyText, nil
			}
			return p.term(0), nil
		},
	},
	{
		decl: &ast.Builtin{
			Name:        "yagura.fields",
			Description: "An object that has, for every name in the table {name: paths}, what yagura.pick finds at these paths.",
			Decl:        types.NewFunction(types.Args(types.Named("value", types.A), types.Named("table", types.A)), types.Named("texts", types.NewObject(nil, types.NewDynamicProperty(types.A, types.S)))),
		},
		call: func(_ Message, args []*ast.Term) (*ast.Term, error) {
			table, ok := args[1].Value.(ast.Object)
			if !ok {
				return nil, nil
			}
			pairs := make([][2]*ast.Term, 0, table.Len())
			var p picker
			table.Foreach(func(name, paths *ast.Term) {
				p.reset()
				p.first(args[0], paths)
				text := emptyText
				if len(p.found) > 0 {
					text = p.term(0)
				}
				pairs = append(pairs, [2]*ast.Term{name, text})
			})
			return ast.ObjectTerm(pairs...), nil
		},
	},
	{
		decl: &ast.Builtin{
			Name:        "yagura.join",
			Description: "The texts that are not empty, joined by the separator.",
			Decl:        types.NewFunction(types.Args(types.Named("separator", types.S), types.Named("texts", types.A)), types.Named("text", types.S)),
		},
		call: func(_ Message, args []*ast.Term) (*ast.Term, error) {
			separator, _ := args[0].Value.(ast.String)
			var texts []string
			for _, t := range pathElements(args[1]) {
				if s := text(t.Value); s != "" {
					texts = append(texts, s)
				}
			}
			return ast.StringTerm(strings.Join(texts, string(separator))), nil
		},
	},
	{
		decl: &ast.Builtin{
			Name:        "yagura.all",
			Description: "The texts of all scalars found at the paths, without repeats, in the order of the paths.",
			Decl:        types.NewFunction(types.Args(types.Named("value", types.A), types.Named("paths", types.A)), types.Named("texts", types.NewArray(nil, types.S))),
		},
		call: func(_ Message, args []*ast.Term) (*ast.Term, error) {
			var p picker
			p.every(args[0], args[1], 0)
			out := make([]*ast.Term, len(p.found))
			for i := range p.found {
				out[i] = p.term(i)
			}
			return ast.ArrayTerm(out...), nil
		},
	},
	{
		decl: &ast.Builtin{
			Name:        "yagura.attributes",
			Description: "Attributes from rows of [key, path, …]: the values at the first path that has any, joined by commas.",
			Decl:        types.NewFunction(types.Args(types.Named("value", types.A), types.Named("rows", types.A)), types.Named("attributes", types.NewArray(nil, types.A))),
		},
		call: func(_ Message, args []*ast.Term) (*ast.Term, error) {
			rows := pathElements(args[1])
			out := make([]*ast.Term, 0, len(rows))
			var p picker
			for _, row := range rows {
				cells := pathCount(row)
				if cells < 2 {
					continue
				}
				p.reset()
				for i := 1; i < cells && len(p.found) == 0; i++ {
					p.walk(args[0], compilePath(pathAt(row, i)))
				}
				if len(p.found) == 0 {
					continue
				}
				value := p.term(0)
				if len(p.found) > 1 {
					value = ast.StringTerm(strings.Join(p.found, ", "))
				}
				out = append(out, ast.ObjectTerm([2]*ast.Term{keyTerm, pathAt(row, 0)}, [2]*ast.Term{valueTerm, value}))
			}
			return ast.ArrayTerm(out...), nil
		},
	},
	{
		decl: &ast.Builtin{
			Name:        "yagura.observables",
			Description: "Observables from rows of [type, role, path, …]: one for each value at any of the paths.",
			Decl:        types.NewFunction(types.Args(types.Named("value", types.A), types.Named("rows", types.A)), types.Named("observables", types.NewArray(nil, types.A))),
		},
		call: func(_ Message, args []*ast.Term) (*ast.Term, error) {
			var out []*ast.Term
			var p picker
			for _, row := range pathElements(args[1]) {
				if pathCount(row) < 3 {
					continue
				}
				p.reset()
				p.every(args[0], row, 2)
				for i := range p.found {
					out = append(out, ast.ObjectTerm(
						[2]*ast.Term{typeTerm, pathAt(row, 0)},
						[2]*ast.Term{valueTerm, p.term(i)},
						[2]*ast.Term{roleTerm, pathAt(row, 1)},
					))
				}
			}
			return ast.ArrayTerm(out...), nil
		},
	},
}

var (
	emptyText = ast.StringTerm("")
	keyTerm   = ast.StringTerm("key")
	valueTerm = ast.StringTerm("value")
	typeTerm  = ast.StringTerm("type")
	roleTerm  = ast.StringTerm("role")
)

// maxPicked bounds the values of one call: messages decide how long lists are.
const maxPicked = 200

// blankWords are what products write where they have nothing to say.
var blankWords = map[string]bool{"": true, "-": true, "<NA>": true, "<nil>": true, "N/A": true, "n/a": true}

// picker gathers the values that paths lead to, each once.
type picker struct {
	found []string
	terms []*ast.Term // in which they were found as they are; else nil
	steps int         // values looked at, found or not
}

func (p *picker) reset() { p.found, p.terms, p.steps = p.found[:0], p.terms[:0], 0 }

// term returns a value that was found as a term.
func (p *picker) term(i int) *ast.Term {
	if t := p.terms[i]; t != nil {
		return t
	}
	return ast.StringTerm(p.found[i])
}

// first stops at the first path that leads to a value.
func (p *picker) first(v, paths *ast.Term) {
	for i := range pathCount(paths) {
		if p.walk(v, compilePath(pathAt(paths, i))); len(p.found) > 0 {
			return
		}
	}
}

// every goes along all paths from the given one on.
func (p *picker) every(v, paths *ast.Term, from int) {
	for i := from; i < pathCount(paths); i++ {
		p.walk(v, compilePath(pathAt(paths, i)))
	}
}

func (p *picker) walk(v *ast.Term, path []pathStep) {
	if p.steps++; len(p.found) >= maxPicked || p.steps > 20*maxPicked {
		return
	}
	switch x := v.Value.(type) {
	case *ast.Array:
		for i := range x.Len() {
			p.walk(x.Elem(i), path)
		}
	case ast.Object:
		if len(path) == 0 {
			return
		}
		if path[0].each {
			_ = x.Iter(func(_, each *ast.Term) error {
				p.walk(each, path[1:])
				return nil
			})
			return
		}
		next := x.Get(path[0].key)
		if next == nil || next.Value == (ast.Null{}) {
			if path[0].other == nil {
				return
			}
			if next = x.Get(path[0].other); next == nil {
				return
			}
		}
		p.walk(next, path[1:])
	case ast.String, ast.Number, ast.Boolean:
		if len(path) > 0 {
			return
		}
		s := strings.TrimSpace(pickedText(x))
		if blankWords[s] {
			return
		}
		for _, have := range p.found {
			if have == s {
				return
			}
		}
		var as *ast.Term
		if whole, ok := x.(ast.String); ok && len(whole) == len(s) {
			as = v
		}
		p.found, p.terms = append(p.found, s), append(p.terms, as)
	}
}

// pickedText is the text of a string, number (its digits as received) or boolean.
func pickedText(v ast.Value) string {
	if s, ok := v.(ast.String); ok {
		return string(s)
	}
	return v.String()
}

// pathElements are those of an array; a single string stands for itself.
func pathElements(t *ast.Term) []*ast.Term {
	switch x := t.Value.(type) {
	case *ast.Array:
		out := make([]*ast.Term, x.Len())
		for i := range out {
			out[i] = x.Elem(i)
		}
		return out
	case ast.String:
		return []*ast.Term{t}
	}
	return nil
}

// pathCount and pathAt are pathElements one at a time.
func pathCount(t *ast.Term) int {
	switch x := t.Value.(type) {
	case *ast.Array:
		return x.Len()
	case ast.String:
		return 1
	}
	return 0
}

func pathAt(t *ast.Term, i int) *ast.Term {
	if a, ok := t.Value.(*ast.Array); ok {
		return a.Elem(i)
	}
	return t
}

// pathStep is one key of a path.
type pathStep struct {
	key   *ast.Term
	other *ast.Term // the same key with its first letter in the other case; nil where it has none
	each  bool      // "*"
}

// Paths stand in policies, so there are few and they are worth keeping. A
// policy that makes them up from messages does not fill the memory: beyond
// maxPaths they are read anew each time.
const maxPaths = 4096

var (
	knownPaths sync.Map // string → []pathStep
	pathsKnown atomic.Int64
)

// compilePath reads a path; anything else but strings in it is no key.
func compilePath(t *ast.Term) []pathStep {
	switch x := t.Value.(type) {
	case ast.String:
		if known, ok := knownPaths.Load(string(x)); ok {
			return known.([]pathStep)
		}
		var out []pathStep
		for key := range strings.SplitSeq(string(x), ".") {
			out = append(out, newPathStep(key))
		}
		if pathsKnown.Load() < maxPaths {
			if _, had := knownPaths.LoadOrStore(string(x), out); !had {
				pathsKnown.Add(1)
			}
		}
		return out
	case *ast.Array:
		out := make([]pathStep, x.Len())
		for i := range out {
			key, _ := x.Elem(i).Value.(ast.String)
			out[i] = newPathStep(string(key))
		}
		return out
	}
	return []pathStep{newPathStep("")}
}

func newPathStep(key string) pathStep {
	s := pathStep{key: ast.StringTerm(key), each: key == "*"}
	if key == "" {
		return s
	}
	switch c := key[0]; {
	case 'a' <= c && c <= 'z':
		s.other = ast.StringTerm(string(c-'a'+'A') + key[1:])
	case 'A' <= c && c <= 'Z':
		s.other = ast.StringTerm(string(c-'A'+'a') + key[1:])
	}
	return s
}
