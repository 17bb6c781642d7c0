package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// secretWord is a name of something that must be compared in constant time:
// how long a comparison takes tells how much of a guess was right.
var secretWord = regexp.MustCompile(`(?i)(secret|passw|token|signature|hash|hmac|digest|otp|cvv|keypass|api_?key|credential)|^(mac|pin|cvc)$`)

// plainComparisons are where a name only sounds like a secret, or where the
// other side can't be guessed at; each with its reason.
var plainComparisons = map[string]string{
	"internal/webhook/faults.go HeaderWebhookSignature": "a header's name",
	"provider/cinetpay/connector_token.go token":        "our own cached token against the one just refused",
	"provider/cinetpay/dialect_account.go APIKey":       "a merchant's key before and after it is issued anew",
	"provider/flexpay/dialect_account.go Token":         "a merchant's token before and after it is issued anew",
	"provider/komipay/connector_token.go Token":         "our own cached token against the one just refused",
	"provider/komipay/dialect_account.go APIKey":        "a merchant's key before and after it is issued anew",
	"provider/mypayga/connector.go Token":               "the payment's id at the provider, which opens nothing",
	"provider/mypayga/connector_status.go token":        "the payment's id at the provider, which opens nothing",
	"provider/mypayga/connector_status.go tokenOfRef":   "the payment's id at the provider, which opens nothing",
	"provider/mypayga/dialect_account.go SecretKey":     "before and after it is issued anew; and which of an account's two keys it is, once its keyed hash was found",
}

// comparing are functions that compare as == does.
var comparing = map[string]bool{
	"bytes.Equal": true, "bytes.Compare": true, "strings.EqualFold": true, "strings.Compare": true, "slices.Equal": true, "reflect.DeepEqual": true, "cmp.Compare": true,
}

// leaks are the comparisons of a file that take as long as the texts agree.
func leaks(fset *token.FileSet, file *ast.File, constants map[string]bool) []string {
	var found []string
	note := func(at token.Pos, operands ...ast.Expr) {
		for _, x := range operands {
			if fixed(x, constants) {
				return // whether there is one at all, or which kind of thing it is
			}
		}
		for _, x := range operands {
			if name := nameOf(x); secretWord.MatchString(name) {
				found = append(found, filepath.ToSlash(fset.Position(at).Filename)+" "+name)
				return
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				note(n.Pos(), n.X, n.Y)
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.SelectorExpr); ok && comparing[nameOf(f.X)+"."+f.Sel.Name] {
				note(n.Pos(), n.Args...)
			}
		}
		return true
	})
	return found
}

// fixed tells whether an operand is written in the source: a literal, nil, or a
// constant by another package's or our own table.
func fixed(x ast.Expr, constants map[string]bool) bool {
	switch x := x.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return x.Name == "nil" || x.Name == "true" || x.Name == "false" || constants[x.Name]
	case *ast.SelectorExpr:
		return constants[x.Sel.Name]
	case *ast.ParenExpr:
		return fixed(x.X, constants)
	}
	return false
}

// nameOf is the last name of an expression: what it is called where it is used.
func nameOf(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		if x.Sel.Name == "Reveal" || x.Sel.Name == "String" || x.Sel.Name == "Value" {
			return nameOf(x.X)
		}
		return x.Sel.Name
	case *ast.CallExpr:
		if name := nameOf(x.Fun); len(x.Args) == 0 || name != "len" && name != "byte" && name != "string" {
			return name
		}
		return ""
	case *ast.IndexExpr:
		if key, ok := x.Index.(*ast.BasicLit); ok {
			return strings.Trim(key.Value, `"`)
		}
		return nameOf(x.X)
	case *ast.StarExpr:
		return nameOf(x.X)
	}
	return ""
}

// constantsOf adds the names of a file's constants.
func constantsOf(file *ast.File, into map[string]bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		if d, ok := n.(*ast.GenDecl); ok && d.Tok == token.CONST {
			for _, spec := range d.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					into[name.Name] = true
				}
			}
		}
		return true
	})
}

// rehearsed is code that plays the other side with data that is published: it
// guards nothing.
func rehearsed(path string) bool {
	for _, part := range []string{"/scenes", "internal/demo/", "internal/sandbox/", "internal/simtest/", "internal/conform/", "internal/bench/", "internal/archtest/", "e2e/", "provider/providertest/"} {
		if strings.Contains(path, part) {
			return true
		}
	}
	return strings.HasSuffix(path, "_test.go")
}

func TestSecretsAreComparedInConstantTime(t *testing.T) {
	source, err := readTree(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	fset, constants, used := token.NewFileSet(), map[string]bool{}, map[string]bool{}
	var files []*ast.File
	for _, f := range source.files {
		if rehearsed(f.path) {
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(f.path)))
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(fset, f.path, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		constantsOf(file, constants)
		files = append(files, file)
	}
	for _, file := range files {
		for _, where := range leaks(fset, file, constants) {
			if plainComparisons[where] == "" {
				t.Errorf("%s: compared by == or the like; use crypto/subtle or hmac.Equal, or list it with the reason", where)
			}
			used[where] = true
		}
	}
	for where := range plainComparisons {
		if !used[where] {
			t.Errorf("%s is listed and is not there any more", where)
		}
	}
}

func TestTheSearchForPlainComparisonsFindsThem(t *testing.T) {
	const source = `package p
func f(given, want string, token []byte, r struct{ Signature string }) bool {
	const kindToken = "token"
	_ = given == kindToken || token == nil || r.Signature == "" || len(token) == 3
	return r.Signature == want || bytes.Equal(token, []byte(want)) || given != m["api_key"] || secretOf(x) == given
}`
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	constants := map[string]bool{}
	constantsOf(file, constants)
	if got := strings.Join(leaks(fset, file, constants), ","); got != "p.go Signature,p.go token,p.go api_key,p.go secretOf" {
		t.Errorf("found %s", got)
	}
}
