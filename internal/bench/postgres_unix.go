//go:build unix

package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// supervisor runs a PostgreSQL of our own until standard input closes, which it
// does however this process ends, and removes its folder. All settings that
// make commits durable stay at their defaults.
const supervisor = `set -u
bin=$1 dir=$2
trap 'rm -rf "$dir"' EXIT
exec 3<&0 </dev/null
"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C || exit 1
"$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c shared_buffers=256MB -c min_wal_size=1GB -c max_wal_size=4GB -c log_min_messages=fatal 3<&- &
cat <&3 >/dev/null
kill -INT $! 2>/dev/null
wait`

// postgresStart is how long a server may take to start on a busy machine.
const postgresStart = time.Minute

// startPostgres starts a PostgreSQL of our own on a Unix socket, and returns
// its database and how to stop it.
func startPostgres(ctx context.Context) (database string, stop func() error, err error) {
	bin, err := postgresPrograms()
	if err != nil {
		return "", nil, err
	}
	dir, owner, err := postgresFolder()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.Command("sh", "-c", supervisor, "sh", bin, dir)
	cmd.Dir = "/"
	// A group of its own, so that Ctrl-C stops us and not the server under us.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Setpgid: true}
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	lifeline, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("start PostgreSQL: %w", err), os.RemoveAll(dir))
	}
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres", RawQuery: url.Values{"host": {dir}}.Encode()}
	stop = func() error { return stopPostgres(cmd, lifeline) }
	err = awaitPostgres(ctx, u.String())
	if err == nil {
		err = age(ctx, u.String())
	}
	if err != nil {
		return "", nil, errors.Join(err, stop())
	}
	return u.String(), stop, nil
}

func stopPostgres(cmd *exec.Cmd, lifeline io.Closer) error {
	if err := lifeline.Close(); err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	return nil
}

func awaitPostgres(ctx context.Context, database string) error {
	ctx, cancel := context.WithTimeout(ctx, postgresStart)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, database)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for PostgreSQL to start: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// age gives a new server what one has that has run for a while: files of its log
// to write over. Making one takes tens of milliseconds, in which nothing commits.
func age(ctx context.Context, database string) (err error) {
	const files = 24 // of 16 MB: more than a run writes
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	for range files {
		if _, err := conn.Exec(ctx, `SELECT pg_logical_emit_message(false, 'bench', 'age'); SELECT pg_switch_wal()`); err != nil {
			return fmt.Errorf("fill PostgreSQL's log: %w", err)
		}
	}
	if _, err := conn.Exec(ctx, "CHECKPOINT"); err != nil {
		return fmt.Errorf("have PostgreSQL's log reused: %w", err)
	}
	return nil
}

// postgresPrograms is the folder of initdb and postgres, of the newest version
// where Debian keeps them, else of PATH.
func postgresPrograms() (string, error) {
	best, newest := "", -1
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", fmt.Errorf("look for PostgreSQL: %w", err)
	}
	for _, program := range found {
		dir := filepath.Dir(program)
		if major, err := strconv.Atoi(filepath.Base(filepath.Dir(dir))); err == nil && major > newest {
			best, newest = dir, major
		}
	}
	if best != "" {
		return best, nil
	}
	program, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("PostgreSQL is not installed here: give --database-url, or run apt-get install -y postgresql")
	}
	return filepath.Dir(program), nil
}

// postgresFolder makes the server's folder and says as whom it runs: it refuses
// to be root.
func postgresFolder() (string, *syscall.Credential, error) {
	dir, err := os.MkdirTemp("", "passerelle-bench-")
	if err != nil {
		return "", nil, fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	if os.Geteuid() != 0 {
		return dir, nil, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("PostgreSQL refuses to run as root: %w", err), os.RemoveAll(dir))
	}
	uid, err1 := strconv.ParseUint(who.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(who.Gid, 10, 32)
	if err := errors.Join(err1, err2, os.Chown(dir, int(uid), int(gid))); err != nil {
		return "", nil, errors.Join(fmt.Errorf("give PostgreSQL its folder: %w", err), os.RemoveAll(dir))
	}
	return dir, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
