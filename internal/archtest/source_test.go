package archtest

import (
	"os"
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
