//go:build !linux && !darwin

package doctor

// freeSpace is not measured on this system.
func freeSpace(string) (free uint64, known bool) { return 0, false }
