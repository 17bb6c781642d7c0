package provider

import "testing"

func TestTrailingCommasAreDroppedOutsideStringsOnly(t *testing.T) {
	cases := map[string]string{
		`{"a": "b", }`:            `{"a": "b" }`,
		"{\"a\":1,\n}":            "{\"a\":1\n}",
		`[1,2,]`:                  `[1,2]`,
		`{"a":",}"}`:              `{"a":",}"}`,
		`{"a":"\\\",}"}`:          `{"a":"\\\",}"}`,
		`{"a":1,"b":[{"c":2,},]}`: `{"a":1,"b":[{"c":2}]}`,
		`{"a":1,,}`:               `{"a":1,}`,
	}
	for in, want := range cases {
		if got := string(WithoutTrailingCommas([]byte(in))); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}
