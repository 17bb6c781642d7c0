package secret

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

func TestRandomTextKeepsToItsAlphabetAndUsesAllOfIt(t *testing.T) {
	for name, tt := range map[string]struct {
		draw     func(int) string
		alphabet string
	}{
		"base62": {Random, digits + lower + upper},
		"lower":  {RandomLower, digits + lower},
		"upper":  {RandomUpper, digits + upper},
		"digits": {RandomDigits, digits},
	} {
		t.Run(name, func(t *testing.T) {
			text := tt.draw(20_000)
			if len(text) != 20_000 || strings.Trim(text, tt.alphabet) != "" {
				t.Fatalf("%d characters, some outside %s", len(text), tt.alphabet)
			}
			// 20,000 even draws stay within six standard deviations of the mean.
			mean := 20_000 / float64(len(tt.alphabet))
			for _, c := range tt.alphabet {
				if d := float64(strings.Count(text, string(c))) - mean; d*d > 36*mean {
					t.Errorf("%q is drawn %+.0f times off the mean %.0f", c, d, mean)
				}
			}
		})
	}
	if Random(0) != "" {
		t.Error("Random(0) must be empty")
	}
}

func TestAPIKeysCarryTheirPrefixAndMerchantAndAreStoredHashed(t *testing.T) {
	key := NewAPIKey("sk_test_", "a1b2")
	if !regexp.MustCompile(`^sk_test_a1b2[0-9A-Za-z]{32}$`).MatchString(key) {
		t.Errorf("NewAPIKey = %q", key)
	}
	if key == NewAPIKey("sk_test_", "a1b2") {
		t.Error("two keys are alike")
	}
	box := mustParse(t, entryOld)
	hash := box.HashAPIKey(key)
	if hash != box.HashAPIKey(key) || hash == box.HashAPIKey(key[:len(key)-1]) {
		t.Errorf("HashAPIKey = %q", hash)
	}
}

func TestANewKeyParses(t *testing.T) {
	one, two := NewKey(), NewKey()
	if one == two {
		t.Fatal("two keys are alike")
	}
	box := mustParse(t, one, two)
	if id, _, _ := strings.Cut(one, ":"); box.PrimaryKeyID() != id {
		t.Errorf("primary = %s, want %s", box.PrimaryKeyID(), id)
	}
}

func TestAKeyringFileIsMadeOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "keyring")
	hashes := make([]string, 8)
	var wg sync.WaitGroup
	for i := range hashes {
		wg.Go(func() {
			box, err := LoadOrCreateKeyring(path)
			if err != nil {
				t.Error(err)
				return
			}
			hashes[i] = box.Lookup("x", "test")
		})
	}
	wg.Wait()
	for _, hash := range hashes {
		if hash == "" || hash != hashes[0] {
			t.Fatal("starts at the same time got different keys")
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != fs.FileMode(0o600) {
		t.Errorf("mode = %v, %v; want 0600", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".keyring-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAKeyringFileThatOthersMayReadOrThatIsBrokenIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyring")
	write := func(text string, mode fs.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	write(entryOld, 0o640)
	if _, err := LoadOrCreateKeyring(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("readable by the group: %v", err)
	}
	write("half a k", 0o600)
	if _, err := LoadOrCreateKeyring(path); err == nil {
		t.Error("a broken file must be refused, not replaced")
	}
	if text, _ := os.ReadFile(path); string(text) != "half a k" {
		t.Error("a broken file was overwritten")
	}
}
