package policy

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"yagura/alert"
)

var entityTypes = alert.EntityTypes()

// entities reads [{type, value, aliases, shared}].
func (w *writer) entities(d *Draft, name string, v ast.Value) error {
	items, err := w.list(name, v, alert.MaxEntities)
	for _, it := range items {
		obj, ok := it.Value.(ast.Object)
		if !ok {
			return w.wrong("an entry of "+name, it.Value, `{"type", "value", "aliases", "shared"}`)
		}
		var e alert.Entity
		var bad ast.Value
		obj.Foreach(func(k, val *ast.Term) {
			switch text(k.Value) {
			case "type":
				e.Type = alert.EntityType(strings.ToLower(line(text(val.Value), maxWord)))
			case "value":
				if !ast.IsScalar(val.Value) {
					bad = val.Value
					return
				}
				e.Value = line(text(val.Value), alert.MaxEntityValue)
			case "aliases":
				e.Aliases = w.aliases(val.Value)
			case "shared":
				e.Shared = val.Value.Compare(ast.Boolean(true)) == 0
			default:
				w.problem("there is no field %q in entities", line(text(k.Value), 60))
			}
		})
		if bad != nil {
			return w.wrong("a value of "+name, bad, "a string")
		}
		w.entity(d, e)
	}
	return err
}

// aliases reads the other names of an entity; what is no name is left out.
func (w *writer) aliases(v ast.Value) []string {
	items, ok := members(v)
	if !ok {
		items = []*ast.Term{{Value: v}}
	}
	var out []string
	for _, it := range items {
		if !ast.IsScalar(it.Value) || len(out) == alert.MaxEntityAliases {
			continue
		}
		if s := line(text(it.Value), alert.MaxEntityValue); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func (w *writer) entity(d *Draft, e alert.Entity) {
	switch {
	case e.Value == "": // products leave fields empty; nothing to say about it
	case !slices.Contains(entityTypes, e.Type):
		w.problem("entity type %q is unknown; %q is left out", cut(string(e.Type), 60), cut(e.Value, 60))
	default:
		d.Entities = append(d.Entities, e)
	}
}
