package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
)

// StartResult is how soon a gateway takes requests, and what it occupies while
// it has none. Both are medians.
type StartResult struct {
	Store  string  `json:"store"`
	Starts int     `json:"starts"`
	Ready  float64 `json:"ready_ms"`
	// IdleMemory is 0 where the system doesn't say.
	IdleMemory float64 `json:"idle_memory_mb,omitempty"`
}

const (
	// starts are how many times it is measured.
	starts = 5
	// idleAfter is how long a gateway is left alone before its memory is read.
	idleAfter = 3 * time.Second
	// startLimit bounds a start, and a stop, on a busy machine.
	startLimit = time.Minute
	// askEvery is how often one that starts is asked whether it is ready.
	askEvery = time.Millisecond
)

// starter starts gateways as processes of their own.
type starter struct {
	program string
	args    []string
	env     []string // but for the addresses
	folder  string   // to run in: a settings file of somebody's is not there
	idle    time.Duration
}

// RunStart measures this very program as `serve`, on a database that is there
// and migrated.
func RunStart(ctx context.Context, c Config) (result StartResult, err error) {
	program, err := os.Executable()
	if err != nil {
		return result, fmt.Errorf("find this program: %w", err)
	}
	return measureStarts(ctx, c, starter{program: program, args: []string{"serve"}, idle: idleAfter}, starts)
}

func measureStarts(ctx context.Context, c Config, s starter, times int) (result StartResult, err error) {
	if err := c.check(); err != nil {
		return result, err
	}
	r := &rig{Config: c, url: c.DatabaseURL} // whose database alone is used
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.findDatabase(ctx); err != nil {
		return result, err
	}
	if r.url, err = migrated(ctx, r.url); err != nil {
		return result, err
	}
	if s.folder, err = os.MkdirTemp("", "passerelle-bench-"); err != nil {
		return result, fmt.Errorf("make a folder to start in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.folder)) }()
	s.env = append(s.env, "PASSERELLE_DATABASE_URL="+r.url, "PASSERELLE_KEYS="+secret.NewKey())
	var ready, idle []float64
	for i := range times {
		c.tell("starting `serve` on %s, %d of %d", c.Store, i+1, times)
		took, memory, err := s.once(ctx)
		if err != nil {
			return result, err
		}
		ready, idle = append(ready, took.Seconds()*1000), append(idle, memory)
	}
	return StartResult{Store: c.Store, Starts: times, Ready: round(median(ready)), IdleMemory: round(median(idle))}, nil
}

// migrated brings a database's schema up to date, as no start should have to, and
// returns its URL as it is from any folder.
func migrated(ctx context.Context, database string) (string, error) {
	if !store.IsPostgres(database) {
		var err error
		if database, err = filepath.Abs(database); err != nil {
			return "", fmt.Errorf("find the database: %w", err)
		}
	}
	s, err := store.Open(ctx, database, store.Options{})
	if err != nil {
		return "", err
	}
	return database, errors.Join(s.Migrate(ctx), s.Close())
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// once starts one, waits until it is ready and then idle, and stops it.
func (s starter) once(ctx context.Context) (ready time.Duration, memory float64, err error) {
	addr, err := freeAddress(ctx)
	if err != nil {
		return 0, 0, err
	}
	run, stop := context.WithCancel(ctx)
	defer stop()
	var log bytes.Buffer
	cmd := s.command(run, addr)
	cmd.Stderr = &log
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, fmt.Errorf("start %s: %w", s.program, err)
	}
	gone := make(chan struct{})
	go func() { defer close(gone); _ = cmd.Wait() }() // what went wrong is in its log
	ready, err = awaitReady(run, "http://"+addr+"/readyz", began, gone)
	if err == nil {
		memory, err = s.idleMemory(run, cmd.Process.Pid, gone)
	}
	stop()
	<-gone
	if err != nil {
		return 0, 0, fmt.Errorf("start a gateway: %w\n%s", err, log.String())
	}
	return ready, memory, nil
}

// command runs one until its context ends: then it is asked to drain, and killed
// only if it does not.
func (s starter) command(ctx context.Context, addr string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.program, s.args...)
	cmd.Dir = s.folder
	cmd.Env = slices.Concat(foreignEnvironment(), s.env, []string{
		"PASSERELLE_ADDR=" + addr, "PASSERELLE_ADMIN_ADDR=127.0.0.1:0", "PASSERELLE_PUBLIC_URL=http://" + addr,
	})
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = startLimit
	return cmd
}

// foreignEnvironment is this process's own without a setting of ours, which
// would be measured too.
func foreignEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PASSERELLE_") })
}

// freeAddress is one that nobody listens on.
func freeAddress(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// errEnded says that a gateway did not stay.
var errEnded = errors.New("it ended by itself")

// awaitReady asks until the answer is 200.
func awaitReady(ctx context.Context, url string, began time.Time, gone <-chan struct{}) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		if says200(ctx, client, url) {
			return time.Since(began), nil
		}
		select {
		case <-gone:
			return 0, errEnded
		case <-ctx.Done():
			return 0, fmt.Errorf("it is not ready: %w", ctx.Err())
		case <-time.After(askEvery):
		}
	}
}

func says200(ctx context.Context, client *http.Client, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	res, err := client.Do(req)
	if err != nil {
		return false // nobody listens yet
	}
	return res.Body.Close() == nil && res.StatusCode == http.StatusOK
}

// idleMemory is what a process occupies once it was left alone for a while, in
// megabytes.
func (s starter) idleMemory(ctx context.Context, pid int, gone <-chan struct{}) (float64, error) {
	select {
	case <-gone:
		return 0, errEnded
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(s.idle):
	}
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, nil // a system without /proc: it is left out
	}
	return residentMemory(string(status)), nil
}

// residentMemory reads VmRSS, in megabytes.
func residentMemory(status string) float64 {
	for line := range strings.Lines(status) {
		fields := strings.Fields(line)
		if len(fields) > 1 && fields[0] == "VmRSS:" {
			kb, err := strconv.ParseFloat(fields[1], 64)
			if err == nil {
				return kb / 1024
			}
		}
	}
	return 0
}
