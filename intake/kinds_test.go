package intake_test

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"yagura/alert"
	"yagura/intake"
	"yagura/policy"
)

// Every message that stands with a kind comes out as is written beside it.
// DESK-05
func TestKindsReadTheirSamples(t *testing.T) {
	t.Parallel()
	set, err := policy.Load(t.Context(), intake.Kinds)
	if err != nil {
		t.Fatal(err)
	}
	report := policy.Test(t.Context(), set, intake.Kinds, policy.TestOptions{
		Observe: func(a *alert.Alert, _ policy.Message) []alert.Observable { return alert.Observe(a) },
	})
	if len(report.Cases) == 0 {
		t.Fatal("no kind has a sample")
	}
	for _, c := range report.Cases {
		t.Run(strings.TrimSuffix(c.Path, path.Ext(c.Path)), func(t *testing.T) {
			t.Parallel()
			for _, d := range c.Differences {
				t.Error(d)
			}
			for _, p := range c.Problems {
				t.Errorf("our own policies should need no mending: %s", p)
			}
		})
	}
}

// A kind is a policy with samples: a new product needs no Go.
func TestEveryKindHasAPolicyAndAtLeastThreeSamples(t *testing.T) {
	t.Parallel()
	set, err := policy.Load(t.Context(), intake.Kinds)
	if err != nil {
		t.Fatal(err)
	}
	folders, err := fs.ReadDir(intake.Kinds, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		kind := f.Name()
		if kind == "lib" {
			continue
		}
		if !set.HasKind(kind) {
			t.Errorf("folder %s holds no package ingest.%s", kind, kind)
		}
		expectations, err := fs.Glob(intake.Kinds, kind+"/samples/*.expect.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if len(expectations) < 3 {
			t.Errorf("%s has %d samples; three show more than one shape", kind, len(expectations))
		}
	}
}
