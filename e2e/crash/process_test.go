package crash_test

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
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/secret"
)

// patience bounds everything that a busy machine may make slow. It is above the
// leases and the first polls of the real schedule.
const patience = 90 * time.Second

// build makes the binary under test, once.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "passerelle")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../../cmd/passerelle").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// process is a passerelle that can be killed and started again.
type process struct {
	binary, addr, log string
	args, env         []string
	kills             int
	running           *os.Process
	ended             chan struct{} // closed when the running one is no more
}

// launch starts it without waiting until it is ready.
func (p *process) launch() error {
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

// start launches it and waits until it takes requests. An address that is still
// taken, by a stranger or by what the kernel has not yet cleared away, is waited
// for: nobody may be told another.
func (p *process) start(ctx context.Context) error {
	if err := p.launch(); err != nil {
		return err
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		select {
		case <-p.ended:
			if !strings.HasSuffix(strings.TrimSpace(p.tail()), "address already in use") {
				return fmt.Errorf("%v ended: %s", p.args, p.tail())
			}
			if err := p.launch(); err != nil {
				return err
			}
		case <-deadline:
			return fmt.Errorf("%v is not ready: %s", p.args, p.tail())
		case <-tick.C:
		}
		if a, err := call(ctx, http.MethodGet, "http://"+p.addr+"/readyz", nil, nil); err == nil && a.status == http.StatusOK {
			return nil
		}
	}
}

// kill ends it with SIGKILL and waits until it is gone. One that has ended by
// itself is an error: nothing but this may end it.
func (p *process) kill() error {
	if err := p.running.Kill(); err != nil {
		return fmt.Errorf("kill %v: %w: %s", p.args, err, p.tail())
	}
	<-p.ended
	p.kills++
	return os.Remove(p.log + ".pid")
}

// remember writes down the process id for the watchman.
func (p *process) remember() error {
	return os.WriteFile(p.log+".pid", []byte(strconv.Itoa(p.running.Pid)+"\n"), 0o600)
}

// watchman kills what runs when its input, a pipe from this process, is closed:
// so nothing is left behind even when the tests are killed.
const watchman = `cat; read -r pid <"$1" && kill -KILL "$pid"`

// killAtEnd leaves nothing behind, however the test ends.
func (p *process) killAtEnd(t *testing.T) {
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

func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// mentions are the lines of its log that hold a text.
func (p *process) mentions(text string) []string {
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

// cluster is the gateway under test: one process, or several on one database.
type cluster []*process

func newCluster(t *testing.T, binary string, size int, public, database string) cluster {
	t.Helper()
	keys := secret.NewKey()
	var c cluster
	for i := range size {
		p := &process{
			binary: binary, addr: ownAddress(t), log: filepath.Join(t.TempDir(), fmt.Sprintf("serve%d.log", i)),
			args: []string{"serve", "--log-format=text", "--log-level=info"},
		}
		p.env = append(os.Environ(),
			"PASSERELLE_DATABASE_URL="+database, "PASSERELLE_KEYS="+keys, "PASSERELLE_PUBLIC_URL="+public,
			"PASSERELLE_ADDR="+p.addr, "PASSERELLE_ADMIN_ADDR="+ownAddress(t), "PASSERELLE_ALLOW_NETWORKS=127.0.0.0/8")
		p.killAtEnd(t)
		c = append(c, p)
	}
	return c
}

// one is the address of any node, dead or alive.
func (c cluster) one() string { return c[rand.IntN(len(c))].addr }

// givenAway are the addresses that somebody here has.
var givenAway sync.Map

// ownAddress is a loopback address that stays ours while nobody listens on it:
// its port lies below those that systems hand out by themselves.
func ownAddress(t *testing.T) string {
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
