package main

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v3"
)

const document = `{"openapi": "3.1.0", "paths": {"/api/v1/doors/{id}": {
	"parameters": [],
	"get": {"summary": "One door", "parameters": [{"name": "id", "in": "path", "required": true, "description": "Its id.", "schema": {"type": "string"}}],
		"responses": {"200": {"description": "OK", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Door"}}}}}}}},
	"components": {"schemas": {"Door": {"type": "object", "required": ["width"], "properties": {
		"$schema": {"type": "string"},
		"width": {"type": "number", "description": "In metres."},
		"state": {"type": "string", "enum": ["open", "shut"], "description": "How it stands."}}}}}}`

func TestTheAPIPageTellsOperationsAndObjects(t *testing.T) {
	t.Parallel()
	page, err := apiText([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"## `GET /api/v1/doors/{id}`", "One door", "| `id` | path | string | Its id. |", "[Door](#door)", "| `width` | number | In metres. |", "| `state` | open, shut, may be absent | How it stands. |"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

// TOOL-12
func TestAPartOfTheAPIWithoutItsTextIsRefused(t *testing.T) {
	t.Parallel()
	for name, removed := range map[string]string{
		"GET /api/v1/doors/{id} has no text":              `"summary": "One door", `,
		"GET /api/v1/doors/{id} parameter id has no text": `"description": "Its id.", `,
		"Door.width has no text":                          `, "description": "In metres."`,
	} {
		changed := strings.Replace(document, removed, "", 1)
		if changed == document {
			t.Fatalf("the test for %q changes nothing", name)
		}
		if _, err := apiText([]byte(changed)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %s", err, name)
		}
	}
	if _, err := apiText([]byte(`{}`)); err == nil {
		t.Error("a document with no path is described")
	}
}

func TestTheCommandLinesPageTellsCommandsAndFlags(t *testing.T) {
	t.Parallel()
	root := &cli.Command{Name: "yagura", Usage: "Watches.", Commands: []*cli.Command{
		{Name: "door", Usage: "doors", Commands: []*cli.Command{
			{Name: "open", ArgsUsage: "ID", Usage: "open one", Flags: []cli.Flag{
				&cli.StringFlag{Name: "with", Aliases: []string{"w"}, Usage: "what to open it with", Value: "key", Sources: cli.EnvVars("YAGURA_WITH")},
				&cli.BoolFlag{Name: "slowly", Hidden: true},
			}},
			{Name: "secret", Hidden: true},
		}},
	}}
	page, err := cliText(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"## `yagura door open ID`", "Open one.", "- `--with`, `-w` What to open it with. Default: key. `YAGURA_WITH`"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	// TOOL-12
	root.Commands = append(root.Commands, &cli.Command{Name: "mute", Flags: []cli.Flag{&cli.BoolFlag{Name: "all"}}})
	_, err = cliText(root)
	if err == nil || !strings.Contains(err.Error(), "yagura mute has no text") || !strings.Contains(err.Error(), "yagura mute --all has no text") {
		t.Errorf("a command and a flag without a text: %v", err)
	}
}
