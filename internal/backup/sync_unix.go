//go:build unix

package backup

import "os"

// syncFile puts a file or a folder on disk.
func syncFile(f *os.File) error { return f.Sync() }
