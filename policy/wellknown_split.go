package policy

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// unit is one alert's part of a message.
type unit struct {
	value   ast.Value
	parents []ast.Value // the batch objects around it, outermost first
	list    string      // folded name of the list it stood in
}

// strongLists hold findings and nothing else; weakLists hold anything.
var strongLists, weakLists = func() (map[string]bool, map[string]bool) {
	set := func(s string) map[string]bool {
		m := map[string]bool{}
		for _, w := range words(s) {
			m[w] = true
		}
		return m
	}
	return set(`alerts findings vulnerabilities matches issues detections incidents threats offenses violations signals
			misconfigurations secrets checks notices advisories anomalies cases problems securityalerts vulns critical high medium
			low informational messagesblocked messagesdelivered clicksblocked clickspermitted`),
		set(`value values events records items results data entries entry messages hits logs rows notifications list
			documents resources objects`)
}()

var strongEndings = []string{"alerts", "findings", "vulnerabilities", "incidents", "detections", "threats", "violations"}

func listWeight(name string) (least int, ok bool) {
	if strongLists[name] {
		return 2, true
	}
	if weakLists[name] {
		return 3, true
	}
	for _, end := range strongEndings {
		if strings.HasSuffix(name, end) {
			return 2, true
		}
	}
	if strings.HasSuffix(name, "logs") || strings.HasSuffix(name, "events") {
		return 3, true
	}
	return 5, false
}

// ownLists are parts of one alert, whatever their elements look like.
var ownLists = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range words(`observables tags evidence entities targets references links affected ranges configurations notes
		comments relatedvulnerabilities relatedevents relatedalerts associatedalerts indicators history logentries backlog
		activities processes files users remediations threatsinfomap actors facts weaknesses metrics descriptions labels
		vulnerablepackages relatedfindings artifacts identifiers signals triggeringevents alertrules fields alertids`) {
		m[w] = true
	}
	return m
}()

// likeness says which parts of a finding an object has.
type likeness struct{ title, severity, time, id, rule, description bool }

func (l likeness) points() int {
	n := 0
	add := func(has bool, worth int) {
		if has {
			n += worth
		}
	}
	add(l.title, 2)
	add(l.severity, 2)
	add(l.time, 1)
	add(l.id, 1)
	add(l.rule, 1)
	add(l.description, 1)
	return n
}

// like looks at an object's fields, and at those of the objects in it that
// speak of the same thing.
func like(o ast.Object, p spot, l *likeness, budget *int) {
	o.Foreach(func(k, v *ast.Term) {
		if *budget--; *budget < 0 {
			return
		}
		key, _ := k.Value.(ast.String)
		switch inner := v.Value.(type) {
		case ast.Object:
			if next := p.into(string(key)); next.depth <= 2 && next.ctx != ctxNoise && next.ctx != ctxEntity && next.ctx != ctxOther {
				like(inner, next, l, budget)
			}
			return
		case ast.String:
			if inner == "" {
				return
			}
		case ast.Number:
		default:
			return
		}
		var buf [128]byte
		s := string(key)
		if i := strings.LastIndexByte(s, '.'); i >= 0 {
			s = s[i+1:]
		}
		name := fold(buf[:0:64], s)
		l.note(fieldNames[string(name)], p.ctx == ctxRule)
		if p.name != "" {
			l.note(fieldNames[string(append(append(buf[64:64:128], p.name[:min(len(p.name), 32)]...), name[:min(len(name), 32)]...))], false)
		}
	})
}

func (l *likeness) note(hits []hit, inRule bool) {
	for _, h := range hits {
		switch h.role {
		case roleTitle:
			l.title = l.title || h.rank < rankDescription
		case roleSeverity:
			l.severity = l.severity || h.rank < 30
		case roleScore:
			l.severity = l.severity || h.rank == 0
		case roleTime:
			l.time = true
		case roleID, roleObject, roleVuln:
			l.id = l.id || !inRule
		case roleRule:
			l.rule = l.rule || h.rank < 20
		case roleDescription:
			l.description = true
		}
	}
}

func likenessOf(o ast.Object) likeness {
	var l likeness
	budget := 120
	like(o, spot{}, &l, &budget)
	return l
}

// split finds the alerts of a message. empty says that it is a batch with
// nothing in it. Where it is not plain that there are several, it is one.
func split(v ast.Value) (units []unit, empty bool) {
	s := splitter{budget: splitNodes}
	switch v := v.(type) {
	case *ast.Array:
		if v.Len() == 0 {
			return nil, true
		}
		if isScalar(v.Elem(0).Value) {
			return []unit{{value: v}}, false
		}
		for i := range v.Len() {
			s.single = false
			s.one(v.Elem(i).Value, nil, "", 0)
		}
	case ast.Object:
		s.one(v, nil, "", 0)
		if s.emptyLists > 0 && !s.boxes && len(s.units) == 1 && s.units[0].value == ast.Value(v) && likenessOf(v).points() < 2 {
			return nil, true
		}
	default:
		return []unit{{value: ast.NewObject(ast.Item(ast.InternedTerm("value"), ast.NewTerm(v)))}}, false
	}
	return s.units, false
}

// splitNodes bounds the fields that are looked at for lists of alerts.
const splitNodes = 500_000

type splitter struct {
	units      []unit
	budget     int
	emptyLists int
	single     bool // it is one advisory, whatever it lists
	boxes      bool // there are lists of objects that were not understood
}

// one adds the alerts of v: those of the lists in it, else v itself.
func (s *splitter) one(v ast.Value, parents []ast.Value, list string, depth int) {
	before := len(s.units)
	o, ok := v.(ast.Object)
	if ok && s.lists(o, o, parents, depth, false) {
		return
	}
	s.units = s.units[:before]
	if len(s.units) < MaxDrafts {
		s.units = append(s.units, unit{value: v, parents: parents, list: list})
	}
}

// lists adds the alerts of the lists of findings in o, which is a part of
// root, and says whether there were any.
func (s *splitter) lists(o, root ast.Object, parents []ast.Value, depth int, within bool) bool {
	if depth > 5 || s.budget <= 0 {
		return false
	}
	var self likeness
	if o == root {
		self = likenessOf(o)
	}
	finding := self.severity && (self.title || self.rule || self.description)
	found := false
	o.Foreach(func(k, v *ast.Term) {
		if s.budget--; s.budget <= 0 || s.single {
			return
		}
		key, _ := k.Value.(ast.String)
		name := folded(string(key))
		if name == "csafversion" { // an advisory is one, whatever it lists
			s.single = true
			return
		}
		switch inner := v.Value.(type) {
		case ast.Object:
			if !finding && !ownLists[name] && containers[name].ctx != ctxNoise {
				if s.lists(inner, root, parents, depth+1, true) {
					found = true
				}
			}
		case *ast.Array:
			if s.list(inner, root, name, parents, depth, self, finding) {
				found = true
			}
		}
	})
	return found && !s.single
}

// list adds the alerts of one list, and says whether there were any.
func (s *splitter) list(a *ast.Array, root ast.Object, name string, parents []ast.Value, depth int, self likeness, finding bool) bool {
	least, named := listWeight(name)
	if a.Len() == 0 {
		if named {
			s.emptyLists++
		}
		return false
	}
	if ownLists[name] || finding && !(name == "alerts" && alertmanager(a)) {
		return false
	}
	if !named && (self.title || self.severity) { // sysdig-like reports have names: look inside, but do not split here
		least = 99
	}
	if named && least == 3 && self.title && self.time {
		return false
	}
	first, ok := a.Elem(0).Value.(ast.Object)
	before := len(s.units)
	if !ok || containers[name].ctx == ctxNoise {
		return false
	}
	around := append(parents[:len(parents):len(parents)], ast.Value(root))
	if likes(a, least) {
		for i := range a.Len() {
			s.one(a.Elem(i).Value, around, name, depth+1)
		}
		return true
	}
	if _, pairs := nameValues(a); pairs {
		return false
	}
	// Not findings themselves: boxes that hold lists of findings, perhaps.
	probe := splitter{budget: 500}
	if !probe.lists(first, first, nil, depth+1, true) && a.Len() == 1 {
		s.emptyLists += probe.emptyLists
		s.boxes = s.boxes || probe.emptyLists == 0 || probe.boxes
		return false
	}
	for i := range a.Len() {
		if box, ok := a.Elem(i).Value.(ast.Object); ok {
			s.lists(box, box, around, depth+1, true)
		}
	}
	return len(s.units) > before
}

// likes says whether the elements look like findings, by the first few: at
// least half of them, so that one odd element does not hide the others.
func likes(a *ast.Array, least int) bool {
	n, like := min(a.Len(), 5), 0
	for i := range n {
		if o, ok := a.Elem(i).Value.(ast.Object); ok && likenessOf(o).points() >= least {
			like++
		}
	}
	return 2*like >= n
}

// alertmanager recognises the alerts of an Alertmanager notification, whose
// group has a title and a status of its own.
func alertmanager(a *ast.Array) bool {
	o, ok := a.Elem(0).Value.(ast.Object)
	return ok && o.Get(ast.InternedTerm("labels")) != nil && o.Get(ast.InternedTerm("startsAt")) != nil
}
