package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

const (
	// growthRounds are how many times each thing is measured at each size.
	growthRounds = 200
	// growthWarmup are the rounds before those, which count for nothing.
	growthWarmup = 20
	// growthDraws are how many payments are drawn to be looked for: one for each
	// time anything is measured.
	growthDraws = 4000
	// growthReserve is what a run leaves free on the disk.
	growthReserve = 10 << 30
)

// GrowthConfig says at which sizes a gateway is measured.
type GrowthConfig struct {
	Config
	// Sizes are the payments stored, smallest first.
	Sizes []int
	// Rounds are how often each thing is measured at each size; 0 is growthRounds.
	Rounds int
	// Command is how it was called, for the record.
	Command string
}

// GrowthResult is how long the same things take with more and more stored.
type GrowthResult struct {
	Store   string       `json:"store"`
	Date    string       `json:"date"`
	Machine string       `json:"machine"`
	Command string       `json:"command"`
	Rounds  int          `json:"rounds"`
	Sizes   []GrowthSize `json:"sizes"`
	// Skipped says which sizes had no room on the disk.
	Skipped []string `json:"skipped,omitempty"`
}

// GrowthSize is what was measured with so many payments stored.
type GrowthSize struct {
	Payments int   `json:"payments"`
	Bytes    int64 `json:"bytes"`
	// PreloadPerSecond is how fast they were laid down, indexes included.
	PreloadPerSecond float64         `json:"preload_per_s"`
	Took             []GrowthMeasure `json:"took"`
}

// GrowthMeasure is one thing that was measured.
type GrowthMeasure struct {
	Name string `json:"name"`
	Percentiles
}

// RunGrowth measures a gateway per size. All of them stand side by side and are
// measured in turn, one request after the other, so that whatever else the
// machine does meets all sizes alike.
func RunGrowth(ctx context.Context, c GrowthConfig) (result GrowthResult, err error) {
	if err := c.check(); err != nil {
		return result, err
	}
	if len(c.Sizes) == 0 || slices.Min(c.Sizes) < failedPayments || c.DatabaseURL != "" {
		return result, fmt.Errorf("growth is measured on databases of its own, each with %d payments at least", failedPayments)
	}
	c.Rounds = cmp.Or(c.Rounds, growthRounds)
	slices.Sort(c.Sizes)
	result = GrowthResult{
		Store: c.Store, Date: time.Now().UTC().Format(time.DateOnly), Machine: machine(), Command: c.Command, Rounds: c.Rounds,
	}
	var stages []*stage
	defer func() {
		for _, s := range stages {
			err = errors.Join(err, s.close())
		}
	}()
	for _, size := range c.Sizes {
		if short := noRoom(stages, size); short != "" {
			c.tell("%s", short)
			result.Skipped = append(result.Skipped, short)
			continue
		}
		s, err := newStage(ctx, c.Config, size)
		if err != nil {
			return result, fmt.Errorf("prepare %d payments: %w", size, err)
		}
		stages = append(stages, s)
		c.tell("%d payments take %d MB", size, s.size.Bytes>>20)
	}
	if err := measureStages(ctx, c, stages); err != nil {
		return result, err
	}
	for _, s := range stages {
		result.Sizes = append(result.Sizes, s.figures())
	}
	return result, nil
}

// noRoom says why a size is left out: the disk would be full.
func noRoom(stages []*stage, size int) string {
	if len(stages) == 0 {
		return ""
	}
	last := stages[len(stages)-1]
	need := int64(float64(last.size.Bytes-last.empty) / float64(last.size.Payments) * float64(size))
	free, known := freeDisk(os.TempDir())
	if !known || free-need >= growthReserve {
		return ""
	}
	return fmt.Sprintf("%d payments: they take some %d GB, and of %d GB free %d stay so", size, need>>30, free>>30, int64(growthReserve)>>30)
}

// measureStages goes round: each thing at each size, again and again.
func measureStages(ctx context.Context, c GrowthConfig, stages []*stage) error {
	for round := range c.Rounds + growthWarmup {
		for i := range stages[0].things {
			for j := range stages {
				s := stages[(j+round)%len(stages)] // none always comes first
				took, err := s.once(ctx, s.things[i])
				if err != nil {
					return fmt.Errorf("%s with %d payments: %w", s.things[i].name, s.size.Payments, err)
				}
				if round >= growthWarmup {
					s.things[i].took.add(took)
				}
			}
		}
		if round%20 == 19 {
			c.tell("measured %d of %d rounds", round+1, c.Rounds+growthWarmup)
		}
	}
	return nil
}
