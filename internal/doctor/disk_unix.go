//go:build linux || darwin

package doctor

import "syscall"

// freeSpace is what a user without privileges may still write at a path, in bytes.
func freeSpace(path string) (free uint64, known bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil || s.Bsize < 0 {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}
