package app

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// ShowConfig writes a resolved configuration as its file would hold it, every key
// with its value. Secrets show only that they are there.
func ShowConfig(c Config) (string, error) {
	root := &yaml.Node{Kind: yaml.MappingNode}
	if c.File != "" {
		root.HeadComment = "resolved from " + c.File + ", the environment and flags"
	}
	for _, o := range configOptions {
		put(root, o.Key, written(o.field(&c)))
	}
	if len(c.Sources) > 0 {
		all := section(root, "sources")
		for _, w := range c.Sources {
			one := section(all, w.ID)
			for _, o := range sourceOptions {
				if _, ok := w.written[o.Key]; ok {
					put(one, o.Key, written(o.field(&w)))
				}
			}
		}
	}
	if len(c.Tools) > 0 {
		all := section(root, "tools")
		for _, w := range c.Tools {
			one := section(all, w.Name)
			for _, o := range toolOptions {
				put(one, o.Key, written(o.field(&w)))
			}
		}
	}
	var b strings.Builder
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return "", fmt.Errorf("writing the configuration: %w", err)
	}
	return b.String(), nil
}

// section returns the mapping below name, which it makes where it is not there.
func section(m *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == name {
			return m.Content[i+1]
		}
	}
	sub := &yaml.Node{Kind: yaml.MappingNode}
	m.Content = append(m.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, sub)
	return sub
}

// put writes a value under a dotted key.
func put(m *yaml.Node, key string, value *yaml.Node) {
	if group, rest, ok := strings.Cut(key, "."); ok {
		put(section(m, group), rest, value)
		return
	}
	m.Content = append(m.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
}

// written writes a field as the configuration's file takes it.
func written(field any) *yaml.Node {
	scalar := func(s string) *yaml.Node {
		n := &yaml.Node{Kind: yaml.ScalarNode, Value: s}
		if s == "" {
			n.Style = yaml.DoubleQuotedStyle
		}
		return n
	}
	switch f := field.(type) {
	case *string:
		return scalar(*f)
	case *Secret:
		return scalar(f.String())
	case *bool:
		if *f {
			return scalar("yes")
		}
		return scalar("no")
	case *float64:
		return scalar(strconv.FormatFloat(*f, 'f', -1, 64))
	case *int:
		return scalar(strconv.Itoa(*f))
	case *int64:
		if *f >= 1<<20 && *f%(1<<20) == 0 {
			return scalar(strconv.FormatInt(*f>>20, 10) + "MiB")
		}
		return scalar(strconv.FormatInt(*f, 10))
	case *time.Duration:
		return scalar(f.String())
	case *slog.Level:
		return scalar(strings.ToLower(f.String()))
	case *[]netip.Prefix:
		list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, p := range *f {
			list.Content = append(list.Content, scalar(p.String()))
		}
		return list
	}
	typeOf(field)
	return nil
}
