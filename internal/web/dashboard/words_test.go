package dashboard

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/pay"
)

func TestEveryTextIsInBothLanguages(t *testing.T) {
	seen := map[string]bool{}
	for _, table := range tables {
		for key, both := range table {
			if both[0] == "" || both[1] == "" {
				t.Errorf("%s is %q", key, both)
			}
			if seen[key] {
				t.Errorf("%s stands in two tables", key)
			}
			seen[key] = true
		}
	}
	for _, s := range gateway.AllScopes() {
		if french["scope."+string(s)] == "" {
			t.Errorf("scope %s has no text", s)
		}
	}
	for _, s := range pay.Statuses() {
		if french["status."+string(s)] == "" {
			t.Errorf("status %s has no text", s)
		}
	}
}

func TestTemplatesUseTextsThatExist(t *testing.T) {
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	uses := regexp.MustCompile(`\.T\.(\w+)|index \$?\.T "([^"]+)"`)
	found := 0
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range uses.FindAllStringSubmatch(string(text), -1) {
			found++
			if key := m[1] + m[2]; french[key] == "" {
				t.Errorf("%s uses %q, which has no text", name, key)
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d uses found: the pattern is wrong", found)
	}
}

func TestAQRCodeHasItsQuietZone(t *testing.T) {
	svg, err := picture("https://pay.example/pay/x")
	if err != nil {
		t.Fatal(err)
	}
	// The finder patterns begin four modules inside (ISO/IEC 18004).
	if !strings.Contains(string(svg), `d="M4 4h7v1h-7z`) {
		t.Errorf("%.200s", svg)
	}
}
