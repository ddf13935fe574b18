package policy

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"
)

// builtin is one function of ours that policies may call. It is pure: it reads
// its arguments and the message being evaluated, nothing else.
type builtin struct {
	decl *ast.Builtin
	call func(m Message, args []*ast.Term) (*ast.Term, error) // a nil term is undefined
}

// builtins lists our functions; a new group of them is one line here.
var builtins = slices.Concat(
	messageBuiltins,
	pickBuiltins,
	wellknownBuiltins,
)

var messageBuiltins = []builtin{
	{
		decl: &ast.Builtin{
			Name:        "yagura.header",
			Description: "The request header of that name, in any letter case; undefined where the message had none.",
			Decl:        types.NewFunction(types.Args(types.Named("name", types.S)), types.Named("value", types.S)),
		},
		call: func(m Message, args []*ast.Term) (*ast.Term, error) {
			name, _ := args[0].Value.(ast.String)
			v, ok := m.Header[strings.ToLower(string(name))]
			if !ok {
				return nil, nil
			}
			return ast.StringTerm(strings.ToValidUTF8(v, "\uFFFD")), nil
		},
	},
	{
		decl: &ast.Builtin{
			Name:        "yagura.source",
			Description: "The id of the source that sent the message.",
			Decl:        types.NewFunction(nil, types.Named("id", types.S)),
		},
		call: func(m Message, _ []*ast.Term) (*ast.Term, error) {
			return ast.StringTerm(m.Source), nil
		},
	},
	{
		decl: &ast.Builtin{
			Name:        "to_string",
			Description: "A scalar as a string. Older policy guides use it as if Rego had it.",
			Decl:        types.NewFunction(types.Args(types.Named("value", types.A)), types.Named("text", types.S)),
		},
		call: func(_ Message, args []*ast.Term) (*ast.Term, error) {
			return ast.StringTerm(text(args[0].Value)), nil
		},
	},
}

// forbidden functions reach outside or reveal the host. Random ones stay: they
// draw from the message, so a replayed message comes out the same.
var forbidden = []string{"http.send", "net.lookup_ip_addr", "opa.runtime"}

// capabilities are what policies may use: Rego's pure functions and ours.
var capabilities = sync.OnceValue(func() *ast.Capabilities {
	allowed := *ast.CapabilitiesForThisVersion()
	allowed.Builtins = slices.DeleteFunc(slices.Clone(allowed.Builtins), func(b *ast.Builtin) bool {
		return slices.Contains(forbidden, b.Name)
	})
	for _, b := range builtins {
		allowed.Builtins = append(allowed.Builtins, b.decl)
	}
	allowed.AllowNet = []string{} // no JSON schema is fetched either
	return &allowed
})

// messageKey finds the message of the running evaluation in its context: the
// library hands its functions nothing else that is ours.
type messageKey struct{}

// functions are our builtins in the form the evaluator takes.
var functions = func() map[string]*topdown.Builtin {
	out := map[string]*topdown.Builtin{}
	for _, b := range builtins {
		out[b.decl.Name] = &topdown.Builtin{
			Decl: b.decl,
			Func: func(bctx topdown.BuiltinContext, args []*ast.Term, iter func(*ast.Term) error) error {
				m, _ := bctx.Context.Value(messageKey{}).(Message)
				v, err := b.call(m, args)
				if err != nil || v == nil {
					return err
				}
				return iter(v)
			},
		}
	}
	return out
}()

func withMessage(ctx context.Context, m Message) context.Context {
	return context.WithValue(ctx, messageKey{}, m)
}
