package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/bench"
)

// growth measures the same requests at several sizes.
func (b benchCommand) growth(ctx context.Context, c bench.Config) error {
	sizes := strings.Trim(strings.ReplaceAll(fmt.Sprint(b.Sizes), " ", ","), "[]")
	r, err := bench.RunGrowth(ctx, bench.GrowthConfig{
		Config: c, Sizes: b.Sizes, Command: "passerelle bench --mode growth --store " + b.Store + " --sizes " + sizes,
	})
	if err == nil && b.Report != "" {
		err = bench.WriteGrowth(b.Report, r)
	}
	return b.show(r, nil, err, growthLines(r))
}

func growthLines(r bench.GrowthResult) []line {
	if len(r.Sizes) == 0 {
		return nil
	}
	var lines []line
	for _, s := range r.Sizes {
		lines = append(lines, line{fmt.Sprintf("%d payments", s.Payments), fmt.Sprintf("%d MB on %s, preloaded %.0f/s", s.Bytes>>20, r.Store, s.PreloadPerSecond)})
	}
	for i, m := range r.Sizes[0].Took {
		var each []string
		for _, s := range r.Sizes {
			each = append(each, fmt.Sprintf("%.2f", s.Took[i].P50))
		}
		text := strings.Join(each, ", ") + " ms at the median"
		for _, base := range r.Bases() {
			text += fmt.Sprintf("; %.2f times that of %d payments", r.Ratio(m.Name, base), base.Payments)
		}
		lines = append(lines, line{m.Name, text})
	}
	for _, s := range r.Skipped {
		lines = append(lines, line{"not measured", s})
	}
	return lines
}
