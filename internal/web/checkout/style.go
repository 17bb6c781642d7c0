package checkout

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"strings"

	"github.com/passerelle-pay/passerelle/phone"
)

// styleSheet stands in every page: a first view is one request for the page and
// one for the script, which nothing waits for.
var styleSheet = mustRead("static/checkout.css") + countryRules()

// stylePolicy is what lets a browser apply the style sheet, and no other.
var stylePolicy = hashSource(styleSheet)

// script is the pages' one script; its address changes with its text, so that
// browsers may keep it.
var (
	script        = mustRead("static/checkout.js")
	scriptAddress = "/pay/static/checkout.js?v=" + shortHash(script)
)

// icon is what a tab shows; without one, browsers ask for a file that is not there.
var (
	icon        = mustRead("static/icon.svg")
	iconAddress = "/pay/static/icon.svg?v=" + shortHash(icon)
)

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"style":  func() template.CSS { return template.CSS(styleSheet) }, //nolint:gosec // our own file
	"script": func() string { return scriptAddress },
	"icon":   func() string { return iconAddress },
}).ParseFS(files, "templates/*.html"))

// countryRules show the operators of the chosen country alone. A browser too
// old for :has shows all of them, under their countries' names.
func countryRules() string {
	var b strings.Builder
	b.WriteString("@supports selector(:has(a)){.ops b{display:none}}\n")
	for _, code := range phone.Countries() {
		fmt.Fprintf(&b, "form:has([value=%[1]s]:checked) .ops>div:not(.%[1]s){display:none}\n", code)
	}
	return b.String()
}

// hashSource is a text as a source of a Content-Security-Policy.
func hashSource(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}

// mustRead reads a file that is part of the program.
func mustRead(name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic("checkout: " + err.Error())
	}
	return string(text)
}
