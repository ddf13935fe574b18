package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"yagura/app"
	"yagura/cmd/yagura/local"
)

// cliPage tells the program's whole command line.
func cliPage(string) (pages, error) {
	text, err := cliText(local.Root())
	return pages{"cli.md": text}, err
}

// cliText tells every command below root and its flags. One without its text is
// an error.
func cliText(root *cli.Command) (string, error) {
	w := &cliWriter{}
	fmt.Fprintf(&w.b, "# Command line\n\n`%s` %s\n\n", root.Name, strings.TrimSuffix(strings.TrimSpace(root.Usage), ".")+".")
	if d := strings.TrimSpace(root.Description); d != "" {
		fmt.Fprintf(&w.b, "%s\n\n", d)
	}
	w.flags("yagura", root.Flags)
	for _, c := range root.Commands {
		w.command(root.Name, c)
	}
	return w.b.String(), errors.Join(w.errs...)
}

// cliWriter writes the page and gathers what lacks its text.
type cliWriter struct {
	b    bytes.Buffer
	errs []error
}

func (w *cliWriter) command(above string, c *cli.Command) {
	name := above + " " + c.Name
	if c.Hidden || c.Name == "help" || c.Name == "completion" {
		return
	}
	if strings.TrimSpace(c.Usage) == "" {
		w.errs = append(w.errs, fmt.Errorf("command line: %s has no text", name))
	}
	fmt.Fprintf(&w.b, "## `%s`\n\n%s\n\n", strings.TrimSpace(name+" "+c.ArgsUsage), sentence(c.Usage))
	if d := strings.TrimSpace(c.Description); d != "" {
		fmt.Fprintf(&w.b, "%s\n\n", d)
	}
	w.flags(name, c.Flags)
	for _, sub := range c.Commands {
		w.command(name, sub)
	}
}

func (w *cliWriter) flags(name string, flags []cli.Flag) {
	configured := settings(flags)
	for _, f := range flags {
		d, ok := f.(cli.DocGenerationFlag)
		if !ok || f.Names()[0] == "help" || configured[f.Names()[0]] {
			continue
		}
		if v, ok := f.(cli.VisibleFlag); ok && !v.IsVisible() {
			continue
		}
		if strings.TrimSpace(d.GetUsage()) == "" {
			w.errs = append(w.errs, fmt.Errorf("command line: %s --%s has no text", name, f.Names()[0]))
		}
		usage, vars := variables(d.GetUsage(), d.GetEnvVars())
		fmt.Fprintf(&w.b, "- `--%s` %s", strings.Join(f.Names(), "`, `-"), sentence(usage))
		if value := firstOf(d.GetDefaultText(), d.GetValue()); d.TakesValue() && value != "" && value != `""` {
			fmt.Fprintf(&w.b, " Default: %s.", strings.Trim(value, `"`))
		}
		if len(vars) > 0 {
			fmt.Fprintf(&w.b, " `%s`", strings.Join(vars, "`, `"))
		}
		w.b.WriteString("\n")
	}
	if len(configured) > 0 {
		w.b.WriteString("- Every key of the [configuration](config.md) has its flag here too.\n")
	}
	if len(flags) > 0 {
		w.b.WriteString("\n")
	}
}

// settings are the flags of the configuration, where a command has all of them:
// their texts stand on a page of their own.
func settings(flags []cli.Flag) map[string]bool {
	of := map[string]bool{}
	for _, o := range app.Options() {
		of[o.Flag()] = true
		if o.Secret() {
			of[o.Flag()+"-file"] = true
		}
	}
	has := 0
	for _, f := range flags {
		if of[f.Names()[0]] {
			has++
		}
	}
	if has < len(of) {
		return nil
	}
	return of
}

// variables takes the environment variable off the end of a usage text, where
// the flags of the configuration have it.
func variables(usage string, vars []string) (text string, all []string) {
	text, in, found := strings.Cut(strings.TrimSpace(usage), " [$")
	if !found {
		return usage, vars
	}
	return text, append(vars, strings.TrimSuffix(in, "]"))
}

// sentence makes a usage text, which has no full stop, one.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasSuffix(s, ".") {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
