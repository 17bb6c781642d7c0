package archtest

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// providerNames stand here besides those found as folders, so that a name
// cannot settle elsewhere before its folder exists.
var providerNames = []string{"cinetpay", "flexpay", "komipay", "mypayga", "mypvit"}

func TestTheSourceKeepsItsRules(t *testing.T) {
	source, err := readTree(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if len(source.files) < 10 {
		t.Fatalf("only %d Go files found: the rules would hold of anything", len(source.files))
	}
	for name, check := range map[string]func(*tree) []string{
		"a package imports only packages listed above it": checkLayout,
		"domain and providers stay free of the core":      checkBans,
		"production code links no test support":           checkTestSupport,
		"no provider is named outside its folder": func(t *tree) []string {
			return checkNames(t, providerNames)
		},
		"files stay short":                  checkSizes,
		"every package has its comment":     checkComments,
		"packages have names that say what": checkPackageNames,
	} {
		t.Run(name, func(t *testing.T) {
			for _, broken := range check(source) {
				t.Error(broken)
			}
		})
	}
}

// TestTheMadeUpProviderIsNamedInItsFolderAlone holds for it what holds for all:
// the list that a test adds it to is a test's own.
func TestTheMadeUpProviderIsNamedInItsFolderAlone(t *testing.T) {
	const folder, name = "provider/providertest/lemurpay", "lemurpay"
	source, err := readTree(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, f := range source.files {
		if f.pkg == folder {
			found = true
			continue
		}
		for _, w := range f.words {
			if !f.test && strings.Contains(strings.ToLower(w.text), name) {
				t.Errorf("%s:%d names it", f.path, w.line)
			}
		}
	}
	for _, f := range source.texts {
		if strings.Contains(strings.ToLower(f.text), name) {
			t.Errorf("%s names it", f.path)
		}
	}
	if !found {
		t.Errorf("%s is gone", folder)
	}
}

// TestTheLayoutListsFoldersThatExist keeps one that is gone from standing in the
// layout as a place for anything.
func TestTheLayoutListsFoldersThatExist(t *testing.T) {
	for _, l := range layout {
		if found, err := fs.Glob(os.DirFS("../.."), l.path); err != nil || len(found) == 0 {
			t.Errorf("the layout lists %s, which is not there", l.path)
		}
	}
}

// row is one of the table of packages in docs/architecture.md, and a name in it.
var (
	row     = regexp.MustCompile("(?m)^\\| (`[^|]+`) \\|")
	rowName = regexp.MustCompile("`([^`]+)`")
)

// TestTheDocumentedOrderIsThatOfTheImports holds docs/architecture.md to its
// word that a package imports only packages above it.
func TestTheDocumentedOrderIsThatOfTheImports(t *testing.T) {
	text, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []layer
	for _, line := range row.FindAllStringSubmatch(string(text), -1) {
		for _, name := range rowName.FindAllStringSubmatch(line[1], -1) {
			documented = append(documented, layer{path: strings.Replace(name[1], "<name>", "*", 1)})
		}
	}
	if len(documented) < 20 {
		t.Fatalf("only %d packages are documented", len(documented))
	}
	at := func(pkg string) int {
		exact := slices.IndexFunc(documented, func(l layer) bool { return l.path == pkg })
		if exact >= 0 {
			return exact
		}
		return slices.IndexFunc(documented, func(l layer) bool { return l.path == path.Dir(pkg)+"/*" })
	}
	source, err := readTree(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range source.files {
		from := at(f.pkg)
		if f.test || from < 0 {
			continue
		}
		for _, imported := range f.imports {
			pkg, ours := source.own(imported)
			if to := at(pkg); ours && pkg != f.pkg && to >= from {
				t.Errorf("%s imports %s, which docs/architecture.md does not list above it", f.path, pkg)
			}
		}
	}
}
