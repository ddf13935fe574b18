package local

import (
	"os"
	"strings"
	"testing"
)

// TestMain keeps the settings of whoever runs the tests out of them: people try the
// demo with YAGURA_URL and YAGURA_KEY in their shell.
func TestMain(m *testing.M) {
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "YAGURA_") {
			_ = os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}
