package ui

import (
	"io/fs"
	"strings"
	"testing"
)

func TestAProgramWithoutTheAppSaysHowToBuildIt(t *testing.T) {
	t.Parallel()
	b, err := fs.ReadFile(dist, "dist/stub/index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"make build", `lang="ja"`, "Node 20 以降", "/api/docs"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestThereIsAlwaysAPage(t *testing.T) {
	t.Parallel()
	files, built := Files()
	if _, err := fs.Stat(files, "index.html"); err != nil {
		t.Errorf("built %v: %v", built, err)
	}
}
