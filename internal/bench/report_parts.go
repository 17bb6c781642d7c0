package bench

import (
	"slices"
	"strings"
)

// partRow is a figure of a part. Its cell is none for what measured another part.
type partRow struct {
	title string
	cell  func(m Measurement) string
}

var partRows = []partRow{
	{"ledger postings/s", ofLedger(func(r *LedgerResult) string { return whole(r.PostingsPerSecond) })},
	{"ledger journals/s", ofLedger(func(r *LedgerResult) string { return whole(r.JournalsPerSecond) })},
	{"webhook deliveries/s", ofWebhooks(func(r *WebhooksResult) string { return whole(r.DeliveriesPerSecond) })},
	{"webhook deliveries/s beside a dead endpoint", ofWebhooks(func(r *WebhooksResult) string { return known(r.BesideDead, whole) })},
	{"CPU ms a webhook delivery", ofWebhooks(func(r *WebhooksResult) string { return known(r.CPUPerDelivery, hundredths) })},
	{"sandbox creations/s", ofSandbox(func(r *SandboxResult) string { return whole(r.CreationsPerSecond) })},
	{"sandbox creation p50 / p99 ms", ofSandbox(func(r *SandboxResult) string { return r.Creation.cell() })},
	{"sandbox status requests/s", ofSandbox(func(r *SandboxResult) string { return whole(r.StatusesPerSecond) })},
	{"sandbox status request p50 / p99 ms", ofSandbox(func(r *SandboxResult) string { return r.Status.cell() })},
	{"`serve` ready after ms", ofStart(func(r *StartResult) string { return whole(r.Ready) })},
	{"memory of an idle `serve` MB", ofStart(func(r *StartResult) string { return known(r.IdleMemory, whole) })},
}

func ofLedger(f func(*LedgerResult) string) func(Measurement) string {
	return func(m Measurement) string { return cellOf(m.Ledger, f) }
}

func ofWebhooks(f func(*WebhooksResult) string) func(Measurement) string {
	return func(m Measurement) string { return cellOf(m.Webhooks, f) }
}

func ofSandbox(f func(*SandboxResult) string) func(Measurement) string {
	return func(m Measurement) string { return cellOf(m.Sandbox, f) }
}

func ofStart(f func(*StartResult) string) func(Measurement) string {
	return func(m Measurement) string { return cellOf(m.Start, f) }
}

func cellOf[R any](r *R, f func(*R) string) string {
	if r == nil {
		return none
	}
	return f(r)
}

// writeParts writes what was measured of the parts by themselves: a row a
// figure, a column a store.
func writeParts(b *strings.Builder, all []Measurement) {
	var columns []string
	parts := slices.DeleteFunc(slices.Clone(all), func(m Measurement) bool { return m.LifeCycle != nil })
	for _, m := range parts {
		if !slices.Contains(columns, m.column()) {
			columns = append(columns, m.column())
		}
	}
	if len(columns) == 0 {
		return
	}
	b.WriteString("\n| part | " + strings.Join(columns, " | ") + " |\n| --- |" + strings.Repeat(" ---: |", len(columns)) + "\n")
	for _, row := range partRows {
		if cells, some := row.cells(parts, columns); some {
			b.WriteString("| " + row.title + " | " + strings.Join(cells, " | ") + " |\n")
		}
	}
}

// cells are a row's, one a column; none of them may have been measured.
func (row partRow) cells(parts []Measurement, columns []string) (cells []string, some bool) {
	for _, column := range columns {
		cell := none
		for _, m := range parts {
			if text := row.cell(m); text != none && m.column() == column {
				cell, some = text, true
			}
		}
		cells = append(cells, cell)
	}
	return cells, some
}
