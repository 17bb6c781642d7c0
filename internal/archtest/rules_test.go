package archtest

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestEachRuleFindsWhatItForbids holds the rules to made-up trees: a rule that
// finds nothing in the real source might find nothing anywhere.
func TestEachRuleFindsWhatItForbids(t *testing.T) {
	names := func(t *tree) []string { return checkNames(t, []string{"acmepay"}) }
	for _, c := range []struct {
		name  string
		check func(*tree) []string
		file  string
		src   string
		want  string // "" where the rule allows it
	}{
		{"an import down the layout", checkLayout, "internal/store/a.go", `import "m/internal/gateway"`, "keeps rows"},
		{"an import up the layout", checkLayout, "internal/gateway/a.go", `import "m/internal/store"`, ""},
		{"an import of a sibling", checkLayout, "provider/acmepay/a.go", `import "m/provider/otherpay"`, "complete by itself"},
		{"an import of the suite by a provider's test", checkLayout, "provider/acmepay/a_test.go", `import "m/provider/providertest"`, ""},
		{"an import of its own suite by a test", checkLayout, "internal/store/a_test.go", `import "m/internal/store/storetest"`, ""},
		{"an import down the layout by a test", checkLayout, "internal/store/a_test.go", `import "m/internal/gateway"`, "keeps rows"},
		{"a package outside the layout", checkLayout, "internal/queue/a.go", ``, "does not stand in the layout"},
		{"an import of a package outside the layout", checkLayout, "internal/store/a.go", `import "m/internal/queue"`, ""},
		{"HTTP in the domain", checkBans, "pay/a.go", `import "net/http"`, "any wire"},
		{"SQL in a value", checkBans, "money/a.go", `import "database/sql"`, "any store"},
		{"SQL in a provider", checkBans, "provider/acmepay/a.go", `import "database/sql/driver"`, "keyed store"},
		{"a database driver in a provider", checkBans, "provider/acmepay/a.go", `import "github.com/jackc/pgx/v5/stdlib"`, "keyed store"},
		{"HTTP in a provider", checkBans, "provider/acmepay/a.go", `import "net/http"`, ""},
		{"internals in a provider", checkBans, "provider/acmepay/a.go", `import "m/internal/secret"`, "providers are public"},
		{"internals in a provider's test", checkBans, "provider/acmepay/a_test.go", `import "m/internal/secret"`, "providers are public"},
		{"a provider in the client", checkBans, "client/a.go", `import "m/provider"`, "client alone"},
		{"package testing in production", checkTestSupport, "internal/api/a.go", `import "testing"`, "no part of the binary"},
		{"a suite in production", checkTestSupport, "internal/api/a.go", `import "m/internal/store/pgtest"`, "no part of the binary"},
		{"a made-up provider in production", checkTestSupport, "internal/api/a.go", `import "m/provider/providertest/acmepay"`, "no part of the binary"},
		{"a made-up provider in a test", checkLayout, "provider/otherpay/a_test.go", `import "m/provider/providertest/acmepay"`, ""},
		{"package testing in a suite", checkTestSupport, "internal/store/storetest/a.go", `import "testing"`, ""},
		{"a provider's name in a string", names, "internal/api/a.go", `const a = "go to AcmePay"`, "a.go:2: names the provider acmepay"},
		{"a provider's name in an identifier", names, "internal/app/a.go", `var fromAcmePay int`, "names the provider"},
		{"a provider's name in an import", names, "internal/app/a.go", `import "m/provider/acmepay"`, "names the provider"},
		{"a provider's name in a comment", names, "internal/api/a.go", `// AcmePay does so.`, ""},
		{"a provider's name in a test", names, "internal/api/a_test.go", `const a = "acmepay"`, ""},
		{"a provider's name in its folder", names, "provider/acmepay/a.go", `const a = "acmepay"`, ""},
		{"a provider's name in another's folder", names, "provider/otherpay/a.go", `const a = "acmepay"`, "names the provider"},
		{"a found provider's name", names, "provider/acmepay/a.go", `const a = "otherpay"`, "names the provider otherpay"},
		{"a provider's name in the list", names, "provider/all/a.go", `import "m/provider/acmepay"`, ""},
		{"a provider's name in SQL", names, "internal/store/migrations/1.sql", `CREATE TABLE acmepay_tokens ();`, "1.sql:1: names the provider"},
		{"a provider's name in a template", names, "internal/web/checkout/a.html", `<p>Acmepay</p>`, "names the provider"},
		{"a long file", checkSizes, "money/a.go", strings.Repeat("\n", maxLines), "one topic"},
		{"a long test", checkSizes, "money/a_test.go", strings.Repeat("\n", maxLines), ""},
		{"a package without a comment", checkComments, "phone/a.go", ``, "phone: no package comment"},
		{"a vague name", checkPackageNames, "internal/util/a.go", ``, "named for what it provides"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := c.src
			if strings.HasSuffix(c.file, ".go") {
				src = "package a\n" + c.src + "\n"
			}
			source := mustRead(t, fstest.MapFS{
				"go.mod":                    {Data: []byte("module m\n")},
				"provider/otherpay/base.go": {Data: []byte("package a\n")},
				c.file:                      {Data: []byte(src)},
			})
			var found []string
			for _, broken := range c.check(source) {
				if strings.HasPrefix(broken, c.file) || strings.HasPrefix(c.file, strings.SplitN(broken, ":", 2)[0]) {
					found = append(found, broken)
				}
			}
			switch {
			case c.want == "" && len(found) > 0:
				t.Errorf("found %q, want nothing", found)
			case c.want != "" && (len(found) != 1 || !strings.Contains(found[0], c.want)):
				t.Errorf("found %q, want one that says %q", found, c.want)
			}
		})
	}
}

func TestGeneratedCodeNeedsNoCommentAndMayBeLong(t *testing.T) {
	source := mustRead(t, fstest.MapFS{
		"go.mod": {Data: []byte("module m\n")},
		"internal/store/sqlgen/a.go": {Data: []byte(
			"// Code generated by sqlc. DO NOT EDIT.\n\npackage sqlgen\n" + strings.Repeat("\n", maxLines))},
	})
	if broken := slices.Concat(checkComments(source), checkSizes(source)); len(broken) > 0 {
		t.Errorf("found %q, want nothing", broken)
	}
}

func TestNestedModulesAndTestDataAreNotRead(t *testing.T) {
	broken := &fstest.MapFile{Data: []byte("not Go")}
	source := mustRead(t, fstest.MapFS{
		"go.mod":                       {Data: []byte("module m\n")},
		"tools/go.mod":                 {Data: []byte("module m/tools\n")},
		"tools/a.go":                   broken,
		"cmd/passerelle/testdata/a.go": broken,
		".cache/a.go":                  broken,
	})
	if len(source.files) > 0 {
		t.Errorf("read %v, want nothing", source.files)
	}
}

func TestTheLayoutNamesEachPackageOnceWithAReason(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range layout {
		if seen[l.path] {
			t.Errorf("%s stands twice", l.path)
		}
		if seen[l.path] = true; l.why == "" {
			t.Errorf("%s has no reason", l.path)
		}
	}
}

func mustRead(t *testing.T, fsys fstest.MapFS) *tree {
	t.Helper()
	source, err := readTree(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return source
}
