package simtest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"
)

// dice makes all random choices of a run. Each is drawn from the seed and from
// what is decided, so that it depends on nothing that was decided before.
type dice struct{ seed uint64 }

// roll is a source of its own for one decision.
func (d dice) roll(about ...any) *rand.Rand {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %q", d.seed, about))
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint64(sum[8:])))
}

// chance is true so many times in a hundred.
func (d dice) chance(percent int, about ...any) bool { return d.roll(about...).IntN(100) < percent }

// within is a time between two.
func (d dice) within(from, to time.Duration, about ...any) time.Duration {
	return from + time.Duration(d.roll(about...).Int64N(int64(to-from)))
}

// pick is one of a list.
func pick[T any](d dice, list []T, about ...any) T { return list[d.roll(about...).IntN(len(list))] }
