package backup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// companions are what SQLite keeps beside a database file. A stray one would be
// taken for a part of whatever database gets the name.
var companions = []string{"-wal", "-shm", "-journal"}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// occupied reports whether a database, or anything of one, stands at a path.
func occupied(path string) bool {
	for _, suffix := range append([]string{""}, companions...) {
		if exists(path + suffix) {
			return true
		}
	}
	return false
}

// partial makes an empty file beside path for its owner alone.
func partial(path string) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".partial-*")
	if err != nil {
		return "", fmt.Errorf("make a file beside %s: %w", path, err)
	}
	return f.Name(), f.Close()
}

// discard removes a partial file; one that has got its final name is not there.
func discard(path string) {
	for _, suffix := range append([]string{""}, companions...) {
		_ = os.Remove(path + suffix)
	}
}

// settle puts a file, under its final name, on disk. The name is the folder's.
func settle(from, to string) error {
	if err := synced(from); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("name the file: %w", err)
	}
	return synced(filepath.Dir(to))
}

func synced(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("write %s to disk: %w", path, err)
	}
	if err := syncFile(f); err != nil {
		return errors.Join(fmt.Errorf("write %s to disk: %w", path, err), f.Close())
	}
	return f.Close()
}

func copyFile(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copy backup: %w", err)
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("copy backup: %w", err)
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if _, err := io.Copy(target, source); err != nil {
		return fmt.Errorf("copy backup: %w", err)
	}
	return nil
}
