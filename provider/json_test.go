package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestJSONThatTwoReadersTakeForDifferentThingsIsRefused(t *testing.T) {
	for _, text := range []string{
		`{"amount":1,"amount":2}`,
		`{"amount":1,"amount":1}`,
		`{"a":{"b":1,"b":2}}`,
		`{"a":[{"b":1,"c":[],"b":{}}]}`,
		`{"amount":1,"\u0061mount":2}`,
		`{"a":{},"a":{}}`,
		"{\"a\":\"\xff\"}",
		"{\"\xc3\":1}",
		`{"a":"\"","a":1}`, `{"a":"\\","a":1}`, `{"a\\":"","a\u005c":1}`, `[",",{"a":",","a":1}]`,
		many(15, `"n3":0`), many(17, `"n3":0`), many(100, `"n99":0`), many(100, `"n3":0`),
	} {
		if err := CheckJSON([]byte(text)); !errors.Is(err, ErrAmbiguousJSON) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestOrdinaryJSONIsNotAmbiguous(t *testing.T) {
	for _, text := range []string{
		``, `null`, `[]`, `{}`, `"a"`, `[1,1,{"a":1},{"a":1}]`, `{"a":{"a":{"a":"a"}},"b":["a","a"]}`,
		`{"a":"b","b":"a","c":"c"}`, `{"é":"\ud83d\ude00","A":1,"a":2}`,
		many(100, ""), strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000),
	} {
		if err := CheckJSON([]byte(text)); err != nil {
			t.Errorf("%.40s: %v", text, err)
		}
	}
}

func TestBrokenJSONIsAnErrorToo(t *testing.T) {
	for _, text := range []string{`{"a"`, `{"a":1]`, `}`, `{"a" 1}`, `{1:2}`, `[1 2]`, `{"a":1,,}`} {
		if CheckJSON([]byte(text)) == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

// many is an object of n names, and one more member.
func many(n int, more string) string {
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf(`"n%d":[{"n%d":%d}]`, i, i, i)
	}
	if more != "" {
		members = append(members, more)
	}
	return "{" + strings.Join(members, ",") + "}"
}

// ambiguousByTokens is what CheckJSON says of valid JSON, by the standard
// library's own tokens: slower, and too plain to be wrong.
func ambiguousByTokens(d *json.Decoder) bool {
	token, _ := d.Token()
	found := false
	switch token {
	case json.Delim('{'):
		seen := map[string]bool{}
		for d.More() {
			name, _ := d.Token()
			text, _ := name.(string)
			found = found || seen[text]
			seen[text] = true
			found = ambiguousByTokens(d) || found
		}
		_, _ = d.Token()
	case json.Delim('['):
		for d.More() {
			found = ambiguousByTokens(d) || found
		}
		_, _ = d.Token()
	}
	return found
}

func FuzzNamesThatStandTwice(f *testing.F) {
	for _, seed := range []string{`{"a":1,"\u0061":2}`, `[{"a":"\\\"","b":[{},{"a":1}]},",",{}]`, many(20, `"n1":{}`)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		err := CheckJSON(text)
		if !json.Valid(text) {
			return // what matters is that it does not panic
		}
		want := !bytes.Equal(bytes.ToValidUTF8(text, nil), text) || ambiguousByTokens(json.NewDecoder(bytes.NewReader(text)))
		if got := err != nil; got != want {
			t.Errorf("%q: %v, want ambiguous: %v", text, err, want)
		}
	})
}

func BenchmarkCheckJSON(b *testing.B) {
	text := []byte(many(12, `"text":"Zoé \"du\" marché"`))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := CheckJSON(text); err != nil {
			b.Fatal(err)
		}
	}
}
