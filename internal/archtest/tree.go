package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// tree is the module's source, read once for all rules.
type tree struct {
	module string
	files  []goFile
	texts  []textFile
}

type goFile struct {
	path      string // from the module's root, with slashes
	pkg       string // the folder: path of the package within the module
	name      string // as declared
	imports   []string
	words     []word
	lines     int
	doc       string
	test      bool
	generated bool
}

// word is an identifier or a string literal.
type word struct {
	line int
	text string
}

// textFile is source that is not Go: SQL and templates.
type textFile struct {
	path string
	text string
}

// readTree reads the module at the root of fsys. It passes over test data,
// hidden folders and nested modules, which have a life of their own.
func readTree(fsys fs.FS) (*tree, error) {
	mod, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return nil, fmt.Errorf("read the module's path: %w", err)
	}
	first, _, _ := strings.Cut(string(mod), "\n")
	t := &tree{module: strings.TrimSpace(strings.TrimPrefix(first, "module "))}
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if passedOver(fsys, name) {
				return fs.SkipDir
			}
			return nil
		}
		return t.add(fsys, name)
	})
	if err != nil {
		return nil, fmt.Errorf("read the source: %w", err)
	}
	return t, nil
}

func passedOver(fsys fs.FS, dir string) bool {
	if dir == "." {
		return false
	}
	base := path.Base(dir)
	if base == "testdata" || base == "bin" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return true
	}
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return err == nil
}

func (t *tree) add(fsys fs.FS, name string) error {
	ext := path.Ext(name)
	if ext != ".go" && !slices.Contains([]string{".sql", ".html", ".tmpl"}, ext) {
		return nil
	}
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	if ext != ".go" {
		t.texts = append(t.texts, textFile{path: name, text: string(src)})
		return nil
	}
	f, err := readGo(name, src)
	if err != nil {
		return err
	}
	t.files = append(t.files, f)
	return nil
}

func readGo(name string, src []byte) (goFile, error) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return goFile{}, err
	}
	f := goFile{
		path:      name,
		pkg:       path.Dir(name),
		name:      parsed.Name.Name,
		lines:     bytes.Count(src, []byte("\n")),
		doc:       parsed.Doc.Text(),
		test:      strings.HasSuffix(name, "_test.go"),
		generated: ast.IsGenerated(parsed),
	}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return goFile{}, fmt.Errorf("read an import of %s: %w", name, err)
		}
		f.imports = append(f.imports, imported)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			f.words = append(f.words, word{set.Position(n.Pos()).Line, n.Name})
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				f.words = append(f.words, word{set.Position(n.Pos()).Line, n.Value})
			}
		}
		return true
	})
	return f, nil
}

// own tells whether an import path is this module's, and its folder.
func (t *tree) own(imported string) (pkg string, ok bool) {
	if imported == t.module {
		return ".", true
	}
	return strings.CutPrefix(imported, t.module+"/")
}

// packages returns the files of each package.
func (t *tree) packages() map[string][]goFile {
	m := map[string][]goFile{}
	for _, f := range t.files {
		m[f.pkg] = append(m[f.pkg], f)
	}
	return m
}

// providers returns the folders under provider/ that hold a provider.
func (t *tree) providers() []string {
	var names []string
	for _, f := range t.files {
		if path.Dir(f.pkg) != "provider" || isTestSupport(f.pkg) || f.pkg == "provider/all" {
			continue
		}
		if name := path.Base(f.pkg); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
