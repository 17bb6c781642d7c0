package conform

import (
	"testing"

	"github.com/passerelle-pay/passerelle/provider/all"
)

func FuzzVector(f *testing.F) {
	for _, p := range all.Providers() {
		vectors, err := Load(p)
		if err != nil {
			f.Fatal(err)
		}
		for _, v := range vectors {
			f.Add("name: " + v.Name + "\nsource: " + v.Source + "\n\n>>> step\nPOST /a\nA: b\n\n{}\n<<<\n200\n")
		}
	}
	for _, odd := range []string{"", "\n>>>", "name: a\nsource: b\n>>> x", "name: a\nsource: b\n>>> x\n<<<", "\r\n>>>\r\n>>>"} {
		f.Add(odd)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if v, err := parse(text); err == nil && (v.Name == "" || v.Source == "" || len(v.Steps) == 0) {
			t.Errorf("%q is %+v", text, v)
		}
	})
}
