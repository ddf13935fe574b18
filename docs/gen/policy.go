package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"yagura/policy"
)

// policyPage writes what policies read, what they may yield and what they may call.
func policyPage(string) (pages, error) {
	w := &fieldWriter{}
	fmt.Fprintf(&w.b, `# Policies

A policy is a file in Rego, v1 or the older syntax. The folder that `+"`policy`"+` names ([configuration](config.md)) is read with all folders
below it, but for testdata, samples and test, and read again when a file changes; while a file is bad, the old ones go on serving. `+"`yagura policy check`"+`
names what is wrong by file, line and column; `+"`yagura policy test`"+` runs samples against what is expected of them.

One evaluation may take %s; one message yields at most %d alerts. A policy that errs, loops or yields the wrong shape
leaves its delivery failed, in sight, with file, line and reason; after the mend it can be replayed.

`, policy.Timeout, policy.MaxDrafts)

	w.section("Ingest: `package ingest.<kind>`", "`input` is one message, its numbers exact; a message that is no JSON is `{\"text\": \"…\"}`. One of your files takes the place of ours for the same kind. The older package name `alert.<kind>` is read too.")
	w.table("rule", policy.IngestRules())
	w.section("An alert", "Every field may be left out or null. A field of another name is reported and left out.")
	w.table("field", policy.AlertFields())
	w.section("Triage: `package triage`", "Judges one alert once its observables are known, and every repeat of it too, before it is known to be one. All its files, ours and yours, are one package by Rego's own rules. The older name `commit` is read too.")
	w.b.WriteString(triageExample)
	w.table("rule", policy.TriageRules())
	w.section("What triage reads", "Below `input`:")
	w.table("name", policy.TriageInputFields())
	w.section("Enrich: `package enrich`", "The set `prompts` holds tasks for a model. They are checked now, and run where there is an agent. A task:")
	w.table("field", policy.PromptFields())
	w.section("Functions of ours", "They are pure. Rego's own functions are all there, except "+strings.Join(policy.Forbidden(), ", ")+".")
	w.table("function", policy.Functions())
	return pages{"policy.md": w.b.String()}, errors.Join(w.errs...)
}

// triageExample is a whole policy; a test judges alerts with it.
const triageExample = "A whole one, in any file below the folder:\n\n```rego" + `
package triage

# Our own scanner stands in this network.
ours if {
	some o in input.alert.observables
	o.type == "ip"
	o.role == "source"
	net.cidr_contains("192.0.2.0/28", o.value)
}

disposition := "declined" if {
	ours
} else := "notice" if {
	input.alert.severity == "info"
}

reason := "our own scanner" if ours
` + "```" + `

Two rules that give one name different values at once are a conflict, and the delivery fails: join them by else, as above.
Only a source with may_decline may have its alerts declined; of others such an alert becomes a notice.

`

// fieldWriter writes tables of fields.
type fieldWriter struct {
	b    bytes.Buffer
	errs []error
}

func (w *fieldWriter) section(title, text string) {
	fmt.Fprintf(&w.b, "## %s\n\n%s\n\n", title, text)
}

func (w *fieldWriter) table(head string, fields []policy.Field) {
	fmt.Fprintf(&w.b, "| %s | is | what for |\n|---|---|---|\n", head)
	for _, f := range fields {
		if strings.TrimSpace(f.Doc) == "" {
			w.errs = append(w.errs, fmt.Errorf("policy: %s %s has no text", head, f.Name))
		}
		fmt.Fprintf(&w.b, "| `%s` | %s | %s |\n", f.Name, cell(f.Type), cell(f.Doc))
	}
	w.b.WriteString("\n")
}

// cell makes text fit into a table's cell.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(s)
}
