package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// notRooms are folders whose packages nobody imports.
var notRooms = []string{"cmd", "docs", "test", "ui", "bin"}

// packagePages writes one page for each package that others may import: its
// comment and every exported name with its own.
func packagePages(root string) (pages, error) {
	folders, err := goFolders(root)
	if err != nil {
		return nil, err
	}
	made := pages{}
	var errs []error
	for folder, files := range folders {
		page, err := packagePage(folder, files)
		errs = append(errs, err)
		if page != "" {
			made["packages/"+strings.ReplaceAll(folder, "/", "-")+".md"] = page
		}
	}
	return made, errors.Join(errs...)
}

// goFolders returns the Go files, tests left out, of every folder that holds a
// package for others, by the folder's path below root.
func goFolders(root string) (map[string][]string, error) {
	folders := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return fmt.Errorf("name %s: %w", path, err)
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if slices.Contains(notRooms, rel) || rel != "." && strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		if folder := filepath.ToSlash(filepath.Dir(rel)); folder != "." && strings.HasSuffix(rel, ".go") && !strings.HasSuffix(rel, "_test.go") {
			folders[folder] = append(folders[folder], path)
		}
		return nil
	})
	return folders, err
}

// packagePage describes one package. Exported names without a comment are errors.
func packagePage(folder string, files []string) (string, error) {
	set := token.NewFileSet()
	var trees []*ast.File
	slices.Sort(files)
	for _, file := range files {
		tree, err := parser.ParseFile(set, file, nil, parser.ParseComments)
		if err != nil {
			return "", fmt.Errorf("parse: %w", err)
		}
		trees = append(trees, tree)
	}
	p, err := doc.NewFromFiles(set, trees, "yagura/"+folder)
	if err != nil {
		return "", fmt.Errorf("read the comments of %s: %w", folder, err)
	}
	if p.Name == "main" {
		return "", nil
	}
	w := &packageWriter{set: set, p: p, folder: folder}
	if strings.TrimSpace(p.Doc) == "" {
		w.missing("package " + p.Name)
	}
	fmt.Fprintf(&w.b, "# %s\n\n", folder)
	w.text(p.Doc)
	w.values("", p.Consts)
	w.values("", p.Vars)
	w.funcs("", p.Funcs)
	for _, t := range p.Types {
		fmt.Fprintf(&w.b, "## type %s\n\n", t.Name)
		w.declaration(t.Decl)
		w.comment("type "+t.Name, t.Doc)
		w.values(t.Name, t.Consts)
		w.values(t.Name, t.Vars)
		w.funcs(t.Name, t.Funcs)
		w.funcs(t.Name, t.Methods)
	}
	return w.b.String(), errors.Join(w.errs...)
}

// packageWriter writes one package's page.
type packageWriter struct {
	b      bytes.Buffer
	set    *token.FileSet
	p      *doc.Package
	folder string
	errs   []error
}

func (w *packageWriter) missing(what string) {
	w.errs = append(w.errs, fmt.Errorf("%s: %s has no comment that says what it is for", w.folder, what))
}

func (w *packageWriter) text(s string) {
	if s = strings.TrimSpace(s); s != "" {
		pr := w.p.Printer()
		pr.HeadingLevel = 4
		w.b.Write(pr.Markdown(w.p.Parser().Parse(s)))
		w.b.WriteString("\n")
	}
}

func (w *packageWriter) comment(what, s string) {
	if strings.TrimSpace(s) == "" {
		w.missing(what)
	}
	w.text(s)
}

// declaration writes a declaration without a function's body and without its
// comment, which stands below as text.
func (w *packageWriter) declaration(decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		bare := *d
		bare.Doc, bare.Body = nil, nil
		decl = &bare
	case *ast.GenDecl:
		bare := *d
		bare.Doc = nil
		decl = &bare
	}
	var b bytes.Buffer
	if err := format.Node(&b, w.set, decl); err != nil {
		w.errs = append(w.errs, fmt.Errorf("%s: print a declaration: %w", w.folder, err))
	}
	fmt.Fprintf(&w.b, "```go\n%s\n```\n\n", bytes.TrimSpace(b.Bytes()))
}

// values writes groups of constants or variables. A group's comment counts for
// all of its names, as does one beside or above each.
func (w *packageWriter) values(owner string, groups []*doc.Value) {
	for _, v := range groups {
		for _, spec := range v.Decl.Specs {
			s, ok := spec.(*ast.ValueSpec)
			if ok && v.Doc == "" && s.Doc.Text() == "" && s.Comment.Text() == "" {
				w.missing(qualified(owner, strings.Join(v.Names, ", ")))
			}
		}
		w.declaration(v.Decl)
		w.text(v.Doc)
	}
}

func (w *packageWriter) funcs(owner string, funcs []*doc.Func) {
	for _, f := range funcs {
		fmt.Fprintf(&w.b, "### func %s\n\n", qualified(owner, f.Name))
		w.declaration(f.Decl)
		w.comment("func "+qualified(owner, f.Name), f.Doc)
	}
}

func qualified(owner, name string) string {
	if owner == "" {
		return name
	}
	return owner + "." + name
}
