package cinetpay

import (
	"os"
	"path/filepath"
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
		f.Add(text, "")
	}
	for _, odd := range []string{"", "null", `{"amount":1e999,}`, "cpm_trans_id=P1&cpm_site_id=1", "a:=1&b=%zz", "\xff\x00"} {
		f.Add([]byte(odd), "0123456789abcdef")
	}
}

// FuzzNotifications holds that no notification verifies that was not signed, and
// that a signed one does whatever it says.
func FuzzNotifications(f *testing.F) {
	addVectors(f)
	const key = "a-key-that-nobody-has"
	f.Fuzz(func(t *testing.T, body []byte, token string) {
		for _, read := range []func([]byte) (params, error){formParams, jsonParams} {
			p, err := read(body)
			if err != nil {
				continue
			}
			_, _ = readPayment(p)
			_, _ = readCredentials(p), readLookup(p)
			_, _ = transferNotification(p)
			n := readNotification(p)
			if n.Verify(key, token) {
				t.Errorf("%q verifies with token %q", body, token)
			}
			if !n.Verify(key, n.XToken(key)) {
				t.Errorf("%q does not verify with its own token", body)
			}
		}
	})
}
