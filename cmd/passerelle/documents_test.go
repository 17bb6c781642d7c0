package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/all"
)

var update = flag.Bool("update", false, "write the generated parts of the documents again")

const documents = "../.."

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(documents, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// marked finds the shell blocks of a document that are to be run, each with the
// answer that is documented for it.
var marked = regexp.MustCompile("(?s)<!-- runs: ([^\n]+) -->\n```sh\n(.*?)```")

func TestTheCommandsInTheDocumentsGiveTheDocumentedAnswers(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--data", ":memory:", "--operator-delay", "200ms")
	seen := map[string]bool{}
	for _, name := range []string{"README.md", "docs/api.md", "docs/sandbox.md"} {
		blocks := marked.FindAllStringSubmatch(document(t, name), -1)
		if len(blocks) == 0 {
			t.Errorf("%s has no command that runs", name)
		}
		for _, block := range blocks {
			want, script := block[1], strings.ReplaceAll(block[2], "http://127.0.0.1:8080", p.URL)
			out, err := exec.Command("sh", "-c", script).CombinedOutput()
			if err != nil || !strings.Contains(compact(string(out)), want) {
				t.Errorf("%s:\n%s\nis answered %s, want %s (%v)", name, block[2], out, want, err)
			}
			seen[doorOf(script, p.URL)] = true
		}
	}
	for _, known := range all.Providers() {
		if !seen[known.Name] {
			t.Errorf("the README shows no command for %s", known.Title)
		}
	}
}

var productionBlock = regexp.MustCompile("(?s)\n## In production\n\n```sh\n[^\n]*\n(.*?)passerelle serve [^\n]*\n```")

// The keys outlive the shell that made them, and following the block a second
// time does not lose them either.
func TestTheReadmesWayIntoProductionKeepsItsKeys(t *testing.T) {
	t.Parallel()
	block := productionBlock.FindStringSubmatch(document(t, "README.md"))
	if block == nil {
		t.Fatal("README.md has no block of commands for production")
	}
	dir := t.TempDir()
	script := "set -e\n" + strings.NewReplacer("/etc/", dir+"/etc/", "/var/", dir+"/var/").Replace(block[1]) + "passerelle doctor --offline\n"
	run := func() (string, error) {
		out, err := exec.Command("sh", "-c", script).CombinedOutput()
		return string(out), err
	}
	if out, err := run(); err != nil || !strings.Contains(out, "all 1 open") || !strings.Contains(out, " 2 trusted proxies") {
		t.Fatalf("%s\nends with %v:\n%s", script, err, out)
	}
	file := filepath.Join(dir, "etc", "passerelle", "keys")
	made, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the keys' file is %v, %v", info, err)
	}
	if out, err := run(); err == nil {
		t.Errorf("a second time ends well:\n%s", out)
	}
	if kept, err := os.ReadFile(file); err != nil || string(kept) != string(made) {
		t.Errorf("a second time has replaced the keys (%v)", err)
	}
}

var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

func TestTheDocumentsLinkToWhatThereIs(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob(filepath.Join(documents, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	names = append(names, filepath.Join(documents, "README.md"), filepath.Join(documents, "CONTRIBUTING.md"))
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), target[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", filepath.Base(name), target[1])
			}
		}
	}
}

func TestEverySettingOfServeIsDocumented(t *testing.T) {
	t.Parallel()
	help, err := exec.Command("passerelle", "serve", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	text := document(t, "docs/operations.md")
	variables := regexp.MustCompile(`\$(PASSERELLE_[A-Z_]+)`).FindAllStringSubmatch(string(help), -1)
	if len(variables) < 10 {
		t.Fatalf("the help names %d variables", len(variables))
	}
	for _, v := range variables {
		if !strings.Contains(text, "`"+v[1]+"`") {
			t.Errorf("docs/operations.md does not name %s", v[1])
		}
	}
	for _, v := range regexp.MustCompile("`(PASSERELLE_[A-Z_]+)`").FindAllStringSubmatch(text, -1) {
		if !strings.Contains(string(help), "$"+v[1]) {
			t.Errorf("docs/operations.md names %s, which serve does not read", v[1])
		}
	}
}

const (
	generatedStart = "<!-- generated from the providers' descriptors: make generate -->\n"
	generatedEnd   = "<!-- end of the generated part -->\n"
)

func TestDialectsAreDocumentedAsTheirDescriptorsHaveThem(t *testing.T) {
	name := filepath.Join(documents, "docs", "dialects.md")
	text := document(t, "docs/dialects.md")
	before, rest, found := strings.Cut(text, generatedStart)
	_, after, ended := strings.Cut(rest, generatedEnd)
	if !found || !ended {
		t.Fatal("docs/dialects.md has lost the marks of its generated part")
	}
	want := before + generatedStart + describe(all.Providers()) + generatedEnd + after
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if text != want {
		t.Error("docs/dialects.md is out of date: go test ./cmd/passerelle -run TestDialects -update")
	}
}

// aWord is a value that needs a word of explanation; numbers and codes speak
// for themselves.
var aWord = regexp.MustCompile(`^[a-z_]+$`)

func TestEveryOptionSaysWhatItChangesAndWhatItsValuesMean(t *testing.T) {
	t.Parallel()
	for _, p := range all.Providers() {
		for _, o := range p.Options {
			if !strings.HasSuffix(o.Help, ".") || strings.ContainsAny(o.Help, "|\n") {
				t.Errorf("%s.%s is explained by %q, which is no sentence in a table", p.Name, o.Name, o.Help)
			}
			for _, value := range o.Values {
				if aWord.MatchString(value) && !regexp.MustCompile(`\b`+value+`\b`).MatchString(o.Help) {
					t.Errorf("%s.%s does not say what %s means: %s", p.Name, o.Name, value, o.Help)
				}
			}
		}
	}
}

// describe writes the addresses and options of every dialect.
func describe(list []*provider.Provider) string {
	var b strings.Builder
	b.WriteString("\n| provider | prefix | host names | currencies |\n| --- | --- | --- | --- |\n")
	for _, p := range list {
		var currencies []string
		for _, c := range p.Currencies {
			currencies = append(currencies, string(c))
		}
		fmt.Fprintf(&b, "| %s | `/%s` | %s | %s |\n", p.Title, p.Name, quoted(p.Hosts, ", "), strings.Join(currencies, ", "))
	}
	for _, p := range list {
		if len(p.Options) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n### Options of %s\n\n| option | default | values | what it changes |\n| --- | --- | --- | --- |\n", p.Title)
		for _, o := range p.Options {
			fmt.Fprintf(&b, "| `%s.%s` | %s | %s | %s |\n", p.Name, o.Name, orText(o.Default, "empty"), allowed(o), o.Help)
		}
	}
	b.WriteString("\n")
	return b.String()
}

func allowed(o provider.Option) string {
	if len(o.Values) == 0 {
		return "text"
	}
	return quoted(o.Values, ", ")
}

func orText(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return "`" + value + "`"
}

func quoted(list []string, separator string) string {
	return "`" + strings.Join(list, "`"+separator+"`") + "`"
}
