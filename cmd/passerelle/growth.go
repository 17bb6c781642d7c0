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
		last := r.Sizes[len(r.Sizes)-1].Took[i].P50
		lines = append(lines, line{m.Name, fmt.Sprintf("%s ms at the median, ratio %.2f", strings.Join(each, ", "), last/max(m.P50, 0.001))})
	}
	for _, s := range r.Skipped {
		lines = append(lines, line{"not measured", s})
	}
	return lines
}
