package provider

import (
	"errors"
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
		strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000),
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
