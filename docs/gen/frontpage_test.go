package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"yagura/app"
)

func TestTheConfigurationOnTheFrontPageIsTaken(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"README.md", "README.ja.md"} {
		page, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		c, err := app.LoadConfig(app.Overrides{"config": name}, func(variable string) string {
			return map[string]string{"DATABASE_URL": "postgres://u:p@db.example.com/y", "GUARDDUTY_TOKEN": "a-token"}[variable]
		}, func(path string) ([]byte, error) {
			if path == name {
				return block(t, string(page), "yaml").Data, nil
			}
			return []byte("a-key-of-some-length\n"), nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(c.Sources) != 1 || c.PublicURL != "https://yagura.example.com" || c.BootstrapKey.Reveal() != "a-key-of-some-length" {
			t.Errorf("%s: resolved to %+v", name, c)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)

func TestLinksBetweenPagesLeadSomewhere(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	pages := []string{filepath.Join(root, "README.md"), filepath.Join(root, "README.ja.md"), filepath.Join(root, "CONTRIBUTING.md"), filepath.Join(root, "CHANGELOG.md")}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("%s: %s leads nowhere", page, m[1])
			}
		}
	}
}
