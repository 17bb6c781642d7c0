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

// LoadKeyring reads the keyring file at path. It refuses a file that others may
// read.
func LoadKeyring(path string) (Box, error) { return loadKeyring(path) }

func loadKeyring(path string) (Box, error) {
	text, err := readKeyring(path)
	if err != nil {
		return Box{}, err
	}
	box, err := ParseKeyring(text)
	if err != nil {
		return Box{}, fmt.Errorf("keyring file %s: %w", path, err)
	}
	return box, nil
}

func readKeyring(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("secret: reading the keyring file: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return "", fmt.Errorf("secret: the keyring file %s has mode %04o and may be read by others: chmod 600 it", path, mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("secret: reading the keyring file: %w", err)
	}
	return string(text), nil
}

// createKeyring writes the file aside and links it into place: a crash leaves
// no half-written keyring, and unlike a rename a link never replaces the file
// another process has just made.
func createKeyring(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	aside, err := writeAside(path, NewKey())
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(aside) }()
	return os.Link(aside, path)
}

// writeAside writes a keyring beside its place and names the file, which only
// its owner may read.
func writeAside(path, text string) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".keyring-*") // made with mode 0600
	if err != nil {
		return "", err
	}
	_, err = file.WriteString(text + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}
