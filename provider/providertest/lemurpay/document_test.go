package lemurpay_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the module's, from this folder.
const root = "../../.."

// excerpt is one of the document: the file's name, a path from the root unless
// it is in this folder, and its lines.
var excerpt = regexp.MustCompile("(?s)(?:<!-- (\\S+) -->\n)?```go\n(.*?)```")

func TestTheExcerptsOfTheDocumentAreTheFilesOwn(t *testing.T) {
	document, err := os.ReadFile(filepath.Join(root, "docs", "adding-a-provider.md"))
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, m := range excerpt.FindAllStringSubmatch(string(document), -1) {
		name, lines := m[1], m[2]
		if name == "" {
			t.Errorf("no file is named before the excerpt\n%s", lines)
			continue
		}
		shown[name] = true
		path := name
		if strings.Contains(name, "/") {
			path = filepath.Join(root, name)
		}
		source, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.Contains("\n"+string(source), "\n"+lines) {
			t.Errorf("%s does not have\n%s", name, lines)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if name != "document_test.go" && !shown[name] {
			t.Errorf("the document shows nothing of %s", name)
		}
	}
}
