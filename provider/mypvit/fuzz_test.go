package mypvit

import (
	"os"
	"path/filepath"
	"testing"
)

// addVectors seeds a target with the provider's published examples.
func addVectors(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("testdata/*.*")
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
	for _, odd := range []string{
		"", "null", "[]", "{", `{"amount":1e999}`, "<a>", "<a><b>1</b></a>", "<a><b><c/></b></a>", `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`,
		`<?xml version="1.0" encoding="utf-16"?><a/>`, `{"secret_key":"x"}`, "\xff\x00",
	} {
		f.Add([]byte(odd))
	}
}

func FuzzBodies(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, media := range []string{mediaJSON, mediaXML} {
			if read, err := decodeFields(media, body); err == nil && read == nil {
				t.Errorf("%s read as nothing without an error", media)
			}
			callback, err := ParseCallback(media, body)
			if err != nil {
				continue
			}
			n, err := callbackNotification(media, callback)
			if err == nil && (n.Verified || n.Reference == "" && n.ProviderReference == "") {
				t.Errorf("a callback is taken for %+v", n)
			}
		}
		_, _ = parseSecret(body)
	})
}

func FuzzSenders(f *testing.F) {
	for _, seed := range []string{"", "192.0.2.1", "192.0.2.0/24, 2001:db8::/32", "::ffff:192.0.2.1", "192.0.2.1/33", "fe80::1%eth0"} {
		f.Add(seed, "192.0.2.1:443")
	}
	f.Fuzz(func(t *testing.T, list, sender string) {
		networks, err := parseSenders(list)
		if err == nil && len(networks) == 0 && inNetworks(networks, sender) {
			t.Errorf("an empty list holds %q", sender)
		}
	})
}
