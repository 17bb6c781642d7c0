package fieldtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Patience bounds everything that a busy machine may make slow. It is above the
// leases and the first polls of the real schedule.
const Patience = 90 * time.Second

// Build makes the binary under test, once.
func Build(t testing.TB) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "passerelle")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../../cmd/passerelle").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// Process is a passerelle that can be killed and started again.
type Process struct {
	binary, addr, log string
	admin             string
	args, env         []string
	running           *os.Process
	ended             chan struct{} // closed when the running one is no more
}

// NewProcess makes a node that is a real `serve`. It is not started yet.
func NewProcess(t testing.TB, s Setup) *Process {
	t.Helper()
	p := &Process{
		binary: s.Binary, addr: s.Address, admin: FreeAddress(t), log: filepath.Join(t.TempDir(), "serve.log"), env: s.environ(),
	}
	p.args = []string{"serve", "--log-format=text", "--log-level=info", "--admin-addr=" + p.admin}
	p.killAtEnd(t)
	return p
}

// Address implements Node.
func (p *Process) Address() string { return p.addr }

// CPU is the processor time that it has used since it was started.
func (p *Process) CPU(ctx context.Context) (time.Duration, error) {
	const name = "\nprocess_cpu_seconds_total "
	got, err := call(ctx, http.MethodGet, "http://"+p.admin+"/metrics", nil, nil)
	if err != nil {
		return 0, err
	}
	_, value, _ := strings.Cut(string(got.body), name)
	value, _, _ = strings.Cut(value, "\n")
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// Launch starts it without waiting until it is ready.
func (p *Process) Launch() error {
	log, err := os.OpenFile(p.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the child has its own
	cmd := exec.Command(p.binary, p.args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %v: %w", p.args, err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	p.running, p.ended = cmd.Process, ended
	return p.remember()
}

// Start launches it and waits until it takes requests. An address that is still
// taken, by a stranger or by what the kernel has not yet cleared away, is waited
// for: nobody may be told another.
func (p *Process) Start(ctx context.Context) error {
	if err := p.Launch(); err != nil {
		return err
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(Patience)
	for {
		select {
		case <-p.ended:
			if !strings.HasSuffix(strings.TrimSpace(p.tail()), "address already in use") {
				return fmt.Errorf("%v ended: %s", p.args, p.tail())
			}
			if err := p.Launch(); err != nil {
				return err
			}
		case <-deadline:
			return fmt.Errorf("%v is not ready: %s", p.args, p.tail())
		case <-tick.C:
		}
		if Ready(ctx, p.addr) {
			return nil
		}
	}
}

// Kill ends it with SIGKILL and waits until it is gone. One that has ended by
// itself is an error: nothing but this may end it.
func (p *Process) Kill() error {
	if err := p.running.Kill(); err != nil {
		return fmt.Errorf("kill %v: %w: %s", p.args, err, p.tail())
	}
	<-p.ended
	return os.Remove(p.log + ".pid")
}

// Stop ends it with SIGTERM, as a service manager does, and waits until it has
// drained.
func (p *Process) Stop() error {
	if err := p.running.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop %v: %w: %s", p.args, err, p.tail())
	}
	select {
	case <-p.ended:
		return os.Remove(p.log + ".pid")
	case <-time.After(Patience):
		return fmt.Errorf("%v does not end: %s", p.args, p.tail())
	}
}

// remember writes down the process id for the watchman.
func (p *Process) remember() error {
	return os.WriteFile(p.log+".pid", []byte(strconv.Itoa(p.running.Pid)+"\n"), 0o600)
}

// watchman kills what runs when its input, a pipe from this process, is closed:
// so nothing is left behind even when the tests are killed.
const watchman = `cat; read -r pid <"$1" && kill -KILL "$pid"`

// killAtEnd leaves nothing behind, however the test ends.
func (p *Process) killAtEnd(t testing.TB) {
	t.Helper()
	cmd := exec.Command("sh", "-c", watchman, "sh", p.log+".pid")
	lifeline, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		if p.running != nil {
			_ = p.running.Kill()
			<-p.ended
		}
		_ = os.Remove(p.log + ".pid")
		_ = lifeline.Close()
		_ = cmd.Wait() // it found nobody to kill
	})
}

func (p *Process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// Mentions are the lines of its log that hold a text.
func (p *Process) Mentions(text string) []string {
	log, err := os.ReadFile(p.log)
	if err != nil {
		return []string{err.Error()}
	}
	var lines []string
	for line := range bytes.Lines(log) {
		if bytes.Contains(line, []byte(text)) {
			lines = append(lines, string(bytes.TrimSpace(line)))
		}
	}
	return lines
}

// givenAway are the addresses that somebody here has.
var givenAway sync.Map

// FreeAddress is a loopback address that stays ours while nobody listens on it:
// its port lies below those that systems hand out by themselves.
func FreeAddress(t testing.TB) string {
	t.Helper()
	for range 1000 {
		addr := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))
		if _, given := givenAway.LoadOrStore(addr, true); given {
			continue
		}
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr)
		if err == nil {
			must(t, l.Close())
			return addr
		}
	}
	t.Fatal(errors.New("no free port between 20000 and 32000"))
	return ""
}
