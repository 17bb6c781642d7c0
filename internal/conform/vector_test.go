package conform

import (
	"strings"
	"testing"
	"time"
)

const example = `name: an example
source: a document, page 3
# a remark

>>> the printed address is broken
POST /request?apikey={{apikey}}
&name=Fname Lname
  &amount=100
Content-Type: application/json

{"a": 1}
<<< 201 within 20s
Location: (?P<page>.+)

{"b": "<string>"}

>>> the customer pays
CUSTOMER {{capture:page}}

{"method": "card"}
`

func TestAVectorIsReadAsWritten(t *testing.T) {
	v, err := parse(example)
	if err != nil {
		t.Fatal(err)
	}
	if v.Name != "an example" || v.Source != "a document, page 3" || len(v.Steps) != 2 {
		t.Fatalf("read %+v", v)
	}
	s := v.Steps[0]
	if s.Title != "the printed address is broken" || s.Method != "POST" || s.Target != "/request?apikey={{apikey}}\n&name=Fname Lname\n  &amount=100" || s.Body != `{"a": 1}` {
		t.Errorf("read step %+v", s)
	}
	if len(s.Header) != 1 || s.Header[0] != (Header{"Content-Type", "application/json"}) {
		t.Errorf("read header %v", s.Header)
	}
	if s.Want.Status != 201 || s.Want.Within != 20*time.Second || s.Want.Header[0].Name != "Location" || s.Want.Body != `{"b": "<string>"}` {
		t.Errorf("read answer %+v", s.Want)
	}
	if c := v.Steps[1]; c.Method != methodCustomer || c.Target != "{{capture:page}}" || c.Body != `{"method": "card"}` {
		t.Errorf("read customer %+v", c)
	}
}

func TestAVectorThatWouldHaveToBeGuessedIsRefused(t *testing.T) {
	const head = "name: n\nsource: s\n\n>>> t\nGET /\n"
	for name, text := range map[string]string{
		"no source":                   "name: n\n\n>>> t\nGET /\n<<< 200\n\n<any>",
		"a header that is none":       "name: n\nsource: s\nauthor: a\n\n>>> t\nGET /\n<<< 200\n\n<any>",
		"no step":                     "name: n\nsource: s\n",
		"no title":                    "name: n\nsource: s\n\n>>>\nGET /\n<<< 200\n\n<any>",
		"no answer":                   head,
		"an answer without status":    head + "<<< fine\n\n<any>",
		"an answer without body":      head + "<<< 200\n",
		"an unknown matcher":          head + "<<< 200\n\n{\"a\": [\"<text>\"]}",
		"a broken expression":         head + "<<< 200\n\n{\"a\": \"<regex:[>\"}",
		"a broken header expression":  head + "<<< 200\nLocation: [\n\n<any>",
		"a capture without name":      head + "<<< 200\n\n{\"a\": \"<capture:>\"}",
		"a broken answer":             head + "<<< 200\n\n{\"a\": 1",
		"two answers":                 head + "<<< 200\n\n{} {}",
		"an answer from the customer": "name: n\nsource: s\n\n>>> t\nCUSTOMER x\n\n{}\n<<< 200\n\n<any>",
	} {
		t.Run(name, func(t *testing.T) {
			if v, err := parse(text); err == nil {
				t.Errorf("it was read as %+v", v)
			}
		})
	}
}

func TestPlaceholdersAreEscapedAsTheirPlaceAsks(t *testing.T) {
	values := script{"key": `a"b&c d`, "base_url": "http://pay.test"}
	for want, got := range map[string]func() (string, error){
		`{"k": "a\"b&c d"}`: func() (string, error) {
			return values.fill(`{"k": "{{key}}"}`, bodyEscape("application/json", `{"k": "{{key}}"}`))
		},
		"k=a%22b%26c+d": func() (string, error) {
			return values.fill("k={{key}}", bodyEscape("application/x-www-form-urlencoded", "k={{key}}"))
		},
		"/x?k=a%22b%26c+d%0A%20%20&l=1": func() (string, error) { return values.fillTarget("/x?k={{key}}\n  &l=1") },
		"http://pay.test/x":             func() (string, error) { return values.fillTarget("{{base_url}}/x") },
	} {
		if text, err := got(); err != nil || text != want {
			t.Errorf("got %q %v, want %q", text, err, want)
		}
	}
	if _, err := values.fill("{{capture:token}}", asIs); err == nil || !strings.Contains(err.Error(), "capture:token") {
		t.Errorf("a value that nobody captured: %v", err)
	}
}

func TestAReferenceIsFreshInEachVectorAndTheSameWithinIt(t *testing.T) {
	a, b := script{}, script{}
	first, _ := a.fill("{{unique}} {{unique}} {{unique:other}}", asIs)
	parts := strings.Fields(first)
	second, _ := b.fill("{{unique}}", asIs)
	if parts[0] != parts[1] || parts[0] == parts[2] || parts[0] == second || len(second) != 15 {
		t.Errorf("references are %v and %s", parts, second)
	}
}
