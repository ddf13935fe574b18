package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"
)

// file reads the YAML file. Every mistake names the file and the line.
func (l *loader) file(name string, content []byte) {
	dec := yaml.NewDecoder(bytes.NewReader(content))
	var doc yaml.Node
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return // nothing but comments
	}
	if err != nil {
		l.fail("%s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
		return
	}
	if dec.Decode(&yaml.Node{}) == nil {
		l.fail("%s: holds several documents; use one", name)
		return
	}
	f := &file{loader: l, name: name}
	readSection(f, &l.config, configOptions, map[string]func(string, *yaml.Node){
		"sources": f.source,
		"tools":   f.tool,
	}, doc.Content[0], "")
}

// file is a configuration file on its way in.
type file struct {
	*loader
	name string
}

func (f *file) at(n *yaml.Node) string { return fmt.Sprintf("%s:%d", f.name, n.Line) }

// source reads sources.<id>.
func (f *file) source(id string, n *yaml.Node) {
	w := SourceSettings{ID: id}
	w.written = readSection(f, &w, sourceOptions, nil, n, "")
	if err := checkSource(w); err != nil {
		f.fail("%s: source %s: %w", f.at(n), id, err)
		return
	}
	f.config.Sources = append(f.config.Sources, w)
}

// tool reads tools.<name>.
func (f *file) tool(name string, n *yaml.Node) {
	w := ToolSettings{Name: name}
	readSection(f, &w, toolOptions, nil, n, "")
	f.config.Tools = append(f.config.Tools, w)
}

// readSection sets target's options from a mapping, and hands the entries of
// named collections to their readers. It returns what was written, by key.
func readSection[T any](f *file, target *T, table []option[T], collections map[string]func(string, *yaml.Node), n *yaml.Node, prefix string) map[string]string {
	written := map[string]string{}
	f.pairs(n, strings.TrimSuffix(prefix, "."), func(k, v *yaml.Node) {
		key := prefix + k.Value
		if o, fromFile, ok := find(table, key); ok {
			text, ok := f.text(key, o.public(), v)
			if !ok {
				return
			}
			if _, twice := written[o.Key]; twice {
				f.fail("%s: %s and %s_file are both set; use one", f.at(k), o.Key, o.Key)
				return
			}
			if fromFile {
				text = "file:" + text
			}
			if setOption(f.loader, target, o, text, f.at(v)) {
				written[o.Key] = text
			}
			return
		}
		if each := collections[key]; each != nil {
			f.pairs(v, key, func(k, v *yaml.Node) { each(k.Value, v) })
			return
		}
		if isGroup(table, key) {
			for k, text := range readSection(f, target, table, nil, v, key+".") {
				written[k] = text
			}
			return
		}
		f.fail("%s: unknown key %q%s", f.at(k), key, suggest(key, table, collections))
	})
	return written
}

// pairs calls each for every entry of a mapping and refuses what is none.
func (f *file) pairs(n *yaml.Node, key string, each func(k, v *yaml.Node)) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return // a heading with nothing under it
	}
	if n.Kind != yaml.MappingNode {
		f.fail("%s: %s holds no keys", f.at(n), orWhole(key))
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if line, twice := first[k.Value]; twice {
			f.fail("%s: %q is written twice, first on line %d", f.at(k), k.Value, line)
			continue
		}
		first[k.Value] = k.Line
		each(k, v)
	}
}

func orWhole(key string) string {
	if key == "" {
		return "the file"
	}
	return key
}

// text returns an option's value as text; the items of a list are parted by commas.
func (f *file) text(key string, o Option, v *yaml.Node) (string, bool) {
	if v.Kind == yaml.AliasNode {
		v = v.Alias
	}
	switch {
	case v.Kind == yaml.ScalarNode && v.Tag == "!!null":
		f.fail("%s: %s has no value", f.at(v), key)
		return "", false
	case v.Kind == yaml.ScalarNode:
		return v.Value, true
	case v.Kind == yaml.SequenceNode && o.Type == typeNetworks:
		items := make([]string, len(v.Content))
		for i, item := range v.Content {
			if item.Kind != yaml.ScalarNode {
				f.fail("%s: %s: an item is no %s", f.at(item), key, typeText)
				return "", false
			}
			items[i] = item.Value
		}
		return strings.Join(items, ","), true
	}
	f.fail("%s: %s: write one %s", f.at(v), key, o.Type)
	return "", false
}

// find returns the option called key, or, for key "X_file", the secret X.
func find[T any](table []option[T], key string) (o option[T], fromFile, ok bool) {
	for _, o := range table {
		if o.Key == key {
			return o, false, true
		}
		if o.Key+"_file" == key && o.public().Secret() {
			return o, true, true
		}
	}
	return o, false, false
}

func isGroup[T any](table []option[T], key string) bool {
	for _, o := range table {
		if strings.HasPrefix(o.Key, key+".") {
			return true
		}
	}
	return false
}

// suggest returns `; did you mean "listen"?` for the known key that is nearest,
// or nothing where none is near.
func suggest[T any](key string, table []option[T], collections map[string]func(string, *yaml.Node)) string {
	known := make([]string, 0, len(table)+len(collections))
	for _, o := range table {
		known = append(known, o.Key)
		if group, _, ok := strings.Cut(o.Key, "."); ok {
			known = append(known, group)
		}
	}
	for name := range collections {
		known = append(known, name)
	}
	sort.Strings(known)
	best, distance := "", 1+len(key)/3
	for _, k := range known {
		if d := levenshtein.ComputeDistance(key, k); d <= distance && (best == "" || d < distance) {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
