package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// LoadOrCreateKeyring reads the keyring file at path, or makes one with a fresh
// key that only its owner may read. Of several processes that start at once,
// one makes the file and all use it. It refuses a file that others may read.
func LoadOrCreateKeyring(path string) (Box, error) {
	box, err := loadKeyring(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return box, err
	}
	if err := createKeyring(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return Box{}, fmt.Errorf("secret: creating the keyring file: %w", err)
	}
	return loadKeyring(path)
}

func loadKeyring(path string) (Box, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Box{}, fmt.Errorf("secret: reading the keyring file: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return Box{}, fmt.Errorf("secret: the keyring file %s has mode %04o and may be read by others: chmod 600 it", path, mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Box{}, fmt.Errorf("secret: reading the keyring file: %w", err)
	}
	box, err := ParseKeyring(string(text))
	if err != nil {
		return Box{}, fmt.Errorf("keyring file %s: %w", path, err)
	}
	return box, nil
}

// createKeyring writes the file aside and links it into place: a crash leaves
// no half-written keyring, and unlike a rename a link never replaces the file
// another process has just made.
func createKeyring(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, ".keyring-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.WriteString(NewKey() + "\n")
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return err
	}
	return os.Link(file.Name(), path)
}
