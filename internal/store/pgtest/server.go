package pgtest

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed supervise.sh
var supervisor string

// startLimit is generous: it is reached only when something is broken, and
// machines that run tests are sometimes very busy.
const startLimit = 60 * time.Second

// Options choose how a server is run.
type Options struct {
	// Durable keeps fsync and full-page writes on, as in production, so that
	// committed data outlives a crash of the server. It is many times slower.
	Durable bool
	// Replicated lets a [Server.Standby] follow.
	Replicated bool
}

// settings are postgres options. Some hundred connections serve tests that
// throw concurrent requests at a gateway; the log keeps start-up and fatal
// errors only, as tests provoke the others on purpose.
func (o Options) settings() []string {
	s := []string{
		"-c", "max_connections=300",
		"-c", "shared_buffers=64MB",
		"-c", "log_checkpoints=off",
		"-c", "log_min_messages=log",
		"-c", "log_min_error_statement=panic",
	}
	if o.Replicated {
		s = append(s, "-c", "wal_level=replica", "-c", "max_wal_senders=4")
	} else {
		s = append(s, "-c", "wal_level=minimal", "-c", "max_wal_senders=0")
	}
	if !o.Durable {
		s = append(s, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	return s
}

// Server is a running PostgreSQL that belongs to this process.
type Server struct {
	dir       string
	bins      string
	owner     *syscall.Credential
	opts      Options
	log       *os.File
	lifeline  io.Closer
	exited    chan struct{}
	databases atomic.Int64
}

// Start initialises and starts a server. The caller owns it and calls
// [Server.Stop]; should it not live to do so, the server stops with it.
func Start(ctx context.Context, opts Options) (*Server, error) { return start(ctx, opts, "") }

// start makes a server's data with the supervisor's own command, initdb, or by
// copying the server whose folder is named.
func start(ctx context.Context, opts Options, primary string) (*Server, error) {
	bins, err := findBins(debianBins, exec.LookPath)
	if err != nil {
		return nil, err
	}
	owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	s := &Server{exited: make(chan struct{}), bins: bins, owner: owner, opts: opts}
	if s.log, err = unlinkedFile(); err != nil {
		return nil, err
	}
	if s.dir, err = makeFolder(owner); err != nil {
		return nil, errors.Join(err, s.log.Close())
	}
	if err := s.launch(primary); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir), s.log.Close())
	}
	if err := s.awaitReady(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%w\n%s", err, s.readLog()), s.Stop())
	}
	return s, nil
}

// launch runs the supervisor. Its output goes to a file and not to ours:
// `go test` waits for whoever holds a test's output.
func (s *Server) launch(primary string) error {
	args := append([]string{"-c", supervisor, "sh", s.bins, s.dir, primary}, s.opts.settings()...)
	cmd := exec.Command("sh", args...)
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = s.log, s.log
	// A process group of its own, so that Ctrl-C reaches the test and not the
	// server under it. The environment must not aim initdb elsewhere.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner, Setpgid: true}
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("make PostgreSQL's lifeline: %w", err)
	}
	s.lifeline = lifeline
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start PostgreSQL's supervisor: %w", err)
	}
	go func() {
		// How it ended shows in the log; that it ended is what others wait for.
		_ = cmd.Wait()
		close(s.exited)
	}()
	return nil
}

func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.exited:
			return errors.New("PostgreSQL ended while starting; its log:")
		case <-ctx.Done():
			return fmt.Errorf("wait for PostgreSQL to start: %w; its log:", ctx.Err())
		case <-tick.C:
		}
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
	}
}

// Stop ends the server at once, as a crash would, and removes its folder.
// A second call does nothing.
func (s *Server) Stop() error {
	if err := s.lifeline.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	<-s.exited
	if err := s.log.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("close PostgreSQL's log: %w", err)
	}
	return os.RemoveAll(s.dir)
}

// Crash kills the server with SIGKILL and waits until it has been started again
// on the same data. Its connections break; what was committed is there after.
func (s *Server) Crash(ctx context.Context) error {
	if err := s.kill(); err != nil {
		return fmt.Errorf("crash PostgreSQL: %w", err)
	}
	if err := s.awaitReady(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, s.readLog())
	}
	return nil
}

// kill ends the server with SIGKILL.
func (s *Server) kill() error {
	text, err := os.ReadFile(filepath.Join(s.dir, "pid"))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("read its process id: %w", err)
	}
	return syscall.Kill(pid, syscall.SIGKILL)
}

// URL is the address of one of the server's databases.
func (s *Server) URL(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User("postgres"),
		Path:     "/" + database,
		RawQuery: url.Values{"host": {s.dir}}.Encode(),
	}
	return u.String()
}

// Create makes an empty database and returns its URL.
func (s *Server) Create(ctx context.Context) (string, error) {
	return s.create(ctx, "template0")
}

func (s *Server) create(ctx context.Context, template string) (string, error) {
	name := "db" + strconv.FormatInt(s.databases.Add(1), 10)
	if err := s.admin(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		return "", fmt.Errorf("create a test database from %s: %w", template, err)
	}
	return s.URL(name), nil
}

// Drop removes a database that [Server.Create] made, whoever is connected.
func (s *Server) Drop(ctx context.Context, databaseURL string) error {
	name, err := databaseName(databaseURL)
	if err != nil {
		return err
	}
	if err := s.admin(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop test database %s: %w", name, err)
	}
	return nil
}

// admin connects for a single statement: a template can be copied only while
// nobody is connected to it, so connections are not kept.
func (s *Server) admin(ctx context.Context, statement string) (err error) {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

func databaseName(databaseURL string) (string, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "", fmt.Errorf("read a database URL: %w", err)
	}
	return pgx.Identifier{strings.TrimPrefix(u.Path, "/")}.Sanitize(), nil
}

// unlinkedFile is a file without a name, so that nobody has to remove it.
func unlinkedFile() (*os.File, error) {
	f, err := os.CreateTemp("", "passerelle-pg-log-")
	if err != nil {
		return nil, fmt.Errorf("make PostgreSQL's log: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("unlink PostgreSQL's log: %w", err), f.Close())
	}
	return f, nil
}

// readLog reads from the start without moving the offset that the server
// writes at, which it shares with us.
func (s *Server) readLog() string {
	text, err := io.ReadAll(io.NewSectionReader(s.log, 0, 1<<20))
	if err != nil {
		return fmt.Sprintf("(unreadable: %v)", err)
	}
	return string(text)
}
