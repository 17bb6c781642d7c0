package main

import (
	"math"
	"os"
	"runtime/debug"
)

const (
	// collectAt has the collector wait until the heap is five times what is in
	// use: a payment leaves little behind, and marking that less often is worth a
	// tenth of a payment's processor time (docs/decisions/0005-the-cost-of-a-payment.md).
	collectAt = 400
	// memoryGoal, in bytes, is where it begins to hurry all the same.
	memoryGoal = 160 << 20
)

// tuneMemory trades memory for processor time, unless the operator did so
// through the variables of the Go runtime.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(memoryGoal)
	}
}
