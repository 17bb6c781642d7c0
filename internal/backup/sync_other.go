//go:build !unix

package backup

import "os"

// syncFile puts a file on disk. Windows has no such thing for a folder, and
// wants a file that was opened for writing.
func syncFile(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		return err
	}
	writable, err := os.OpenFile(f.Name(), os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = writable.Close() }()
	return writable.Sync()
}
