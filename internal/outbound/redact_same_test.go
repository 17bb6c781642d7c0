package outbound

import (
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// odd secrets: spellings that differ, that contain each other, that masking
// itself could make.
var sameSecrets = [][]string{
	nil,
	typicalSecrets,
	{"short", "shorter", "a****b", "****", `p&ss"wörd/1`, "\xff\xfe\xfd\xfc", "1234", `"a":`, "**34", "0612", "abc"},
}

// same holds that body comes out as the plain redactor has it, whatever it is
// said to be and wherever it stands.
func same(t interface{ Errorf(string, ...any) }, secrets []string, contentType, body string) {
	fast, plain := newRedactor(secrets), plainNewRedactor(secrets)
	differ := func(what, got, want string) {
		if got != want {
			t.Errorf("%s as %q with %q\nbody %q\ngot  %q\nwant %q", what, contentType, secrets, body, got, want)
		}
	}
	differ("body", fast.body(contentType, []byte(body)), plain.body(contentType, []byte(body)))
	differ("text", fast.text(body), plain.text(body))
	got, ok := fast.json(body)
	want, wantOK := plain.json(body)
	differ("json", got+strconv.FormatBool(ok), want+strconv.FormatBool(wantOK))
	for k := plainName; k <= phoneName; k++ {
		differ("field", fast.field(k, body), plain.field(k, body))
	}
	if got, want := maskCards(body), plainMaskCards(body); got != want {
		differ("cards", got, want)
	}
	h := http.Header{body: {body, "x"}, "X-Note": {body}, "X-Token": {body}}
	if got, want := fast.header(h), plain.header(h); !reflect.DeepEqual(got, want) {
		t.Errorf("header %q\ngot  %q\nwant %q", body, got, want)
	}
	u := &url.URL{Scheme: "https", Host: "a.example", Path: "/" + body, RawQuery: body}
	differ("url", fast.url(u), plain.url(u))
}

var sameBodies = []string{
	typicalRequest, typicalAnswer,
	``, ` `, `null`, `"a"`, `1`, `{`, `[`, `{}`, `[]`, " \t\r\n{ } \n", `{}x`, `{}{}`, `[1,]`, `[,1]`, `[1 2]`, `{"a":1,}`, `{"a" 1}`, `{"a":}`, `{"a"}`, `{a:1}`, `{1:1}`, `{"a":1]`, `[1}`,
	`[tru]`, `[truefalse]`, `[true false]`, `[nullx]`, `[NaN]`, `[+1]`, `[-]`, `[-0]`, `[01]`, `[1.]`, `[.5]`, `[1e]`, `[1e+]`, `[1E-7]`, `[-1.50e+10]`, `[1e999]`, `[1e+123456789]`, `[0x10]`,
	`["\x"]`, `["\u12"]`, `["\u12G4"]`, `["\u00e9\n\t\"\\\/"]`, `["\ud800"]`, `["\ud83d\ude00"]`, "[\"a\x01\"]", "[\"a\x7f\"]", `["\n"]`, `["\u0001"]`, `{"\n":"\u2028"}`, "[\"\xff\"]", "[\"é\u2028\u2029\ufffd\"]", `["a`, `["a\`, "\ufeff{}", "[\x00]", "{}\x00",
	`{"\u0070in":"1234","a\u0070i_key":"x","p\u0069n":12}`, `{"card":{"n\u0075mber":"4000000000000000"}}`,
	`{"a":1,"a":2,"token":"x","token":""}`, `{"token":null,"pin":"","pin":  "" ,"otp": null }`, `{"token":{"a":[1,{"b":"]}\""}]}}`, `{"token":[1,}`, `{"token":[}]}`, `{"token":{]}`, `{"token":{"a"}}`, `{"token":"\x"}`, `{"token":01}`, `{"token":tru}`, `{"token":[`, `{"token":["`, `{"token":{}}x`,
	`{"phone":{"a":["066123456",66123456,null]},"pan":["4111111111111111",{"x":"y"}],"card":[{"number":"12"},{"no":1}]}`,
	`{"card":{"a":{"number":"12"}},"card ":{"x:number":"12","pan":"1"},"x:card":{"number":"4000000000000000"}}`,
	`{"sub":"{\"token\":\"abc\",\"n\":[1, 2]}","sub2":" [\"4111111111111111\"]","sub3":"{\"token\":\"abc\""}`,
	`{"4111111111111111":"a","066123456":"b","Bearer abcdefghij":"c","token=abc":"d","sk_live_abc":"e","":"f"," ":"g"}`,
	`{"a":"Bearer abcdefghijk","b":"bAsIc YWJjOmRlZg==","c":"ba\u017fic YWJjOmRlZg==","d":"Set-Coo` + "\u212a" + `ie: a=b","e":"proxy-AUTHORIZATION : x"}`,
	"Coo\u212aie: abc", "ba\u017fic abcdefghij", "BEARER\tabcdefghij", "authorization:abc", "a://u:p@h/", "a://h/ @", "x_test_y sk_test_abc whsec_abc", "eyJabcdefghij.abc", "eyJ J",
	"token=abc", `token\"=\abc`, `token' = 'abc'`, "token  :\t\\abc", "pin::1", "pin=:=1", "é=1 numéro=066123456 ½pin=2 pi\xffn=3 \xffpin=4 pin\xff=5", "%70in=1 p%in=1 api%5fkey=2", "key[]=1 [key]=2 a.key=3 otp-x=4", "a=b:c=d key:pin=1=2",
	`"token":"a\"b" , "pin": 12`, `"a"token":"x"`, "pi½n=1 p½ in=2 piàn=3", `":":"token":1`, "\"to\nken\":1", `<token>abc</token><pin a="1">12</pin><x:otp>1</x:otp><pin><![CDATA[12]]></pin><pin`, `<token>`, `< token>abc`, `token>abc`,
	"4111 1111 1111 1111", "4111-1111-1111-1111", "4111  1111 1111 1111", "4111--111111111111", "-4111111111111111-", "41111111111111111111", "x4111111111111111x", "2024-04-20 12:00:00 4", "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3",
	"066123456", "00 0066123456 0024106612345 24106612345 2410661234567 a066123456 066123456_ 066123456é", "+241 06.61-23(45) 6", "+1", "+12345678", "++241066123456+", "1 2", "00", "0",
	"amount=1&api_key=abc&numero=066123456&x={\"token\":\"abc\"}&%zz=1&plain&a=%FF%7B", "a****b ashortb", "shorter", "SHORT", "c2hvcnQ=", "c2hvcnQ c2hvcnRlcg", "\xff\xfe\xfd\xfc",
	"--B\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{\"token\":\"b\"}\r\n--B--\r\n",
}

var sameTypes = []string{"", "application/json", "application/json; charset=utf-8", "application/jsonp; boundary=B", "Application/X-WWW-Form-Urlencoded", "multipart/form-data; boundary=B", "text/plain"}

func TestShortCutsChangeNothing(t *testing.T) {
	for _, body := range sameBodies {
		for _, contentType := range sameTypes {
			for _, secrets := range sameSecrets {
				same(t, secrets, contentType, body)
			}
		}
	}
}

// Depth is where a recursive reader and the standard one could part.
func TestShortCutsChangeNothingAtDepth(t *testing.T) {
	for _, depth := range []int{deepest - 1, deepest, deepest + 1, deepest + 2} {
		for _, inner := range []string{"", "1", `"a"`, `{}`, `{"token":[[1]]}`} {
			same(t, nil, "", strings.Repeat("[", depth)+inner+strings.Repeat("]", depth))
			same(t, nil, "", strings.Repeat(`{"a":`, depth)+inner+strings.Repeat("}", depth))
		}
	}
	for _, depth := range []int{9_999, 10_000, 10_001} { // encoding/json knows no deeper
		body := `{"token":` + strings.Repeat("[", depth) + `"abc"` + strings.Repeat("]", depth) + `}`
		got, ok := newRedactor(nil).json(body)
		want, wantOK := plainNewRedactor(nil).json(body)
		if got != want || ok != wantOK {
			t.Errorf("at depth %d: %v, want %v", depth, ok, wantOK)
		}
	}
}

// A long name is judged as a parent like a short one, by as much of it as
// matters.
func TestShortCutsChangeNothingUnderLongNames(t *testing.T) {
	for _, filler := range []string{"x", "é", "-", ":"} {
		for _, n := range []int{20, 31, 32, 33, 64, longParent - 4, longParent - 3, longParent, longestJudged, 500} {
			for _, end := range []string{"", "card", "car", "cc", "primaryaccountnu", "numerocarte", ":card", ":", ":p"} {
				long := strings.Repeat(filler, n) + end
				for _, name := range []string{"number", "dnumber", "no", "mber", "an", "x:number", "a"} {
					same(t, nil, "", `{"`+long+`":{"`+name+`":"12","`+long+`":[{"`+name+`":1}]}}`)
				}
			}
		}
	}
}

// What is remembered of names answers for them as if each were new, however
// many there are and whoever asks at the same time.
func TestRememberedNamesStayBoundedAndRight(t *testing.T) {
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 2 * mostJudged {
				name := "field_" + strconv.Itoa(i*7+g)
				if i%3 == 0 {
					name += "_otp"
				}
				if got, want := judged.of(fieldName{"card", name}), kindWithin(fieldName{"card", name}); got.kind != want {
					t.Errorf("%s is %d, want %d", name, got.kind, want)
				}
			}
		})
	}
	all.Wait()
	judged.of(fieldName{name: testPAN})
	judged.of(fieldName{name: strings.Repeat("a", longestJudged+1)})
	judged.mu.RLock()
	defer judged.mu.RUnlock()
	if len(judged.by) > mostJudged {
		t.Errorf("%d names are remembered", len(judged.by))
	}
	for f := range judged.by {
		if f.name == testPAN || len(f.parent)+len(f.name) > longestJudged {
			t.Errorf("%q is remembered", f)
		}
	}
}

func (j *judgements) forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	clear(j.by)
}

// Members under a long name were judged with the whole of it each.
func TestManyMembersUnderALongNameAreQuick(t *testing.T) {
	body := `{"` + strings.Repeat("x", captureLimit/2) + `":[{` + strings.Repeat(`"a":0,`, captureLimit/16) + `"b":1}]}`
	started := time.Now()
	Redact("application/json", []byte(body))
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

// pieces are what hostile and honest bodies are made of.
var pieces = []string{
	`"token"`, `"pin"`, `"phone"`, `"card"`, `"number"`, `"amount"`, `"a"`, `"\u0070in"`, `""`, `"é"`, `"{\"pin\":1}"`, `"x=1"`,
	"{", "}", "[", "]", ":", ",", `"`, `\`, " ", "\n", "\t", "=", "<", ">", "&", "+", "-", "_", "@", "://", "%", "'", "\xff", "é", "ſ", "\u212a", "\u2028",
	"1", "0", "12.5e3", "4111111111111111", "4111 1111", "066123456", "24106612345", "true", "null",
	"token", "pin", "numero", "Bearer", "basic", "Cookie", "authorization", "abcdefghijk", "sk_live_", "whsec_", "eyJabcdefgh.", "short", "shorter", "****", "1234", "Passw0rd!2024",
}

// aBody draws JSON that may be broken in one place, or pieces in any order.
func aBody(t *rapid.T) string {
	if rapid.Bool().Draw(t, "soup") {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 30).Draw(t, "pieces"), "")
	}
	body := aValue(t, 4)
	if rapid.IntRange(0, 3).Draw(t, "broken") == 0 {
		at := rapid.IntRange(0, len(body)).Draw(t, "at")
		body = body[:at] + rapid.SampledFrom(pieces).Draw(t, "piece") + body[min(len(body), at+rapid.IntRange(0, 3).Draw(t, "gone")):]
	}
	return body
}

// aValue draws JSON that nests at most so deep.
func aValue(t *rapid.T, depth int) string {
	blank := func() string { return rapid.SampledFrom([]string{"", "", "", " ", "\n\t"}).Draw(t, "blank") }
	kind := rapid.IntRange(0, 4).Draw(t, "kind")
	if depth == 0 || kind < 2 {
		return blank() + rapid.OneOf(rapid.Custom(aString), rapid.SampledFrom([]string{"true", "false", "null", "0", "-1.5e+7", "4111111111111111", "66123456", "066", "24106612345"})).Draw(t, "scalar") + blank()
	}
	var parts []string
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		part := aValue(t, depth-1)
		if kind > 2 {
			part = blank() + aString(t) + blank() + ":" + part
		}
		parts = append(parts, part)
	}
	if kind > 2 {
		return blank() + "{" + strings.Join(parts, ",") + "}"
	}
	return blank() + "[" + blank() + strings.Join(parts, ",") + "]" + blank()
}

// aString draws a string, as a writer of JSON would write it or by its numbers.
func aString(t *rapid.T) string {
	s := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 3).Draw(t, "string"), "")
	if rapid.IntRange(0, 3).Draw(t, "raw") == 0 { // the pieces' own quotes and bytes
		return `"` + strings.Trim(s, `"\`) + `"`
	}
	quoted, _ := json.Marshal(s)
	if rapid.IntRange(0, 3).Draw(t, "escaped") != 0 || s == "" {
		return string(quoted)
	}
	var out strings.Builder
	for _, c := range []byte(s) {
		out.WriteString(`\u00` + string("0123456789abcdef"[c>>4]) + string("0123456789ABCDEF"[c&15]))
	}
	return `"` + out.String() + `"`
}

func TestShortCutsChangeNothingOnAnyBody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secrets := rapid.SampledFrom(sameSecrets).Draw(t, "secrets")
		same(t, secrets, rapid.SampledFrom(sameTypes).Draw(t, "type"), aBody(t))
	})
}

// FuzzRedactSame holds that no short cut shows in what comes out.
func FuzzRedactSame(f *testing.F) {
	for i, body := range sameBodies {
		f.Add(sameTypes[i%len(sameTypes)], "pa55word", body)
	}
	f.Fuzz(func(t *testing.T, contentType, secret, body string) {
		judged.forget() // or what is covered depends on what came before
		same(t, []string{secret, "1234"}, contentType, body)
	})
}
