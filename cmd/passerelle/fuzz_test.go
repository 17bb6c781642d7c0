package main

import (
	"strings"
	"testing"
)

func FuzzSettings(f *testing.F) {
	for _, seed := range []string{
		"", "addr: :8080\n", "trusted_proxies: [10.0.0.0/8, 192.0.2.1]\n", "a: &a [*a]\n", "a: &a [x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "- 1\n", "a: {b: c}\n", "a: !!binary x\n", "? a\n", "\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		resolver, err := yamlSettings(strings.NewReader(text))
		if err != nil {
			return
		}
		settings, ok := resolver.(settingsFile)
		if !ok {
			t.Fatal("no settings")
		}
		for name, value := range settings {
			if len(settingText(value)) > 100*(len(text)+1000) {
				t.Errorf("%s grows to %d bytes", name, len(settingText(value)))
			}
		}
	})
}
