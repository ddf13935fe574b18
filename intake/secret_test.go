package intake_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yagura/fault"
	"yagura/intake"
)

func TestSecretsAreReadWhereTheyAreReferenced(t *testing.T) {
	t.Setenv("YAGURA_TEST_SECRET", "from the environment")
	t.Setenv("YAGURA_TEST_EMPTY", "")
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return "file:" + path
	}
	tests := map[string]struct {
		ref, want string
		kind      fault.Kind
	}{
		"environment":        {"env:YAGURA_TEST_SECRET", "from the environment", ""},
		"file":               {write("secret", "from a file \n"), "from a file ", ""},
		"empty variable":     {"env:YAGURA_TEST_EMPTY", "", fault.Unavailable},
		"missing variable":   {"env:YAGURA_TEST_MISSING", "", fault.Unavailable},
		"missing file":       {"file:" + filepath.Join(dir, "none"), "", fault.Unavailable},
		"empty file":         {write("empty", "\n"), "", fault.Unavailable},
		"file far too large": {write("large", strings.Repeat("x", 70<<10)), "", fault.Unavailable},
		"the secret itself":  {"hunter2-in-clear", "", fault.Invalid},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := intake.Secret(test.ref)
			if got != test.want {
				t.Errorf("secret %q, want %q", got, test.want)
			}
			if (err == nil) != (test.kind == "") || err != nil && !fault.Is(err, test.kind) {
				t.Errorf("error %v, want kind %q", err, test.kind)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}
