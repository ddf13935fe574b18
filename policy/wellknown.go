package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/types"
)

// Bounds of yagura.wellknown. A message over them is read as far as they go.
const (
	wellknownNodes      = 5000  // values looked at for one alert
	wellknownTotal      = 60000 // values looked at for one message
	wellknownAttributes = 100   // attributes of one alert
	wellknownShared     = 40    // fields of a batch that every alert of it gets
	wellknownRunes      = 1000  // of one attribute's value
	wellknownEmbedded   = 4     // JSON documents inside strings that are opened
)

// wellknownBuiltins hold yagura.wellknown, which reads a message of any product, by well-known names of
// fields, into alerts in the form that ingest policies yield. It is Go because
// Rego's walk takes a hundred times as long. It knows names and published
// formats (ECS, OCSF, CEF, Alertmanager, OSV, CVE, CSAF, SARIF), no products.
var wellknownBuiltins = []builtin{{
	decl: &ast.Builtin{
		Name: "yagura.wellknown",
		Description: "The alerts found in a message of any product by well-known names of fields, in the form " +
			"that ingest policies yield. The attribute \"decided\" says which field gave what.",
		Decl: types.NewFunction(
			types.Args(types.Named("message", types.A)),
			types.Named("alerts", types.NewArray(nil, types.NewObject(nil, types.NewDynamicProperty(types.S, types.A)))),
		),
	},
	call: func(_ Message, args []*ast.Term) (*ast.Term, error) {
		return wellknown(args[0].Value), nil
	},
}}

// wellknown returns an array of alert objects: none for a batch that holds
// nothing, one where it is not plain that there are several.
func wellknown(v ast.Value) *ast.Term {
	found := readings(v)
	out := make([]*ast.Term, len(found))
	for i, r := range found {
		out[i] = r.term()
	}
	return ast.ArrayTerm(out...)
}

// readings finds the alerts of a message.
func readings(v ast.Value) []*reading {
	if s, ok := v.(ast.String); ok {
		return []*reading{readText(string(s))}
	}
	if text, ok := onlyText(v); ok {
		return []*reading{readText(text)}
	}
	units, empty := split(v)
	if empty {
		return nil
	}
	budget := wellknownTotal
	found := make([]*reading, 0, len(units))
	ids := map[string]int{}
	for _, u := range units {
		r := read(u, min(budget, wellknownNodes))
		budget = max(budget-r.nodes, 64)
		found = append(found, r)
		ids[r.eventID]++
	}
	for _, r := range found {
		if ids[r.eventID] > 1 { // an id that several alerts of one message share names none of them
			r.eventID = ""
		}
	}
	return found
}

// read finds one alert in one part of a message.
func read(u unit, nodes int) *reading {
	r := &reading{budget: nodes, list: u.list, leaves: make([]leaf, 0, 48)}
	r.walk(u.value, spot{}, "")
	r.own = len(r.leaves)
	for i := len(u.parents) - 1; i >= 0 && len(r.leaves)-r.own < wellknownShared; i-- {
		r.budget = max(r.budget, 64)
		r.walk(u.parents[i], spot{shared: true}, "")
	}
	r.decide()
	return r
}

// onlyText recognises a message that is a text in JSON's clothing: {"text":
// "…"} as our own decoder hands text on, and as chat webhooks send it.
func onlyText(v ast.Value) (string, bool) {
	o, ok := v.(ast.Object)
	if !ok || o.Len() > 3 {
		return "", false
	}
	t := o.Get(ast.InternedTerm("text"))
	if t == nil {
		return "", false
	}
	s, ok := t.Value.(ast.String)
	plain := true
	o.Foreach(func(k, _ *ast.Term) {
		switch key, _ := k.Value.(ast.String); key {
		case "text", "username", "channel", "icon_emoji", "mrkdwn":
		default:
			plain = false
		}
	})
	return string(s), ok && plain
}
