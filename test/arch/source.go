package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// sourceFile is one Go file with its name as people know it.
type sourceFile struct {
	name string // path below the repository's root
	text []byte
}

// checkLengths returns the files and functions that are longer than one reads
// at once. Generated files and tests are not meant.
func checkLengths(files []sourceFile) ([]string, error) {
	var wrong []string
	for _, f := range files {
		if strings.HasSuffix(f.name, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, f.name, f.text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", f.name, err)
		}
		if ast.IsGenerated(tree) {
			continue
		}
		if n := set.File(tree.Pos()).LineCount(); n > maxFileLines {
			wrong = append(wrong, fmt.Sprintf("%s has %d lines, over %d: part it by concept", f.name, n, maxFileLines))
		}
		for _, d := range tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			if n := set.Position(fn.End()).Line - set.Position(fn.Pos()).Line + 1; n > maxFunctionLines {
				wrong = append(wrong, fmt.Sprintf("%s: func %s has %d lines, over %d", set.Position(fn.Pos()), fn.Name.Name, n, maxFunctionLines))
			}
		}
	}
	return wrong, nil
}

// checkPackageComment returns what is wrong with a package's doc comments: there
// is one, it begins as go doc expects, and it says more than the name.
func checkPackageComment(path, name string, files []sourceFile) ([]string, error) {
	var comments []string
	for _, f := range files {
		if strings.HasSuffix(f.name, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f.name, f.text, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", f.name, err)
		}
		if text := strings.TrimSpace(tree.Doc.Text()); text != "" {
			comments = append(comments, text)
		}
	}
	switch {
	case len(comments) == 0:
		return []string{path + ": no file says what the package is for and why"}, nil
	case len(comments) > 1:
		return []string{fmt.Sprintf("%s: %d files have a package comment; keep one", path, len(comments))}, nil
	case !strings.HasPrefix(comments[0], "Package "+name+" ") && name != "main":
		return []string{fmt.Sprintf("%s: its comment does not begin with %q", path, "Package "+name)}, nil
	case len(strings.Fields(comments[0])) < 10:
		return []string{path + ": its comment says no more than its name; say what it is for and why"}, nil
	}
	return nil, nil
}
