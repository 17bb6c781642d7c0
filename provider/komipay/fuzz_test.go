package komipay

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// addVectors seeds a target with the provider's published examples.
func addVectors(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no examples: %v", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, odd := range []string{"", "null", "[]", "{", `{"reference":1}`, `{"a":{"b":[1e999]}}`, "a=1&b=%zz", "\xff\x00", "reference_transaction=KP-1&reference_externe=P1"} {
		f.Add([]byte(odd))
	}
}

func FuzzCipher(f *testing.F) {
	for _, seed := range []string{"", "482", "4000000000000002", "AAECAwQFBgcICQoLDA0OD2ZnVkJzNVBvMWplMWpVQkNPVFpTVmc9PQ==", strings.Repeat("A", 200), "=", "éé"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if plain, err := demoCipherKey.decrypt(text); err != nil && (plain != "" || len(text) > 5 && strings.Contains(err.Error(), text)) {
			t.Errorf("decrypt(%q) = %q, %v", text, plain, err)
		}
		sealed, err := demoCipherKey.encrypt(text)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := demoCipherKey.decrypt(sealed); err != nil || plain != text {
			t.Errorf("%q came back as %q, %v", text, plain, err)
		}
	})
}

func FuzzBodies(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _, _ = notifiedReferences(body)
		_, _ = readAnswer(200, body)
		_, _ = readAnswer(502, body)
		read, err := parseFields(body)
		if err != nil {
			return
		}
		for name, raw := range read {
			_, _ = read.raw(name), read.string(name)
			if a, err := parseAmount(json.RawMessage(raw)); err == nil && !a.IsPositive() {
				t.Errorf("%s = %s is taken for an amount of %v", name, raw, a)
			}
		}
	})
}
