package flexpay

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/passerelle-pay/passerelle/money"
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
		f.Add("application/json", text)
	}
	for _, odd := range []string{"", "null", "[]", `{"code":0,}`, "code=0&reference=P1", "code=%zz", "<html>", "\xff\x00"} {
		f.Add("application/x-www-form-urlencoded", []byte(odd))
	}
}

func FuzzBodies(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(_ *testing.T, contentType string, body []byte) {
		if c, err := ParseCallback(contentType, body); err == nil {
			_ = c.Succeeded()
		}
		_, _ = jsonParams(body)
		_, _ = formParams(body)
		_ = withoutBearer(string(body))
	})
}

func FuzzAmounts(f *testing.F) {
	for _, seed := range []string{"2000", "2000.0", "12.55", "0", "-1", "1e3", "99999999999999999999", " 5", "5.", "٥"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range []money.Currency{money.CDF, money.USD} {
			a, err := readAmount(text, c)
			if err != nil {
				continue
			}
			if again, err := readAmount(decimalText(a), c); err != nil || again != a || !a.IsPositive() {
				t.Errorf("%q is %v, written %s and read again as %v, %v", text, a, decimalText(a), again, err)
			}
		}
	})
}
