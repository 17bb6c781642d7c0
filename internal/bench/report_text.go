package bench

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// none stands where nothing was measured, or nothing can be.
const none = "–"

// performanceText is the block of performance.md, of sorted measurements.
func performanceText(all []Measurement) string {
	var b strings.Builder
	b.WriteString("Written by `make bench`; the same figures and some more are in [performance.json](performance.json).\n\n")
	writeCircumstances(&b, all)
	writeLifeCycles(&b, all)
	writeParts(&b, all)
	b.WriteString("\n```sh\n")
	for _, m := range all {
		b.WriteString(m.Command + "\n")
	}
	b.WriteString("```\n")
	return b.String()
}

// circumstances are what measurements share that were made together.
type circumstances struct{ Machine, System, Version, Go string }

func (m Measurement) circumstances() circumstances {
	return circumstances{m.Machine, m.System, m.Version, m.Go}
}

// writeCircumstances writes a line for each machine and version; where there are
// several, with what each of them measured.
func writeCircumstances(b *strings.Builder, all []Measurement) {
	groups := map[circumstances][]Measurement{}
	var order []circumstances
	for _, m := range all {
		at := m.circumstances()
		if groups[at] == nil {
			order = append(order, at)
		}
		groups[at] = append(groups[at], m)
	}
	for _, at := range order {
		group := groups[at]
		fmt.Fprintf(b, "- %s, %s; %s; passerelle %s, %s%s", at.Machine, at.System, dates(group), cmp.Or(at.Version, "dev"), at.Go, databases(group))
		if len(order) > 1 {
			var names []string
			for _, m := range group {
				names = append(names, m.name())
			}
			b.WriteString(": " + strings.Join(names, "; "))
		}
		b.WriteString("\n")
	}
}

func dates(group []Measurement) string {
	var list []string
	for _, m := range group {
		list = append(list, m.Date)
	}
	if first, last := slices.Min(list), slices.Max(list); first != last {
		return first + " to " + last
	}
	return list[0]
}

// databases are the versions of PostgreSQL; SQLite is part of the program.
func databases(group []Measurement) (text string) {
	var seen []string
	for _, m := range group {
		if m.PostgreSQL != "" && !slices.Contains(seen, m.PostgreSQL) {
			seen = append(seen, m.PostgreSQL)
			text += ", PostgreSQL " + m.PostgreSQL
		}
	}
	return text
}

// name tells a measurement from the others.
func (m Measurement) name() string {
	if m.LifeCycle != nil {
		return m.load()
	}
	return m.Mode + " on " + m.column()
}

// load is the store of a life cycle, and what comes to it.
func (m Measurement) load() string {
	text := storeTitle(m.Store) + ", closed model"
	if m.Rate > 0 {
		text = fmt.Sprintf("%s, open model, %v/s", storeTitle(m.Store), m.Rate)
	}
	if m.ProviderLatency != LatencyNone {
		text += ", " + m.ProviderLatency + " provider"
	}
	return text + m.stored()
}

// column is where the figures of a part stand.
func (m Measurement) column() string { return storeTitle(m.Store) + m.stored() }

func (m Measurement) stored() string {
	if m.Preload == 0 {
		return ""
	}
	return ", " + grouped(m.Preload) + " stored"
}

var lifeCycleColumns = []struct {
	title string
	cell  func(r *Result) string
}{
	{"life cycles/s", func(r *Result) string { return whole(r.LifeCyclesPerSecond) }},
	{"floor/s", func(r *Result) string { return whole(r.FloorPerSecond) }},
	{"ratio", func(r *Result) string { return hundredths(r.Ratio) }},
	{"create p50 / p99 ms", func(r *Result) string { return r.Create.cell() }},
	{"added p50 / p99 ms", func(r *Result) string { return r.Added.cell() }},
	{"whole p50 / p99 ms", func(r *Result) string { return r.Whole.cell() }},
	{"CPU ms", func(r *Result) string { return hundredths(r.CPUPerLifeCycle) }},
	{"CPU ms of PostgreSQL", func(r *Result) string { return known(r.DatabaseCPU, hundredths) }},
	{"bytes stored", func(r *Result) string { return whole(r.BytesPerPayment) }},
	{"WAL bytes", func(r *Result) string { return known(r.WALPerPayment, whole) }},
	{"peak memory MB", func(r *Result) string { return whole(r.PeakMemory) }},
	{"invariants", func(r *Result) string {
		if r.InvariantsHold {
			return "all hold"
		}
		return fmt.Sprintf("**%d broken**", len(r.Violations))
	}},
}

func writeLifeCycles(b *strings.Builder, all []Measurement) {
	begun := false
	for _, m := range all {
		if m.LifeCycle == nil {
			continue
		}
		if !begun {
			begun = true
			b.WriteString("\n| load |")
			for _, c := range lifeCycleColumns {
				b.WriteString(" " + c.title + " |")
			}
			b.WriteString("\n| --- |" + strings.Repeat(" ---: |", len(lifeCycleColumns)) + "\n")
		}
		b.WriteString("| " + m.load() + " |")
		for _, c := range lifeCycleColumns {
			b.WriteString(" " + c.cell(m.LifeCycle) + " |")
		}
		b.WriteString("\n")
	}
}

func (p Percentiles) cell() string { return fmt.Sprintf("%.1f / %.1f", p.P50, p.P99) }

// whole rounds as the figures are printed.
func whole(x float64) string { return grouped(int(math.RoundToEven(x))) }

func hundredths(x float64) string { return fmt.Sprintf("%.2f", x) }

// known writes a figure that not every store or system has.
func known(x float64, write func(float64) string) string {
	if x == 0 {
		return none
	}
	return write(x)
}
