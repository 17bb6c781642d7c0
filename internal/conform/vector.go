package conform

import (
	"bufio"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

// Vector is one published example, or several that only make sense together.
type Vector struct {
	Provider string
	File     string
	Name     string
	// Source is the document and the place in it.
	Source string
	// Trial is what the vector shows a developer, in French and in English;
	// empty where another vector shows it as well.
	Trial Trial
	Steps []Step
}

// Trial is a place among a provider's trials, from 1, and a title in both languages.
type Trial struct {
	Place           int
	French, English string
}

// Step is one request and what must come back.
type Step struct {
	Title  string
	Method string
	// Target is a path below the provider's address, or a whole address that an
	// answer named.
	Target string
	Header []Header
	Body   string
	Want   Want
}

// Header is one line of a header; in an answer its value is a regular expression.
type Header struct{ Name, Value string }

// Want is the published answer. A status of 0 is any success.
type Want struct {
	Status int
	// Within asks again for so long, until the answer is right.
	Within time.Duration
	Header []Header
	Body   string
}

// methodCustomer marks the step in which the customer pays on a hosted page.
const methodCustomer = "CUSTOMER"

// Load reads the vectors of a provider, in the order of their files.
func Load(p *provider.Provider) ([]Vector, error) {
	if p.Vectors == nil {
		return nil, nil
	}
	var list []Vector
	err := fs.WalkDir(p.Vectors, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".txt" {
			return err
		}
		text, err := fs.ReadFile(p.Vectors, name)
		if err != nil {
			return err
		}
		v, err := parse(string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		v.Provider, v.File = p.Name, name
		list = append(list, v)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read vectors of %s: %w", p.Name, err)
	}
	return list, nil
}

// parse reads one file. It refuses whatever it would otherwise have to guess,
// since a misread expectation passes for a right answer.
func parse(text string) (Vector, error) {
	var v Vector
	head, rest, _ := strings.Cut("\n"+strings.ReplaceAll(text, "\r\n", "\n"), "\n>>>")
	for line := range strings.Lines(head) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		switch key, value, _ := strings.Cut(line, ":"); key {
		case "name":
			v.Name = strings.TrimSpace(value)
		case "source":
			v.Source = strings.TrimSpace(value)
		case "trial":
			v.Trial.Place, _ = strconv.Atoi(strings.TrimSpace(value)) // 0 is refused below
		case "trial_fr":
			v.Trial.French = strings.TrimSpace(value)
		case "trial_en":
			v.Trial.English = strings.TrimSpace(value)
		default:
			return v, fmt.Errorf("the header has a line %q", line)
		}
	}
	if v.Name == "" || v.Source == "" || rest == "" {
		return v, fmt.Errorf("name, source and at least one step are needed")
	}
	if t := v.Trial; t != (Trial{}) && (t.Place < 1 || t.French == "" || t.English == "") {
		return v, fmt.Errorf("trial (a number from 1), trial_fr and trial_en go together")
	}
	for text := range strings.SplitSeq(rest, "\n>>>") {
		s, err := parseStep(text)
		if err != nil {
			return v, fmt.Errorf("step %q: %w", s.Title, err)
		}
		v.Steps = append(v.Steps, s)
	}
	return v, nil
}

func parseStep(text string) (Step, error) {
	request, answer, answered := strings.Cut(text, "\n<<<")
	title, request, _ := strings.Cut(request, "\n")
	s := Step{Title: strings.TrimSpace(title)}
	if err := s.readRequest(request); err != nil {
		return s, err
	}
	switch {
	case s.Title == "":
		return s, fmt.Errorf("it has no title")
	case s.Method == methodCustomer && answered:
		return s, fmt.Errorf("the customer's step has no answer of the provider")
	case s.Method == methodCustomer:
		return s, nil
	case !answered:
		return s, fmt.Errorf("it has no answer")
	}
	return s, s.Want.read(answer)
}

var methodForm = regexp.MustCompile(`^[A-Z]+$`)

func (s *Step) readRequest(text string) error {
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	method, target, _ := strings.Cut(lines[0], " ")
	if !methodForm.MatchString(method) || target == "" {
		return fmt.Errorf("the request starts with %q", lines[0])
	}
	s.Method, s.Target = method, target
	lines = lines[1:]
	for len(lines) > 0 && !headerForm.MatchString(lines[0]) {
		s.Target += "\n" + lines[0]
		lines = lines[1:]
	}
	var err error
	s.Header, err = readHeader(lines)
	s.Target = strings.TrimRight(s.Target, "\n")
	s.Body = strings.TrimRight(body, "\n")
	return err
}

var headerForm = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*): (.*)$`)

func readHeader(lines []string) ([]Header, error) {
	var list []Header
	for _, line := range lines {
		if line == "" {
			continue
		}
		match := headerForm.FindStringSubmatch(line)
		if match == nil {
			return nil, fmt.Errorf("%q is no header", line)
		}
		list = append(list, Header{match[1], strings.TrimSpace(match[2])})
	}
	return list, nil
}

var statusForm = regexp.MustCompile(`^ (\d{3})(?: within (\d+s))?$`)

func (w *Want) read(text string) error {
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimRight(head, "\n"), "\n")
	match := statusForm.FindStringSubmatch(lines[0])
	if match == nil {
		return fmt.Errorf("the answer starts with %q", lines[0])
	}
	w.Status, _ = strconv.Atoi(match[1]) // three digits
	if match[2] != "" {
		var err error
		if w.Within, err = time.ParseDuration(match[2]); err != nil {
			return fmt.Errorf("read waiting time: %w", err)
		}
	}
	var err error
	if w.Header, err = readHeader(lines[1:]); err != nil {
		return err
	}
	if w.Body = strings.TrimSpace(body); w.Body == "" {
		return fmt.Errorf("the answer has no body; write <empty> or <any>")
	}
	return w.check()
}

// check compiles what an answer is matched with, so that a broken vector is
// told when it is read and not when it is played.
func (w *Want) check() error {
	for _, h := range w.Header {
		if _, err := regexp.Compile(h.Value); err != nil {
			return fmt.Errorf("header %s: %w", h.Name, err)
		}
	}
	switch {
	case w.Body == wantAny || w.Body == wantEmpty:
		return nil
	case isJSON(w.Body):
		want, err := decode(w.Body)
		if err != nil {
			return fmt.Errorf("the answer is no JSON: %w", err)
		}
		return checkMatchers(want)
	}
	scanner := bufio.NewScanner(strings.NewReader(w.Body))
	for scanner.Scan() {
		if _, err := regexp.Compile(scanner.Text()); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
	return scanner.Err()
}
