package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"yagura/app"
)

// configPage writes every key of the configuration.
func configPage(string) (pages, error) {
	var b bytes.Buffer
	b.WriteString(`# Configuration

Yagura runs with no configuration at all. What is set comes from one YAML file, named by
` + "`--config` or `YAGURA_CONFIG`" + `; over it from environment variables; over them from flags. A key
that is not known is refused with its line. ` + "`yagura config check`" + ` says what is wrong without starting.

A **secret** is never printed. In the environment it stands as it is; in the file and on the command
line it is a reference, ` + "`env:NAME` or `file:/path`" + `, or the key, variable or flag with ` + "`_file`" + `
(` + "`_FILE`, `-file`" + `) added names the file that holds it.

A duration is written 30s, 24h or 7d; a size 10MiB, 64kB or 1048576.

`)
	var errs []error
	for _, o := range app.Options() {
		errs = append(errs, describe(&b, "", o, true))
	}
	b.WriteString("## Sources\n\nUnder `sources.<id>`: a source that is not there is made, one that is there gets what is written. They have no variables and no flags.\n\n")
	for _, o := range app.SourceOptions() {
		errs = append(errs, describe(&b, "sources.<id>.", o, false))
	}
	b.WriteString("## Tools\n\nUnder `tools.<name>`.\n\n")
	for _, o := range app.ToolOptions() {
		errs = append(errs, describe(&b, "tools.<name>.", o, false))
	}
	return pages{"config.md": b.String()}, errors.Join(errs...)
}

// describe writes one key.
func describe(b *bytes.Buffer, prefix string, o app.Option, outside bool) error {
	if strings.TrimSpace(o.Doc) == "" {
		return fmt.Errorf("configuration: %s%s has no text", prefix, o.Key)
	}
	fmt.Fprintf(b, "### `%s%s`\n\n%s\n\n", prefix, o.Key, o.Doc)
	facts := []string{o.Type}
	if o.Default != "" {
		facts = append(facts, fmt.Sprintf("default `%s`", o.Default))
	}
	if outside {
		facts = append(facts, fmt.Sprintf("`%s`", o.Env()), fmt.Sprintf("`--%s`", o.Flag()))
	}
	fmt.Fprintf(b, "%s\n\n", strings.Join(facts, " · "))
	return nil
}
