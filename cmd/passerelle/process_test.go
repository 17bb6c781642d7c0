package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience bounds everything that a busy machine may make slow.
const patience = 60 * time.Second

// process is a passerelle that stays up.
type process struct {
	URL     string
	command *exec.Cmd
	ended   chan error
	started time.Time

	mu     sync.Mutex
	output bytes.Buffer
}

// readyLine is the last line that dev prints, and the one that serve logs.
var readyLine = regexp.MustCompile(`^Ready at (\S+)\.|"serving".*"address":"([^"]+)"`)

// launch starts passerelle and returns once it says that it is ready.
func launch(dir string, env []string, args ...string) (*process, error) {
	p := &process{command: exec.Command("passerelle", args...), ended: make(chan error, 1), started: time.Now()}
	p.command.Dir, p.command.Env = dir, append(os.Environ(), env...)
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.command.Stdout, p.command.Stderr = writer, writer
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	_ = writer.Close() // the child has its own
	ready := make(chan string, 1)
	read := make(chan struct{})
	go func() { defer close(read); p.read(reader, ready) }()
	go func() { err := p.command.Wait(); <-read; p.ended <- err }()
	select {
	case p.URL = <-ready:
		return p, nil
	case err := <-p.ended:
		return nil, fmt.Errorf("passerelle %s ended: %w\n%s", strings.Join(args, " "), err, p.Output())
	case <-time.After(patience):
		_ = p.command.Process.Kill()
		return nil, fmt.Errorf("passerelle %s is not ready\n%s", strings.Join(args, " "), p.Output())
	}
}

func (p *process) read(from io.Reader, ready chan<- string) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.output.WriteString(lines.Text() + "\n")
		p.mu.Unlock()
		if m := readyLine.FindStringSubmatch(lines.Text()); m != nil {
			if m[1] == "" {
				m[1] = "http://" + m[2]
			}
			ready <- m[1]
		}
	}
}

// Output is what it has printed so far.
func (p *process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// Term asks it to stop; End waits until it has, and fails unless it exits with 0.
func (p *process) Term() error { return p.command.Process.Signal(syscall.SIGTERM) }

// End waits for the process.
func (p *process) End() error {
	select {
	case err := <-p.ended:
		p.ended <- err
		return err
	case <-time.After(patience):
		return errors.New("it did not stop")
	}
}

func (p *process) stop() error {
	if err := p.Term(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return p.End()
}

// start launches passerelle for a test and stops it at its end.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p, err := launch(t.TempDir(), nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Errorf("passerelle %s: %v\n%s", strings.Join(args, " "), err, p.Output())
		}
	})
	return p
}

// startDev launches a dev gateway on a free port.
func startDev(t *testing.T, args ...string) *process {
	t.Helper()
	return start(t, append([]string{"dev", "--addr", "127.0.0.1:0"}, args...)...)
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// startCommand is `start ARGS…` in a script: it sets $URL once the gateway is
// ready, and $OUTPUT names a file with what was printed.
func startCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: start dev|serve ARGS")
	}
	env := []string{
		"PASSERELLE_KEYS=" + ts.Getenv("PASSERELLE_KEYS"), "PASSERELLE_DATABASE_URL=" + ts.Getenv("PASSERELLE_DATABASE_URL"),
		"PASSERELLE_PUBLIC_URL=" + ts.Getenv("PASSERELLE_PUBLIC_URL"),
	}
	p, err := launch(ts.Getenv("WORK"), env, args...)
	ts.Check(err)
	ts.Defer(func() { _ = p.stop() })
	ts.Setenv("URL", p.URL)
	ts.Setenv("HOST", strings.TrimPrefix(p.URL, "http://"))
	ts.Check(os.WriteFile(ts.MkAbs("started.txt"), []byte(p.Output()), 0o600))
	running.Store(ts.Getenv("WORK"), p)
}

// running holds the process that each script started last, by its folder.
var running sync.Map

// termCommand is `term`: it sends SIGTERM and requires exit status 0.
func termCommand(ts *testscript.TestScript, neg bool, args []string) {
	p, ok := running.Load(ts.Getenv("WORK"))
	if neg || len(args) != 0 || !ok {
		ts.Fatalf("usage: term, after start")
	}
	ts.Check(p.(*process).stop())
}

// hitsMain is `hits STATUS [-H header] [-d body] URL` in a script: one request,
// whose answer it prints; it fails on another status.
func hitsMain() {
	var want, method, body, url string
	method = http.MethodGet
	header := http.Header{}
	args := os.Args[1:]
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-H" && i+1 < len(args):
			i++
			name, value, _ := strings.Cut(args[i], ": ")
			header.Set(name, value)
		case args[i] == "-d" && i+1 < len(args):
			i++
			method, body = http.MethodPost, args[i]
		case want == "":
			want = args[i]
		default:
			url = args[i]
		}
	}
	if err := hit(want, method, url, header, body); err != nil {
		fmt.Fprintln(os.Stderr, "hits:", err)
		os.Exit(1)
	}
}

func hit(want, method, url string, header http.Header, body string) error {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = header
	if host := header.Get("Host"); host != "" {
		req.Host = host
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(os.Stdout, resp.Body); err != nil {
		return err
	}
	if fmt.Sprint(resp.StatusCode) != want {
		return fmt.Errorf("%s answered %d, not %s", url, resp.StatusCode, want)
	}
	return nil
}
