package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"yagura/web"
)

// apiPage writes the API from the description that the server itself gives.
func apiPage(string) (pages, error) {
	document, err := web.OpenAPI()
	if err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	text, err := apiText(document)
	return pages{"api.md": text}, err
}

// openAPI is as much of an OpenAPI 3.1 document as the reference tells.
type openAPI struct {
	Paths      map[string]map[string]json.RawMessage `json:"paths"` // path → method → operation
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	Summary     string             `json:"summary"`
	Description string             `json:"description"`
	Parameters  []parameter        `json:"parameters"`
	RequestBody *content           `json:"requestBody"`
	Responses   map[string]content `json:"responses"`
}

type parameter struct {
	Name        string `json:"name"`
	In          string `json:"in"`
	Description string `json:"description"`
	Required    bool   `json:"required"`
	Schema      schema `json:"schema"`
}

type content struct {
	Description string `json:"description"`
	Content     map[string]struct {
		Schema schema `json:"schema"`
	} `json:"content"`
}

type schema struct {
	Ref         string            `json:"$ref"`
	Type        any               `json:"type"` // a name or several
	Format      string            `json:"format"`
	Description string            `json:"description"`
	Enum        []any             `json:"enum"`
	Default     any               `json:"default"`
	Items       *schema           `json:"items"`
	Properties  map[string]schema `json:"properties"`
	Required    []string          `json:"required"`
}

// methods are the keys of a path that are operations, in the order of the page.
var methods = []string{"get", "post", "put", "patch", "delete"}

// apiText tells what an OpenAPI document holds. An operation, parameter or
// property without its text is an error.
func apiText(document []byte) (string, error) {
	var d openAPI
	if err := json.Unmarshal(document, &d); err != nil {
		return "", fmt.Errorf("read the OpenAPI document: %w", err)
	}
	if len(d.Paths) == 0 {
		return "", errors.New("the OpenAPI document has no path")
	}
	w := &apiWriter{}
	w.b.WriteString("# API\n\nThe running server has the same as OpenAPI 3.1 at `/api/openapi.json`. Requests show a key as `Authorization: Bearer …`, or come from a page of this server's with a session's cookie. An error is\n`application/problem+json`: a sentence that is safe to show, and an id that the log has too.\n\n")
	for _, path := range sortedKeys(d.Paths) {
		for _, method := range methods {
			if raw, ok := d.Paths[path][method]; ok {
				w.operation(strings.ToUpper(method)+" "+path, raw)
			}
		}
	}
	w.b.WriteString("## Objects\n\n")
	for _, name := range sortedKeys(d.Components.Schemas) {
		w.object(name, d.Components.Schemas[name])
	}
	return w.b.String(), errors.Join(w.errs...)
}

// apiWriter writes the page and gathers what lacks its text.
type apiWriter struct {
	b    bytes.Buffer
	errs []error
}

func (w *apiWriter) need(text, what string) {
	if strings.TrimSpace(text) == "" {
		w.errs = append(w.errs, fmt.Errorf("API: %s has no text", what))
	}
}

func (w *apiWriter) operation(name string, raw json.RawMessage) {
	var o operation
	if err := json.Unmarshal(raw, &o); err != nil {
		w.errs = append(w.errs, fmt.Errorf("read %s: %w", name, err))
		return
	}
	w.need(o.Summary+o.Description, name)
	fmt.Fprintf(&w.b, "## `%s`\n\n", name)
	for _, text := range []string{o.Summary, o.Description} {
		if text != "" {
			fmt.Fprintf(&w.b, "%s\n\n", text)
		}
	}
	if len(o.Parameters) > 0 {
		w.b.WriteString("| parameter | in | is | what for |\n|---|---|---|---|\n")
		for _, p := range o.Parameters {
			w.need(p.Description+p.Schema.Description, name+" parameter "+p.Name)
			fmt.Fprintf(&w.b, "| `%s` | %s | %s | %s |\n", p.Name, p.In, cell(shape(p.Schema)), cell(firstOf(p.Description, p.Schema.Description)))
		}
		w.b.WriteString("\n")
	}
	if o.RequestBody != nil {
		fmt.Fprintf(&w.b, "Takes %s. %s\n\n", shapes(*o.RequestBody), o.RequestBody.Description)
	}
	for _, status := range sortedKeys(o.Responses) {
		r := o.Responses[status]
		fmt.Fprintf(&w.b, "- **%s** %s %s\n", status, r.Description, shapes(r))
	}
	w.b.WriteString("\n")
}

func (w *apiWriter) object(name string, s schema) {
	fmt.Fprintf(&w.b, "### %s\n\n", name)
	if s.Description != "" {
		fmt.Fprintf(&w.b, "%s\n\n", s.Description)
	}
	if len(s.Properties) == 0 {
		fmt.Fprintf(&w.b, "%s\n\n", shape(s))
		return
	}
	w.b.WriteString("| property | is | what for |\n|---|---|---|\n")
	for _, p := range sortedKeys(s.Properties) {
		if p == "$schema" { // where the object's own schema is found
			continue
		}
		v := s.Properties[p]
		if v.Ref == "" && (v.Items == nil || v.Items.Ref == "") { // else the object has its own
			w.need(v.Description, name+"."+p)
		}
		is := shape(v)
		if !slices.Contains(s.Required, p) {
			is += ", may be absent"
		}
		fmt.Fprintf(&w.b, "| `%s` | %s | %s |\n", p, is, cell(v.Description))
	}
	w.b.WriteString("\n")
}

// shapes names what a body holds, by media type.
func shapes(c content) string {
	var out []string
	for _, media := range sortedKeys(c.Content) {
		out = append(out, fmt.Sprintf("%s (`%s`)", shape(c.Content[media].Schema), media))
	}
	return strings.Join(out, " or ")
}

// shape says in a few words what a value is.
func shape(s schema) string {
	switch {
	case s.Ref != "":
		name := s.Ref[strings.LastIndex(s.Ref, "/")+1:]
		return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name))
	case s.Items != nil:
		return "list of " + shape(*s.Items)
	case len(s.Enum) > 0:
		words := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			words[i] = fmt.Sprint(v)
		}
		return strings.Join(words, ", ")
	}
	is := "any"
	switch t := s.Type.(type) {
	case string:
		is = t
	case []any:
		words := make([]string, len(t))
		for i, v := range t {
			words[i] = fmt.Sprint(v)
		}
		is = strings.Join(words, " or ")
	}
	if s.Format != "" {
		is += " (" + s.Format + ")"
	}
	if s.Default != nil {
		is += fmt.Sprintf(", default %v", s.Default)
	}
	return is
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
