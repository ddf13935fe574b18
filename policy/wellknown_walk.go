package policy

import (
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// leaf is one scalar of a message, or one list of scalars.
type leaf struct {
	path   string   // as people write it: "alert.rule.name", "facts[0].human"
	text   string   // the value; of a list its items, joined by ", "
	items  []string // of a list
	number bool
}

// spot is where in a message an object stands.
type spot struct {
	path   string
	name   string // its own name, folded
	ctx    ctx
	part   string // role of the observables inside: "source", "target", "actor"
	cost   int    // how far it is from where an alert's own fields stand
	depth  int
	list   bool // in a list of its like
	shared bool // it belongs to the batch around the alert, not to the alert
}

type candidate struct {
	leaf int
	cost int
	hit  hit
}

const keep = 4 // candidates that are remembered for each role

// reading is what was found in one alert.
type reading struct {
	leaves   []leaf
	best     [roles][]candidate
	seen     []observed
	tech     []string
	own      int // leaves of the alert itself; those behind belong to the batch
	nodes    int
	budget   int
	embedded int
	list     string // folded name of the list it stood in
	plain    bool   // the message is text, no JSON
	posture  bool   // it speaks of a vulnerability or a failed check
	found
}

// fold writes a field's name without case and punctuation, so that event_time,
// eventTime and event-time are one name.
func fold(buf []byte, s string) []byte {
	for i := 0; i < len(s) && len(buf) < cap(buf); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 0x80:
			buf = append(buf, c)
		case c >= 'A' && c <= 'Z':
			buf = append(buf, c+'a'-'A')
		}
	}
	return buf
}

func folded(s string) string {
	var buf [64]byte
	return string(fold(buf[:0:64], s))
}

type pending struct {
	value ast.Value
	at    spot
}

// walk reads v breadth first, so that what stands shallow is there even where
// the message is larger than its budget.
func (r *reading) walk(v ast.Value, at spot, path string) {
	at.path = path
	queue := append(make([]pending, 0, 16), pending{v, at})
	for i := 0; i < len(queue); i++ {
		p := queue[i]
		switch v := p.value.(type) {
		case ast.Object:
			if shared := p.at.shared; shared && len(r.leaves)-r.own >= wellknownShared {
				return
			}
			if p.at.list && typedLists[p.at.name] {
				r.typed(v, p.at.part)
			}
			v.Foreach(func(k, val *ast.Term) {
				if r.nodes++; r.nodes > r.budget {
					return
				}
				key, ok := k.Value.(ast.String)
				if !ok {
					return
				}
				queue = r.field(queue, p.at, string(key), val.Value)
			})
		case *ast.Array:
			if p.at.shared { // a batch's lists are its alerts
				continue
			}
			queue = r.elements(queue, p.at, v)
		}
		if r.nodes > r.budget || len(queue) > r.budget {
			return
		}
	}
}

// field takes in one field of the object at p.
func (r *reading) field(queue []pending, p spot, key string, v ast.Value) []pending {
	path := key
	if p.path != "" {
		path = p.path + "." + key
	}
	if strings.IndexByte(key, '.') > 0 { // flattened by its sender: a.b.c is c in b in a
		for {
			head, rest, more := strings.Cut(key, ".")
			if !more {
				break
			}
			p = p.into(head)
			key = rest
		}
	}
	switch v := v.(type) {
	case ast.Object:
		if v.Len() == 0 {
			return queue
		}
		at := p.into(key)
		at.path = path
		return append(queue, pending{v, at})
	case *ast.Array:
		return r.array(queue, p, key, path, v)
	case ast.String:
		s := strings.TrimSpace(string(v))
		if inner := r.inside(s); inner != nil {
			at := p.into(key)
			at.path = path
			return append(queue, pending{inner, at})
		}
		r.scalar(p, key, leaf{path: path, text: s})
	case ast.Number:
		r.scalar(p, key, leaf{path: path, text: string(v), number: true})
	case ast.Boolean:
		r.scalar(p, key, leaf{path: path, text: strconv.FormatBool(bool(v))})
	}
	return queue
}

// inside opens a string that holds a JSON object or array.
func (r *reading) inside(s string) ast.Value {
	if len(s) > 8 && s[0] == '<' && s[len(s)-1] == '}' { // JSON behind a syslog header
		if at := strings.IndexByte(s, '{'); at < 200 {
			s = s[at:]
		}
	}
	if len(s) < 8 || len(s) > 1<<16 || s[0] != '{' && s[0] != '[' || r.embedded >= wellknownEmbedded {
		return nil
	}
	if last := s[len(s)-1]; last != '}' && last != ']' {
		return nil
	}
	r.embedded++
	t, err := parseInput([]byte(s), nil)
	if err != nil {
		return nil
	}
	return t.Value
}

// array takes in a list: scalars as one leaf, names with values as fields,
// objects one by one.
func (r *reading) array(queue []pending, p spot, key, path string, a *ast.Array) []pending {
	if a.Len() == 0 || p.shared && a.Len() > 0 && !isScalar(a.Elem(0).Value) {
		return queue
	}
	if isScalar(a.Elem(0).Value) {
		l := leaf{path: path}
		for i := range min(a.Len(), 50) {
			if s, ok := scalarText(a.Elem(i).Value); ok && s != "" {
				l.items = append(l.items, s)
			}
		}
		if len(l.items) > 0 {
			l.text = strings.Join(l.items, ", ")
			r.nodes += len(l.items)
			r.scalar(p, key, l)
		}
		return queue
	}
	at := p.into(key)
	at.path = path
	return append(queue, pending{a, at})
}

func (r *reading) elements(queue []pending, at spot, a *ast.Array) []pending {
	if pairs, ok := nameValues(a); ok {
		for _, kv := range pairs {
			if r.nodes++; r.nodes > r.budget {
				return queue
			}
			queue = r.field(queue, at, kv.name, kv.value)
		}
		return queue
	}
	base := at.path
	for i := range a.Len() {
		if r.nodes++; r.nodes > r.budget {
			return queue
		}
		el := at
		el.path = base + "[" + strconv.Itoa(i) + "]"
		el.cost += 4 + min(i, 8)
		el.depth++
		el.list = true
		switch v := a.Elem(i).Value.(type) {
		case ast.Object, *ast.Array:
			if el.depth < maxDepth {
				queue = append(queue, pending{v, el})
			}
		default:
			if s, ok := scalarText(v); ok && s != "" {
				r.leaves = append(r.leaves, leaf{path: el.path, text: s})
			}
		}
	}
	return queue
}

type nameValue struct {
	name  string
	value ast.Value
}

// nameValues reads a list of {"name": …, "value": …} or of ["name", "value"]
// pairs, as products write fields whose names they do not fix.
func nameValues(a *ast.Array) ([]nameValue, bool) {
	if a.Len() == 0 || a.Len() > 200 {
		return nil, false
	}
	out := make([]nameValue, 0, a.Len())
	for i := range a.Len() {
		var kv nameValue
		switch v := a.Elem(i).Value.(type) {
		case ast.Object:
			kv = namedObject(v)
		case *ast.Array:
			if v.Len() == 2 {
				if name, ok := v.Elem(0).Value.(ast.String); ok && len(name) <= 80 {
					kv = nameValue{string(name), v.Elem(1).Value}
				}
			}
		}
		if kv.name == "" {
			return nil, false
		}
		if o, ok := kv.value.(ast.Object); ok && o.Len() == 1 { // OpenTelemetry: {"stringValue": …}
			o.Foreach(func(_, inner *ast.Term) { kv.value = inner.Value })
		}
		out = append(out, kv)
	}
	return out, true
}

func namedObject(o ast.Object) (kv nameValue) {
	if o.Len() != 2 && o.Len() != 3 {
		return kv
	}
	o.Foreach(func(k, v *ast.Term) {
		key, _ := k.Value.(ast.String)
		switch key {
		case "name", "Name", "key", "Key":
			if s, ok := v.Value.(ast.String); ok {
				kv.name = string(s)
			}
		case "value", "Value", "values", "val", "stringValue", "intValue", "boolValue", "multiValue", "doubleValue":
			kv.value = v.Value
		}
	})
	if kv.value == nil || len(kv.name) > 80 {
		return nameValue{}
	}
	return kv
}

func isScalar(v ast.Value) bool {
	switch v.(type) {
	case ast.Object, *ast.Array, ast.Set:
		return false
	}
	return true
}

func scalarText(v ast.Value) (string, bool) {
	switch v := v.(type) {
	case ast.String:
		return strings.TrimSpace(string(v)), true
	case ast.Number:
		return string(v), true
	case ast.Boolean:
		return strconv.FormatBool(bool(v)), true
	}
	return "", false
}

// into is the place of the object that field key of the object at p holds.
func (p spot) into(key string) spot {
	var buf [64]byte
	name := fold(buf[:0:64], key)
	c, known := containers[string(name)]
	if key == "_source" { // Elasticsearch's wrapper, not the source of traffic
		c, known = container{ctx: ctxWrapper}, true
	}
	next := p
	next.name = string(name)
	if one, ok := singular[next.name]; ok {
		next.name = one
	}
	next.depth++
	next.cost += 6
	switch {
	case p.ctx == ctxNoise:
	case known && c.ctx == ctxNoise:
		next.ctx = ctxNoise
	case p.ctx == ctxEntity:
		if c.part != "" {
			next.part = c.part
		}
	case known && c.ctx == ctxWrapper:
		next.cost -= 3
	case known && p.ctx == ctxRule:
	case known:
		next.ctx = c.ctx
		if c.part != "" {
			next.part = c.part
		}
		if c.ctx == ctxAlert {
			next.cost -= 3
		}
	case p.ctx == ctxRoot || p.ctx == ctxAlert:
		next.ctx = ctxOther
		next.cost += 12
	}
	return next
}
