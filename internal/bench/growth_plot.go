package bench

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// The plot is one small panel per thing: payments to the right in powers of ten,
// milliseconds upward from zero, a line per run.
const (
	panelsInRow             = 4
	panelWide, panelHigh    = 210, 150
	plotLeft, plotTop       = 34, 30
	plotWide, plotHigh      = 160, 86
	plotMargin, legendSpace = 14, 34
)

var storeColours = map[string]string{SQLite: "#0b6e99", Postgres: "#b4560f"}

const plotStyle = `<style>text{font:11px system-ui,sans-serif;fill:#444}.t{font-weight:600;fill:#222}.a{stroke:#bbb;fill:none}.g{stroke:#eee}.e{text-anchor:end}.m{text-anchor:middle}</style>`

func growthPlot(all []GrowthResult) []byte {
	names := plotNames(all)
	rows := (len(names) + panelsInRow - 1) / panelsInRow
	wide, high := panelsInRow*panelWide+2*plotMargin, rows*panelHigh+plotMargin+legendSpace
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="Median times by payments stored">`, wide, high, wide, high)
	b.WriteString(plotStyle + `<rect width="100%" height="100%" fill="#fff"/>`)
	x := plotMargin + plotLeft
	for _, store := range []string{SQLite, Postgres} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="20" r="4" fill="%s"/><text x="%d" y="24">%s</text>`, x, storeColours[store], x+9, storeTitle(store))
		x += 90
	}
	fmt.Fprintf(&b, `<text x="%d" y="24">median in ms, by payments stored</text>`, x)
	for i, name := range names {
		fmt.Fprintf(&b, `<g transform="translate(%d %d)">`, plotMargin+i%panelsInRow*panelWide, legendSpace+i/panelsInRow*panelHigh)
		panel(&b, name, all)
		b.WriteString(`</g>`)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func plotNames(all []GrowthResult) []string {
	var names []string
	for _, r := range all {
		for _, s := range r.Sizes {
			for _, m := range s.Took {
				if !slices.Contains(names, m.Name) {
					names = append(names, m.Name)
				}
			}
		}
	}
	return names
}

// panel draws one thing.
func panel(b *bytes.Buffer, name string, all []GrowthResult) {
	top, fewest, most := 0.0, math.Inf(1), 0.0
	for _, r := range all {
		for _, s := range r.Sizes {
			p, _ := s.find(name)
			top = max(top, p.P50)
			fewest, most = min(fewest, math.Log10(float64(s.Payments))), max(most, math.Log10(float64(s.Payments)))
		}
	}
	top = roundUp(top)
	right := func(payments int) float64 {
		return plotLeft + plotWide*(math.Log10(float64(payments))-fewest)/max(most-fewest, 0.1)
	}
	up := func(ms float64) float64 { return plotTop + plotHigh*(1-ms/top) }
	fmt.Fprintf(b, `<text class="t" x="%d" y="18">%s</text>`, plotLeft, html.EscapeString(name))
	for _, ms := range []float64{0, top / 2, top} {
		fmt.Fprintf(b, `<path class="g" d="M%d %.1fh%d"/><text class="e" x="%d" y="%.1f">%.3g</text>`, plotLeft, up(ms), plotWide, plotLeft-4, up(ms)+4, ms)
	}
	for power := math.Ceil(fewest); power <= most; power++ {
		fmt.Fprintf(b, `<text class="m" x="%.1f" y="%d">%s</text>`, right(int(math.Pow(10, power))), plotTop+plotHigh+15, shortNumber(power))
	}
	fmt.Fprintf(b, `<path class="a" d="M%d %dv%dh%d"/>`, plotLeft, plotTop, plotHigh, plotWide)
	for _, r := range all {
		curve(b, r, name, right, up)
	}
}

func curve(b *bytes.Buffer, r GrowthResult, name string, right func(int) float64, up func(float64) float64) {
	var points []string
	colour := storeColours[r.Store]
	for _, s := range r.Sizes {
		p, ok := s.find(name)
		if !ok {
			continue
		}
		x, y := right(s.Payments), up(p.P50)
		points = append(points, fmt.Sprintf("%.1f %.1f", x, y))
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="2.5" fill="%s"/>`, x, y, colour)
	}
	if len(points) > 1 {
		fmt.Fprintf(b, `<path d="M%s" fill="none" stroke="%s" stroke-width="1.5"/>`, strings.Join(points, "L"), colour)
	}
}

// roundUp is the next 1, 2 or 5 times a power of ten.
func roundUp(x float64) float64 {
	if x <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, step := range []float64{1, 2, 5} {
		if x <= step*power {
			return step * power
		}
	}
	return 10 * power
}

func shortNumber(power float64) string {
	switch n := math.Pow(10, power); {
	case n >= 1e6:
		return fmt.Sprintf("%.0fM", n/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.0fk", n/1e3)
	default:
		return fmt.Sprintf("%.0f", n)
	}
}
