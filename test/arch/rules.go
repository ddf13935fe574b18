// Package arch holds the house's rules about itself, so that they do not
// wear away: which room may import which, that every package says what it is
// for, how rooms are called and how long files and functions may grow. The rules
// are checked by its tests; they are code of their own so that the checks can be
// shown to fail.
package arch

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// module is the module's path; packages below it are rooms.
const module = "yagura"

// rows are the rooms in the order that imports may take: a room imports rooms
// of rows above its own (written before it) and none of its own row or below.
var rows = [][]string{
	{"fault"},
	{"alert", "evidence"},
	{"source", "group", "ticket", "runbook", "auth", "policy"},
	{"mcp"},
	{"intake", "logs", "llm", "tool", "notify"},
	{"store"},
	{"job"},
	{"desk"},
	{"collect"},
	{"pipeline", "investigate", "report"},
	{"ui"},
	{"web", "slack", "mcpserver"},
	{"app"},
	{"cmd"},
}

// apart are rooms that know only the API, so that they can be used and tested
// against any server: what each may import of ours. Only cmd imports them.
var apart = map[string][]string{
	"client": {},
	"cli":    {"client"},
}

// outside are folders that are no rooms: they may import every room, and no room
// imports them.
var outside = []string{"test", "docs"}

// banned are names of folders that say nothing about what is inside.
var banned = []string{"utils", "util", "common", "helpers", "helper", "models", "model", "services", "service", "pkg", "internal", "misc"}

// Limits on the length of what one has to read at once, in lines.
const (
	maxFileLines     = 500
	maxFunctionLines = 80
)

// room returns the first part of a package's path below the module: "intake" for
// "yagura/intake/guardduty". It is empty for packages that are not ours.
func room(pkg string) string {
	rest, ours := strings.CutPrefix(pkg, module+"/")
	if !ours {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// row returns the place of a room in rows, or -1.
func row(name string) int {
	return slices.IndexFunc(rows, func(r []string) bool { return slices.Contains(r, name) })
}

// checkImports returns what is wrong with the imports of a graph: package →
// packages it imports, tests left out.
func checkImports(graph map[string][]string) []string {
	var wrong []string
	for pkg, imports := range graph {
		from := room(pkg)
		switch {
		case from == "" || slices.Contains(outside, from):
			continue
		case row(from) < 0 && apart[from] == nil:
			wrong = append(wrong, fmt.Sprintf("%s: %s is no room of DESIGN §5; give it a row in test/arch/rules.go and a decision record", pkg, from))
			continue
		}
		for _, target := range imports {
			if to := room(target); to != "" && !allowed(pkg, target, from, to) {
				wrong = append(wrong, fmt.Sprintf("%s imports %s: imports go strictly downward, and rooms of one row never import each other", pkg, target))
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

func allowed(pkg, target, from, to string) bool {
	switch {
	case from == to: // a plugin and its interface; plugins never know each other
		return from == "cmd" || isInterfaceOf(pkg, target) || isInterfaceOf(target, pkg)
	case apart[from] != nil:
		return slices.Contains(apart[from], to)
	case apart[to] != nil:
		return from == "cmd"
	case from == "alert" && to == "evidence" || from == "evidence" && to == "alert":
		return false
	}
	return row(to) >= 0 && row(to) < row(from)
}

// isInterfaceOf reports whether room is the folder that plugin stands in.
func isInterfaceOf(plugin, room string) bool { return strings.HasPrefix(plugin, room+"/") }

// checkNames returns the folders whose names are banned.
func checkNames(folders []string) []string {
	var wrong []string
	for _, folder := range folders {
		if name := path.Base(folder); slices.Contains(banned, name) {
			wrong = append(wrong, fmt.Sprintf("%s: %q says nothing about what is inside; name it by a noun of the glossary", folder, name))
		}
	}
	return wrong
}
