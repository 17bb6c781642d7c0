package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// debianBins is where Debian keeps each major version's programs; it puts
// neither initdb nor postgres in PATH.
const debianBins = "/usr/lib/postgresql/*/bin"

// errNotInstalled says what to do, as the reader is whoever ran the tests.
var errNotInstalled = errors.New("PostgreSQL's initdb and postgres are not installed; run: apt-get install -y postgresql (or make test-deps)")

// findBins returns the folder that holds initdb and postgres, preferring the
// newest version that matches pattern over what PATH offers.
func findBins(pattern string, lookPath func(string) (string, error)) (string, error) {
	dirs, err := filepath.Glob(pattern)
	if err != nil {
		return "", fmt.Errorf("look for PostgreSQL in %s: %w", pattern, err)
	}
	best, bestMajor := "", -1
	for _, dir := range dirs {
		major, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		if err == nil && major > bestMajor && holdsServer(dir) {
			best, bestMajor = dir, major
		}
	}
	if best != "" {
		return best, nil
	}
	if initdb, err := lookPath("initdb"); err == nil && holdsServer(filepath.Dir(initdb)) {
		return filepath.Dir(initdb), nil
	}
	return "", errNotInstalled
}

func holdsServer(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// unprivileged returns the user that PostgreSQL runs as when we are root,
// which it refuses to be. For any other user it is nil: we stay who we are.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("read the user id of %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("read the group id of %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as")
}

// makeFolder makes the server's folder and gives it to owner, if there is one.
func makeFolder(owner *syscall.Credential) (string, error) {
	parent := os.TempDir()
	if owner != nil {
		parent = "/tmp" // root's TMPDIR may be closed to the other user
	}
	dir, err := os.MkdirTemp(parent, "passerelle-pg-")
	if err != nil {
		return "", fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	if owner == nil {
		return dir, nil
	}
	if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
		return "", errors.Join(fmt.Errorf("give PostgreSQL its folder: %w", err), os.RemoveAll(dir))
	}
	return dir, nil
}
