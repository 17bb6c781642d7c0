package api

import (
	"encoding/base64"
	"testing"
)

func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "cGF5XzE", "cGF5XzE=", "!", "JSBPUiAxPTE", "////", base64.RawURLEncoding.EncodeToString([]byte("pay_dem0000001m7yn9rfavk85e5sedn27zy06"))} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		key, err := Page{Cursor: cursor}.after()
		if err == nil && key != "" && !plainKey.MatchString(key) {
			t.Errorf("%q leads to %q", cursor, key)
		}
		if _, err := (Page{Cursor: cursor}).before(); (err == nil) != (key != "" || cursor == "") {
			t.Errorf("%q: %v", cursor, err)
		}
	})
}
