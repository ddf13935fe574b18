package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// listed is what `go list -json` says of one package.
type listed struct {
	ImportPath, Name, Dir string
	GoFiles, CgoFiles     []string
	IgnoredGoFiles        []string
	Imports               []string
}

// packages lists every package of the module.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Name,Dir,GoFiles,CgoFiles,IgnoredGoFiles,Imports", "./...")
	cmd.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			if len(all) == 0 {
				t.Fatal("go list found no package: nothing would be checked")
			}
			return all
		case err != nil:
			t.Fatalf("read what go list wrote: %v", err)
		}
		all = append(all, p)
	}
}

// sources reads the Go files of a package, tests left out.
func (p listed) sources(t *testing.T) []sourceFile {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	var files []sourceFile
	for _, names := range [][]string{p.GoFiles, p.CgoFiles, p.IgnoredGoFiles} {
		for _, name := range names {
			path := filepath.Join(p.Dir, name)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if rel, err := filepath.Rel(root, path); err == nil {
				path = rel
			}
			files = append(files, sourceFile{path, text})
		}
	}
	return files
}

func report(t *testing.T, wrong []string) {
	t.Helper()
	for _, w := range wrong {
		t.Error(w)
	}
}

func TestRoomsImportOnlyDownward(t *testing.T) {
	t.Parallel()
	graph := map[string][]string{}
	for _, p := range packages(t) {
		graph[p.ImportPath] = p.Imports
	}
	report(t, checkImports(graph))
}

func TestFoldersAreAllNamedByNouns(t *testing.T) {
	t.Parallel()
	var folders []string
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); name == "node_modules" || len(name) > 2 && name[0] == '.' {
			return fs.SkipDir
		}
		folders = append(folders, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	report(t, checkNames(folders))
}

func TestFilesAndFunctionsCanBeReadAtOnce(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		wrong, err := checkLengths(p.sources(t))
		if err != nil {
			t.Error(err)
		}
		report(t, wrong)
	}
}

// TOOL-10
func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		files := p.sources(t)
		if len(files) == 0 {
			continue // only tests
		}
		wrong, err := checkPackageComment(p.ImportPath, p.Name, files)
		if err != nil {
			t.Error(err)
		}
		report(t, wrong)
	}
}
