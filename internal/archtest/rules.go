package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// ban keeps imports out of a part of the tree.
type ban struct {
	packages []string // each itself and, with /..., all under it
	imports  []string // likewise; a leading ./ is this module's root
	why      string
}

var bans = []ban{
	{
		packages: []string{"money", "phone", "pay"},
		imports:  []string{"net/http/...", "database/sql/..."},
		why:      "values and domain are the same over any wire and in any store",
	},
	{
		packages: []string{"provider/..."},
		imports:  []string{"./internal/..."},
		why:      "providers are public: others build on their clients, and reach the gateway through provider.Gateway alone",
	},
	{
		packages: []string{"provider/..."},
		imports:  []string{"database/sql/...", "github.com/jackc/pgx/v5/...", "modernc.org/sqlite/..."},
		why:      "what a provider remembers lies in the port's keyed store, so that no migration names a provider",
	},
	{
		packages: []string{"client/..."},
		imports:  []string{"./internal/...", "./provider/..."},
		why:      "a merchant's program links the client alone",
	},
}

// checkBans applies to tests as well: a test that needs the core belongs in
// e2e, where everything may be built.
func checkBans(t *tree) []string {
	var broken []string
	for _, f := range t.files {
		for _, b := range bans {
			if !matchesAny(b.packages, f.pkg) {
				continue
			}
			for _, imported := range f.imports {
				if pkg, ours := t.own(imported); ours {
					imported = "./" + pkg
				}
				if matchesAny(b.imports, imported) {
					broken = append(broken, fmt.Sprintf("%s: %s imports %s: %s", f.path, f.pkg, strings.TrimPrefix(imported, "./"), b.why))
				}
			}
		}
	}
	return broken
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		prefix, subtree := strings.CutSuffix(pattern, "/...")
		return name == prefix || subtree && strings.HasPrefix(name, prefix+"/")
	})
}

// checkTestSupport keeps package testing and what is built on it out of the
// binary. End-to-end tests are not in it.
func checkTestSupport(t *tree) []string {
	var broken []string
	for _, f := range t.files {
		if f.test || isTestSupport(f.pkg) || matchesAny([]string{"e2e/..."}, f.pkg) {
			continue
		}
		for _, imported := range f.imports {
			pkg, ours := t.own(imported)
			if imported == "testing" || strings.HasPrefix(imported, "testing/") || ours && isTestSupport(pkg) {
				broken = append(broken, fmt.Sprintf("%s: production code imports %s: test support is no part of the binary", f.path, imported))
			}
		}
	}
	return broken
}

// exception lets part of the tree name providers.
type exception struct {
	path string // a file, or a folder with /...
	why  string
}

// mayName lists who may name a provider outside the provider's folder. Tests
// may without being listed: they quote providers' documents.
var mayName = []exception{
	{"provider/all/...", "the explicit list of providers is what this package is"},
	{"e2e/fieldtest/...", "it is part of tests, and its accounts are what the providers' documents publish"},
	{"internal/bench/...", "the benchmark plays one real provider's server, so that the connector it measures is one that ships"},
}

// checkNames reports a provider's name in Go identifiers and strings, in SQL
// and in templates. Comments may give examples.
func checkNames(t *tree, names []string) []string {
	names = append(t.providers(), names...)
	slices.Sort(names)
	names = slices.Compact(names)
	var broken []string
	report := func(file string, line int, name string) {
		broken = append(broken, fmt.Sprintf("%s:%d: names the provider %s: a new provider is one folder and one line in provider/all, so nothing else knows any by name; put what differs into its descriptor", file, line, name))
	}
	for _, f := range t.files {
		if f.test {
			continue
		}
		for _, w := range f.words {
			if name := foreignName(f.path, w.text, names); name != "" {
				report(f.path, w.line, name)
			}
		}
	}
	for _, f := range t.texts {
		for i, line := range strings.Split(f.text, "\n") {
			if name := foreignName(f.path, line, names); name != "" {
				report(f.path, i+1, name)
			}
		}
	}
	return broken
}

// foreignName returns the provider that a text in a file names and must not.
func foreignName(file, text string, names []string) string {
	lower := strings.ToLower(text)
	for _, name := range names {
		if !strings.Contains(lower, name) || matchesAny([]string{"provider/" + name + "/..."}, file) {
			continue
		}
		if !slices.ContainsFunc(mayName, func(e exception) bool { return matchesAny([]string{e.path}, file) }) {
			return name
		}
	}
	return ""
}

// maxLines is where a file stops being one room with one purpose.
const maxLines = 500

func checkSizes(t *tree) []string {
	var broken []string
	for _, f := range t.files {
		if f.lines > maxLines && !f.test && !f.generated {
			broken = append(broken, fmt.Sprintf("%s: %d lines, over %d: a file is one topic; split it by operation", f.path, f.lines, maxLines))
		}
	}
	return broken
}

// checkComments wants a package comment from every package that people write.
func checkComments(t *tree) []string {
	var broken []string
	for pkg, files := range t.packages() {
		written := func(f goFile) bool { return !f.generated }
		opens := func(f goFile) bool {
			return strings.HasPrefix(f.doc, "Package "+f.name+" ") || f.name == "main" && strings.HasPrefix(f.doc, "Command "+path.Base(pkg)+" ")
		}
		if slices.ContainsFunc(files, written) && !slices.ContainsFunc(files, opens) {
			broken = append(broken, fmt.Sprintf("%s: no package comment: it tells a reader what the package is for and where to start", pkg))
		}
	}
	slices.Sort(broken)
	return broken
}

// vagueNames say nothing about what is inside, so everything ends up inside.
var vagueNames = []string{"base", "common", "helper", "helpers", "misc", "pkg", "shared", "util", "utils"}

func checkPackageNames(t *tree) []string {
	var broken []string
	for pkg := range t.packages() {
		if slices.Contains(vagueNames, path.Base(pkg)) {
			broken = append(broken, fmt.Sprintf("%s: a package is named for what it provides", pkg))
		}
	}
	slices.Sort(broken)
	return broken
}
