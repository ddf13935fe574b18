package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

const pickSubject = `{
	"agent": {"name": " web-1 ", "ip": null},
	"Account": {"Id": 9007199254740993},
	"output_fields": {"proc.name": "bash", "user.name": "<NA>"},
	"list": [{"ip": "192.0.2.1"}, {"ip": ["192.0.2.2", "192.0.2.1"]}, "odd", null],
	"affected": {"role": "arn:a", "user": "arn:b"},
	"blocked": false,
	"zero": 0
}`

// Fields are found wherever products put them, and nothing is an error.
func TestPickReadsFieldsByPath(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		paths string
		want  []string
	}{
		"a nested field, trimmed":                {`["agent.name"]`, []string{"web-1"}},
		"the other case of a key's first letter": {`["account.id"]`, []string{"9007199254740993"}},
		"a key with a dot":                       {`[["output_fields", "proc.name"]]`, []string{"bash"}},
		"a word for nothing":                     {`[["output_fields", "user.name"]]`, nil},
		"null":                                   {`["agent.ip"]`, nil},
		"a missing field":                        {`["agent.no.such"]`, nil},
		"through arrays, each value once":        {`["list.ip"]`, []string{"192.0.2.1", "192.0.2.2"}},
		"every value of an object":               {`["affected.*"]`, []string{"arn:a", "arn:b"}},
		"an object is no text":                   {`["agent"]`, nil},
		"false and zero are values":              {`["blocked", "zero"]`, []string{"false", "0"}},
		"a path that goes through a scalar":      {`["zero.deeper"]`, nil},
		"paths of another type than text":        {`[7, null, {}, [7]]`, nil},
		"one path without the list around it":    {`"agent.name"`, []string{"web-1"}},
	}
	subject := ast.MustParseTerm(pickSubject)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := callPick(t, "yagura.all", subject, ast.MustParseTerm(test.paths))
			var texts []string
			_ = ast.As(got.Value, &texts)
			if !slices.Equal(texts, test.want) {
				t.Errorf("got %q, want %q", texts, test.want)
			}
		})
	}
}

func TestPickMakesTables(t *testing.T) {
	t.Parallel()
	subject := ast.MustParseTerm(pickSubject)
	tests := []struct{ function, table, want string }{
		{"yagura.fields", `{"host": ["agent.ip", "agent.name"], "none": ["x"]}`, `{"host": "web-1", "none": ""}`},
		{
			"yagura.attributes", `[["ips", "list.ip"], ["gone", "x"], ["short"], "odd", ["first", "x", "agent.name", "zero"]]`,
			`[{"key": "ips", "value": "192.0.2.1, 192.0.2.2"}, {"key": "first", "value": "web-1"}]`,
		},
		{
			"yagura.observables", `[["ip", "source", "list.ip"], ["host", "target", "agent.name", "agent.name"], ["ip", "source"]]`,
			`[{"type": "ip", "value": "192.0.2.1", "role": "source"}, {"type": "ip", "value": "192.0.2.2", "role": "source"}, {"type": "host", "value": "web-1", "role": "target"}]`,
		},
	}
	for _, test := range tests {
		got := callPick(t, test.function, subject, ast.MustParseTerm(test.table))
		if !got.Equal(ast.MustParseTerm(test.want)) {
			t.Errorf("%s: got %s, want %s", test.function, got, test.want)
		}
	}
	joined := callPick(t, "yagura.join", ast.StringTerm("/"), ast.MustParseTerm(`["a", "", null, "b", 7]`))
	if !joined.Equal(ast.StringTerm("a/b/7")) {
		t.Errorf("join: got %s", joined)
	}
}

// A message decides how long its lists are; what is made of them stays bounded.
func TestPickIsBounded(t *testing.T) {
	t.Parallel()
	var items []*ast.Term
	for i := range 10 * maxPicked {
		items = append(items, ast.StringTerm("value "+strings.Repeat("x", i)))
	}
	subject := ast.ObjectTerm([2]*ast.Term{ast.StringTerm("list"), ast.ArrayTerm(items...)})
	got := callPick(t, "yagura.all", subject, ast.MustParseTerm(`["list"]`))
	if n := got.Value.(*ast.Array).Len(); n != maxPicked {
		t.Errorf("%d values of a long list, want %d", n, maxPicked)
	}
}

func callPick(t *testing.T, name string, args ...*ast.Term) *ast.Term {
	t.Helper()
	for _, b := range pickBuiltins {
		if b.decl.Name == name {
			got, err := b.call(Message{}, args)
			if err != nil || got == nil {
				t.Fatalf("%s: %v, %v", name, got, err)
			}
			return got
		}
	}
	t.Fatalf("there is no %s", name)
	return nil
}
