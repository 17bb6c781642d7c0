package mypayga

import (
	"bytes"
	"net/http/httptest"
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
		f.Add("application/json", text)
	}
	f.Add("application/json", []byte(`{"hash":"00","orderStatus":200,"unique_id":"P1","amount":"500","currency":"CFA","client_phone":"074000100"}`))
	for _, odd := range []string{"", "null", "[]", "order_status=200&hash=&unique_id=P1", "a=%zz", "\xff\x00", `{"amount":1e999}`} {
		f.Add("application/x-www-form-urlencoded", []byte(odd))
	}
}

// FuzzCallbacks holds that no callback verifies that was not signed, and that
// only amounts that can be money are believed of those that were.
func FuzzCallbacks(f *testing.F) {
	addVectors(f)
	const key = "a-key-that-nobody-has"
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		r := httptest.NewRequest("POST", "/hooks/mypayga/x", bytes.NewReader(body))
		r.Header["Content-Type"] = []string{contentType}
		callback, err := ReadCallback(r)
		if err != nil {
			return
		}
		if callback.Verify(key) || callback.Verify("") {
			t.Errorf("%q verifies", body)
		}
		callback.Hash = callback.Sign(key)
		if !callback.Verify(key) {
			t.Errorf("%q does not verify with its own hash", body)
		}
		_ = currencyOfCallback(callback)
	})
}
