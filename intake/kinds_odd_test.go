package intake_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"yagura/intake"
	"yagura/policy"
)

// In Rego one undefined reference makes an alert vanish without a word. So
// every field of every sample is once made null, a number, a text, an empty
// list and an empty object: each time there must be an alert, or a reason that
// the policy itself gives. DESK-02, DESK-05
func TestNoOddFieldMakesAnAlertVanish(t *testing.T) {
	t.Parallel()
	set, err := policy.Load(t.Context(), intake.Kinds)
	if err != nil {
		t.Fatal(err)
	}
	samples, err := fs.Glob(intake.Kinds, "*/samples/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range samples {
		kind, _, _ := strings.Cut(name, "/")
		body, err := fs.ReadFile(intake.Kinds, name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var doc any
			dec := json.NewDecoder(bytes.NewReader(body))
			dec.UseNumber()
			if err := dec.Decode(&doc); err != nil {
				t.Fatal(err)
			}
			whole, _ := read(t, set, kind, doc)
			eachField(&doc, "", func(path string, scalar bool) {
				alerts, reason := read(t, set, kind, doc)
				switch {
				case reason != "" && !strings.Contains(reason, "makes no alert of"):
				case alerts == 0:
					t.Errorf("with an odd value at %s there is no alert, and no reason is given", path)
				case scalar && alerts < whole:
					t.Errorf("with an odd value at %s there are %d alerts instead of %d", path, alerts, whole)
				}
			})
		})
	}
}

func read(t *testing.T, set *policy.Set, kind string, doc any) (alerts int, reason string) {
	t.Helper()
	body, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	in, err := set.Ingest(t.Context(), policy.Message{Kind: kind, Source: kind, Body: body})
	if err != nil {
		t.Errorf("%s\n%s", err, body)
	}
	return len(in.Drafts), in.Reason
}

var oddValues = []any{nil, json.Number("7"), "odd", []any{}, map[string]any{}}

// eachField puts every odd value at every place of the document, one at a time,
// calls f, and puts the value back. scalar says that a scalar stood there.
func eachField(at *any, path string, f func(path string, scalar bool)) {
	was := *at
	scalar := false
	switch v := was.(type) {
	case map[string]any:
		for k := range v {
			child := v[k]
			eachField(&child, path+"/"+k, func(path string, scalar bool) {
				v[k] = child
				f(path, scalar)
			})
			v[k] = child
		}
	case []any:
		for i := range v {
			eachField(&v[i], path+"/#", f)
		}
	default:
		scalar = true
	}
	if path == "" {
		return
	}
	for _, odd := range oddValues {
		*at = odd
		f(path, scalar)
	}
	*at = was
}
