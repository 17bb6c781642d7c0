package conform

import (
	"strings"
	"testing"
)

// differences matches an answer and returns what was wrong with it.
func differences(t *testing.T, want, got string) []string {
	t.Helper()
	published, err := decode(want)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := decode(got)
	if err != nil {
		t.Fatal(err)
	}
	m := matching{kept: script{"capture:token": "abc"}}
	m.value("", published, answer)
	return m.wrong
}

func TestAnswersThatAreRight(t *testing.T) {
	for name, c := range map[string]struct{ want, got string }{
		"whatever the order of keys":     {`{"a": "1", "b": 2}`, `{"b": 2, "a": "1"}`},
		"a number in another notation":   {`{"amount": 200.0}`, `{"amount": 200}`},
		"null, true and false":           {`{"a": null, "b": true, "c": false}`, `{"a": null, "b": true, "c": false}`},
		"a text that varies":             {`{"id": "<regex:PAY[0-9]{3}>"}`, `{"id": "PAY123"}`},
		"anything":                       {`{"a": "<any>", "b": "<any>"}`, `{"a": null, "b": {"x": 1}}`},
		"some text, number, truth":       {`{"a": "<string>", "b": "<number>", "c": "<bool>"}`, `{"a": "x", "b": 1.5, "c": false}`},
		"what was kept":                  {`{"a": "<same:token>"}`, `{"a": "abc"}`},
		"keys beside the published ones": {`{"a": 1, "...": "..."}`, `{"a": 1, "b": 2}`},
		"a list":                         {`[{"a": 1}, "<string>"]`, `[{"a": 1}, "x"]`},
	} {
		t.Run(name, func(t *testing.T) {
			if wrong := differences(t, c.want, c.got); wrong != nil {
				t.Errorf("found %q", wrong)
			}
		})
	}
}

func TestAnswersThatAreWrong(t *testing.T) {
	for name, c := range map[string]struct{ want, got, problem string }{
		"a text where a number is published": {`{"code": 200}`, `{"code": "200"}`, `code is "200", want the number 200`},
		"a number where a text is published": {`{"code": "200"}`, `{"code": 200}`, `code is 200, want "200"`},
		"another text":                       {`{"a": "PENDING"}`, `{"a": "SUCCESS"}`, `a is "SUCCESS", want "PENDING"`},
		"another number":                     {`{"a": 200.0}`, `{"a": 200.5}`, "a is 200.5, want the number 200.0"},
		"null where a text is published":     {`{"a": "x"}`, `{"a": null}`, "a is null"},
		"a text where null is published":     {`{"a": null}`, `{"a": ""}`, `a is "", want null`},
		"false for true":                     {`{"a": true}`, `{"a": false}`, "a is false, want true"},
		"a missing key":                      {`{"data": {"token": "<any>"}}`, `{"data": {}}`, "data.token is missing"},
		"a key that is not published":        {`{"a": 1}`, `{"a": 1, "b": "x"}`, `b is not in the document, and is "x"`},
		"a list where an object is":          {`{"data": {}}`, `{"data": []}`, "data is [], want an object"},
		"a list that is too long":            {`{"data": []}`, `{"data": [1]}`, "data has 1 items, want 0"},
		"an item of a list":                  {`[{"a": "1"}]`, `[{"a": 1}]`, "[0].a is 1"},
		"an empty text":                      {`{"a": "<string>"}`, `{"a": ""}`, "want <string>"},
		"a number as some text":              {`{"a": "<string>"}`, `{"a": 1}`, "want <string>"},
		"a text as some number":              {`{"a": "<number>"}`, `{"a": "1"}`, "want <number>"},
		"a text as some truth":               {`{"a": "<bool>"}`, `{"a": "true"}`, "want <bool>"},
		"a part of what matches":             {`{"a": "<regex:[0-9]{3}>"}`, `{"a": "1234"}`, "want <regex:[0-9]{3}>"},
		"a number that looks like the text":  {`{"a": "<regex:[0-9]{3}>"}`, `{"a": 123}`, "a is 123"},
		"something else than was kept":       {`{"a": "<same:token>"}`, `{"a": "abd"}`, "want <same:token>"},
		"nothing to keep":                    {`{"a": "<capture:x>"}`, `{"a": null}`, "want <capture:x>"},
		"a captured text of another form":    {`{"a": "<capture:x:[0-9]+>"}`, `{"a": "x"}`, "want <capture:x:[0-9]+>"},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := differences(t, c.want, c.got)
			if len(wrong) != 1 || !strings.Contains(wrong[0], c.problem) {
				t.Errorf("found %q, want one with %q", wrong, c.problem)
			}
		})
	}
}

func TestCaptureKeepsTheGroupOrTheWholeTextOrNumber(t *testing.T) {
	m := matching{kept: script{}}
	want, _ := decode(`{"a": "<capture:whole>", "b": "<capture:part:.*ref=([a-z]+)>", "c": "<capture:number:0|726>"}`)
	got, _ := decode(`{"a": "x y", "b": "http://pay.test/?ref=abc", "c": 726}`)
	m.value("", want, got)
	if m.wrong != nil || m.kept["capture:whole"] != "x y" || m.kept["capture:part"] != "abc" || m.kept["capture:number"] != "726" {
		t.Errorf("kept %v, found %q", m.kept, m.wrong)
	}
}

func TestLinesOfABodyThatIsNoJSON(t *testing.T) {
	m := matching{kept: script{}}
	m.lines("<a href=\"(?P<page>[^\"]+)\"\n<h1>Paid", `<a href="http://pay.test/1">`)
	if m.kept["capture:page"] != "http://pay.test/1" {
		t.Errorf("kept %v", m.kept)
	}
	if len(m.wrong) != 1 || !strings.Contains(m.wrong[0], "<h1>Paid") {
		t.Errorf("found %q, want the missing heading", m.wrong)
	}
}
