package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// mischief is a request with one thing wrong about it.
type mischief struct {
	what string
	request
	// lenient: a front may overlook it; it still must not fail on it.
	lenient bool
}

const overlong = 1<<20 + 1

// wrongAmounts are JSON values that are no amount of money in any currency: the
// fractions are finer than the smallest unit of all.
var wrongAmounts = []string{
	`-200`, `0`, `-0`, `0.005`, `200.125`, `1e400`, `1e-3`, `1E999999999`, `99999999999999999999`, `9223372036854775808`,
	`-9223372036854775809`, `"NaN"`, `"Infinity"`, `"-200"`, `"200 XAF"`, `"0x10"`, `"1_000"`, `"٢٠٠"`, `"200\u0000"`,
	`""`, `" "`, `[200]`, `{"amount":200}`, `true`, `null`, `NaN`, `Infinity`, `0200`, `+200`, `.5`, `5.`, `"200.125"`,
}

// wrongPlainAmounts are the same outside JSON.
var wrongPlainAmounts = []string{
	"-200", "0", "0.005", "1e400", "1E999999999", "99999999999999999999", "NaN", "Infinity", "-Inf", "0x10", "1_000", "٢٠٠", "two",
	"200\x00", "",
}

var (
	jsonAmount = regexp.MustCompile(`("[a-z_]*(?:amount|montant)[a-z_]*"\s*:\s*)("[^"]*"|[0-9.]+)`)
	jsonField  = regexp.MustCompile(`"([A-Za-z_]+)"\s*:\s*("(?:[^"\\]|\\.)*"|[0-9.]+|true|false)`)
	xmlAmount  = regexp.MustCompile(`(<[a-z_]*(?:amount|montant)[a-z_]*>)[^<]*(</)`)
	pairAmount = regexp.MustCompile(`(?i)((?:^|[&?])[a-z_]*(?:amount|montant)[a-z_]*=)[^&]*`)
)

// mischiefs are all that is tried with one accepted request.
func (h heard) mischiefs(unique func() string) []mischief {
	list := h.anyWay(unique)
	switch media := h.header.Get("Content-Type"); {
	case h.body == "":
		list = append(list, h.inQuery(unique)...)
	case strings.HasPrefix(media, "application/json"):
		list = append(list, h.inJSON(unique)...)
	case strings.HasPrefix(media, "application/xml"):
		list = append(list, h.inXML(unique)...)
	case strings.HasPrefix(media, "application/x-www-form-urlencoded"):
		list = append(list, h.inForm(unique)...)
	}
	return list
}

// anyWay is what can be wrong about any request.
func (h heard) anyWay(unique func() string) []mischief {
	var list []mischief
	for _, method := range []string{http.MethodDelete, http.MethodPut, http.MethodPatch, http.MethodOptions} {
		if method != h.method {
			list = append(list, mischief{what: "method " + method, request: h.fresh(unique).withMethod(method)})
		}
	}
	other := http.MethodPost
	if h.method == http.MethodPost {
		other = http.MethodGet
	}
	list = append(list, mischief{what: "method " + other, request: h.fresh(unique).withMethod(other), lenient: true})
	path, query, _ := strings.Cut(h.url, "?")
	for _, end := range []string{"/nope", "/%00", "/%ff", "/..%2f..%2fetc%2fpasswd"} {
		r := h.fresh(unique)
		r.url = path + end + "?" + query
		list = append(list, mischief{what: "path ending in " + end, request: r})
	}
	if h.creates {
		for what, name := range map[string]string{"a NUL": "A\x00B", "invalid UTF-8": "A\xff\xfeB", "a line end": "A\r\nB"} {
			list = append(list, mischief{what: what + " in the reference", request: h.encoded(name)})
		}
		list = append(list, mischief{what: "a reference of 10,000 letters", request: h.named(strings.Repeat("A", 10_000))})
	}
	return list
}

// encoded names the request as its place demands: escapes in JSON, references in
// XML, percent signs in a form. What can't be escaped goes in as it is.
func (h heard) encoded(name string) request {
	r := h.request
	r.url = strings.ReplaceAll(r.url, mark, url.QueryEscape(name))
	switch media := h.header.Get("Content-Type"); {
	case strings.HasPrefix(media, "application/json"):
		name = strings.NewReplacer("\x00", `\u0000`, "\r", `\r`, "\n", `\n`).Replace(name)
	case strings.HasPrefix(media, "application/x-www-form-urlencoded"):
		name = url.QueryEscape(name)
	case strings.HasPrefix(media, "application/xml"):
		name = strings.NewReplacer("\x00", "&#0;", "\r", "&#13;", "\n", "&#10;").Replace(name)
	}
	r.body = strings.ReplaceAll(r.body, mark, name)
	return r
}

func (h heard) inQuery(unique func() string) []mischief {
	var list []mischief
	path, query, found := strings.Cut(h.url, "?")
	if !found {
		return nil
	}
	for _, wrong := range wrongPlainAmounts {
		if pairAmount.MatchString(query) {
			r := h.fresh(unique)
			r.url = path + "?" + strings.ReplaceAll(pairAmount.ReplaceAllString(query, "${1}"+url.QueryEscape(wrong)), mark, unique())
			// An amount that may be left out may be empty.
			list = append(list, mischief{what: fmt.Sprintf("amount %q", wrong), request: r, lenient: wrong == ""})
		}
	}
	for _, pair := range strings.Split(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		for what, value := range map[string]string{"a NUL": "%00", "invalid UTF-8": "%ff", "10,000 letters": strings.Repeat("A", 10_000), "a half escape": "%z", "nothing": ""} {
			r := h.fresh(unique)
			r.url = path + "?" + strings.ReplaceAll(strings.Replace(query, pair, name+"="+value, 1), mark, unique())
			list = append(list, mischief{what: what + " in " + name, request: r, lenient: true})
		}
	}
	return list
}

func (h heard) inJSON(unique func() string) []mischief {
	var list []mischief
	add := func(what, body string) {
		list = append(list, mischief{what: what, request: h.fresh(unique).withBody(strings.ReplaceAll(body, mark, unique()))})
	}
	body := strings.TrimSpace(h.body)
	add("a body over 1 MiB", `{"padding":"`+strings.Repeat("x", overlong)+`",`+body[1:])
	add("white space over 1 MiB", body+strings.Repeat(" ", overlong))
	add("an empty body", "")
	add("a body cut short", body[:len(body)/2])
	add("a body without its end", body[:len(body)-1])
	add("a second value", body+body)
	add("rubbish at the end", body+"x")
	add("XML", "<a/>")
	for _, other := range []string{`[]`, `null`, `"text"`, `7`, `true`, `{}`, "[" + body + "]"} {
		add("the body "+fmt.Sprintf("%.10s", other), other)
	}
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	add("100,000 objects in each other", deep)
	add("100,000 lists in a field", `{"padding":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+","+body[1:])
	add("invalid UTF-8", `{"padding":"`+"\xff\xfe"+`",`+body[1:])
	add("a lone escape", `{"padding":"\u12",`+body[1:])
	for _, media := range []string{"text/plain", "application/xml", "multipart/form-data", "application/json; charset=utf-16", "application/jsonp", ";;"} {
		r := h.fresh(unique).with("Content-Type", media)
		list = append(list, mischief{what: "content type " + media, request: r, lenient: strings.HasPrefix(media, "application/json;")})
	}
	return append(list, h.inFields(unique)...)
}

// inFields is what can be wrong about the fields of a JSON body.
func (h heard) inFields(unique func() string) []mischief {
	var list []mischief
	add := func(what, body string, lenient bool) {
		list = append(list, mischief{what: what, request: h.fresh(unique).withBody(strings.ReplaceAll(body, mark, unique())), lenient: lenient})
	}
	if at := jsonAmount.FindStringSubmatchIndex(h.body); at != nil {
		for _, wrong := range wrongAmounts {
			// A refund without an amount gives back all that is left.
			absent := wrong == "null" && strings.HasSuffix(h.url, "/v1/refunds")
			add("amount "+wrong, h.body[:at[4]]+wrong+h.body[at[5]:], absent)
		}
	}
	for _, at := range jsonField.FindAllStringSubmatchIndex(h.body, -1) {
		name, pair := h.body[at[2]:at[3]], h.body[at[0]:at[1]]
		// A note that repeats the reference may hold anything.
		reference := pair == `"`+name+`":"`+mark+`"` && name != "metadata"
		for _, wrong := range []string{`[1]`, `{"a":1}`, `true`, `null`, `1e400`, `"` + strings.Repeat("A", 100_000) + `"`, `"\u0000"`} {
			add(name+" "+fmt.Sprintf("%.10s", wrong), h.body[:at[4]]+wrong+h.body[at[5]:], !reference || wrong == "true" || wrong == "1e400")
		}
		add("the field "+name+" twice", h.body[:at[1]]+","+pair+h.body[at[1]:], false)
	}
	return list
}

func (h heard) inXML(unique func() string) []mischief {
	var list []mischief
	add := func(what, body string) {
		list = append(list, mischief{what: what, request: h.fresh(unique).withBody(strings.ReplaceAll(body, mark, unique()))})
	}
	root := regexp.MustCompile(`^<(\w+)>`).FindStringSubmatch(h.body)[1]
	inner := strings.TrimSuffix(strings.TrimPrefix(h.body, "<"+root+">"), "</"+root+">")
	whole := func(s string) string { return "<" + root + ">" + s + "</" + root + ">" }
	add("a body over 1 MiB", whole("<padding>"+strings.Repeat("x", overlong)+"</padding>"+inner))
	add("an empty body", "")
	add("a body cut short", h.body[:len(h.body)/2])
	add("JSON", "{}")
	add("a second root", h.body+h.body)
	add("text beside the fields", whole("text"+inner))
	add("a document type", "<!DOCTYPE "+root+">"+h.body)
	add("an external document type", `<!DOCTYPE `+root+` SYSTEM "http://127.0.0.1:1/x.dtd">`+h.body)
	add("a file as an entity", `<!DOCTYPE `+root+` [<!ENTITY x SYSTEM "file:///etc/passwd">]>`+whole("<agent>&x;</agent>"+inner))
	add("an entity of parameters", `<!DOCTYPE `+root+` [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]>`+h.body)
	add("a billion laughs", billionLaughs(root, inner))
	add("an unknown entity", whole("<padding>&nbsp;</padding>"+inner))
	add("a reference to NUL", whole("<padding>&#0;</padding>"+inner))
	add("invalid UTF-8", whole("<padding>\xff\xfe</padding>"+inner))
	add("another encoding", `<?xml version="1.0" encoding="UTF-16"?>`+h.body)
	add("100,000 elements in each other", whole(strings.Repeat("<a>", 100_000) + strings.Repeat("</a>", 100_000) + inner)[:len(whole(inner))+300_000])
	add("an unclosed comment", "<!--"+h.body)
	for _, wrong := range wrongPlainAmounts {
		if xmlAmount.MatchString(h.body) {
			add(fmt.Sprintf("amount %q", wrong), xmlAmount.ReplaceAllString(h.body, "${1}"+wrong+"${2}"))
		}
	}
	if amount := xmlAmount.FindString(h.body); amount != "" {
		element := amount + strings.Trim(strings.SplitN(amount, ">", 2)[0], "<") + ">"
		add("two amounts", strings.Replace(h.body, element, element+element, 1))
		add("an amount with children", xmlAmount.ReplaceAllString(h.body, "${1}<b>200</b>${2}"))
	}
	for _, media := range []string{"text/plain", "application/json", "text/html"} {
		list = append(list, mischief{what: "content type " + media, request: h.fresh(unique).with("Content-Type", media)})
	}
	return list
}

func billionLaughs(root, inner string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><!DOCTYPE ` + root + ` [<!ENTITY l0 "ha">`)
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, `<!ENTITY l%d "%s">`, i, strings.Repeat(fmt.Sprintf("&l%d;", i-1), 10))
	}
	b.WriteString("]><" + root + "><agent>&l9;</agent>" + inner + "</" + root + ">")
	return b.String()
}

func (h heard) inForm(unique func() string) []mischief {
	var list []mischief
	add := func(what, body string, lenient bool) {
		list = append(list, mischief{what: what, request: h.fresh(unique).withBody(strings.ReplaceAll(body, mark, unique())), lenient: lenient})
	}
	add("a body over 1 MiB", h.body+"&padding="+strings.Repeat("x", overlong), false)
	add("an empty body", "", false)
	add("a half escape", h.body+"&padding=%z", false)
	for _, media := range []string{"application/json", "text/plain"} {
		list = append(list, mischief{what: "content type " + media, request: h.fresh(unique).with("Content-Type", media)})
	}
	for _, wrong := range wrongPlainAmounts {
		if pairAmount.MatchString(h.body) {
			add(fmt.Sprintf("amount %q", wrong), pairAmount.ReplaceAllString(h.body, "${1}"+url.QueryEscape(wrong)), false)
		}
	}
	for _, pair := range strings.Split(h.body, "&") {
		name, value, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(value)
		if err == nil && (strings.HasPrefix(plain, "[") || strings.HasPrefix(plain, "{")) {
			inside := heard{request: request{method: h.method, url: h.url, header: h.header, body: plain}, creates: h.creates}
			for _, m := range inside.inFields(unique) {
				m.body = strings.Replace(h.body, pair, name+"="+url.QueryEscape(m.body), 1)
				list = append(list, m)
			}
		}
		for what, wrong := range map[string]string{"a NUL": "%00", "invalid UTF-8": "%ff", "100,000 letters": strings.Repeat("A", 100_000), "nothing": ""} {
			add(what+" in "+name, strings.Replace(h.body, pair, name+"="+wrong, 1), true)
		}
	}
	return list
}
