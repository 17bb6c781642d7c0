//go:build !unix

package bench

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }

// freeDisk is not known here.
func freeDisk(string) (free int64, known bool) { return 0, false }
