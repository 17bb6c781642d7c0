package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/passerelle-pay/passerelle/internal/bench"
)

type benchCommand struct {
	Mode            string        `help:"lifecycle, or a part by itself: ledger postings, webhooks from the outbox, sandbox requests; start: how soon serve is ready, and its memory when idle; or growth: the same requests with more and more stored." enum:"lifecycle,ledger,webhooks,sandbox,start,growth" default:"lifecycle"`
	Store           string        `help:"sqlite or postgres." enum:"sqlite,postgres" default:"sqlite"`
	DatabaseURL     string        `name:"database-url" help:"Database to use, which keeps what is written; a temporary one unless set." placeholder:"URL"`
	Rate            float64       `help:"Payments that arrive per second, whatever becomes of those before; 0 has clients run one life cycle after the other." default:"0"`
	Clients         int           `help:"Clients of the closed model." default:"128"`
	Duration        time.Duration `help:"How long it is measured." default:"20s"`
	Warmup          time.Duration `help:"How long it runs before that." default:"3s"`
	Preload         int           `help:"Settled payments that are there at the start." default:"0"`
	ProviderLatency string        `name:"provider-latency" help:"none, or lognormal: 120 ms at the median, 380 ms at the 99th percentile, one answer in a hundred lost." enum:"none,lognormal" default:"none"`
	Sizes           []int         `help:"Payments stored, for growth." default:"1000,10000,1000000" placeholder:"N"`
	Report          string        `help:"Folder to keep the figures in: performance.md and performance.json; for growth growth.md, growth.svg and growth.json." placeholder:"FOLDER"`
	CPUProfile      string        `name:"cpu-profile" help:"Write a CPU profile of the life cycles measured, for go tool pprof." placeholder:"FILE"`
	JSON            bool          `name:"json" help:"Print the figures as JSON."`
}

// Help is shown by `passerelle bench --help`.
func (benchCommand) Help() string {
	return `A life cycle is a payment created over HTTP, the provider called, its notification and
status back, the ledger posted, and a signed webhook delivered and acknowledged; every
commit is durable. Gateway, load generator, provider and merchant share this process, so
CPU time and memory are of all of them; a database server has its own. The floor is how
fast a bare loop commits the same rows in as many transactions. The exit status is 0 only
if the database holds every invariant afterwards.`
}

// Run measures; it fails if an invariant does not hold.
func (b benchCommand) Run(ctx context.Context) (err error) {
	c := bench.Config{
		Store: b.Store, DatabaseURL: b.DatabaseURL, Rate: b.Rate, Clients: b.Clients, Duration: b.Duration,
		Warmup: b.Warmup, Preload: b.Preload, ProviderLatency: b.ProviderLatency, Version: version,
		Progress: func(line string) { fmt.Fprintln(os.Stderr, line) },
	}
	if b.CPUProfile != "" {
		f, openErr := os.Create(b.CPUProfile)
		if openErr != nil {
			return fmt.Errorf("write CPU profile: %w", openErr)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		c.Profile = f
	}
	switch b.Mode {
	case "ledger":
		r, err := bench.RunLedger(ctx, c)
		return b.told(ctx, c, r, r.Violations, err, ledgerLines(r))
	case "webhooks":
		r, err := bench.RunWebhooks(ctx, c)
		return b.told(ctx, c, r, nil, err, webhookLines(r))
	case "sandbox":
		r, err := bench.RunSandbox(ctx, c)
		return b.told(ctx, c, r, nil, err, sandboxLines(r))
	case "start":
		r, err := bench.RunStart(ctx, c)
		return b.told(ctx, c, r, nil, err, startLines(r))
	case "growth":
		return b.growth(ctx, c)
	}
	r, err := bench.Run(ctx, c)
	return b.told(ctx, c, r, r.Violations, err, lifeCycleLines(r))
}

// told shows what was measured and keeps it, be it right or wrong.
func (b benchCommand) told(ctx context.Context, c bench.Config, result any, violations []string, err error, lines []line) error {
	shown := b.show(result, violations, err, lines)
	if err != nil || b.Report == "" {
		return shown
	}
	if err := bench.WritePerformance(ctx, b.Report, c, result); err != nil {
		return err
	}
	return shown
}

// line is a figure and what it is of.
type line struct{ name, value string }

// show prints what was measured, and fails if it was wrong.
func (b benchCommand) show(result any, violations []string, err error, lines []line) error {
	if err != nil {
		return err
	}
	if b.JSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(result); err != nil {
			return fmt.Errorf("write figures: %w", err)
		}
	} else {
		benchTable(os.Stdout, lines)
	}
	for _, v := range violations {
		fmt.Fprintln(os.Stderr, "violated:", v)
	}
	if len(violations) > 0 {
		return errShown
	}
	return nil
}

func benchTable(w io.Writer, lines []line) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, l := range lines {
		_, _ = fmt.Fprintf(t, "%s\t%s\n", l.name, l.value)
	}
	_ = t.Flush()
}

func lifeCycleLines(r bench.Result) []line {
	holds := "all hold"
	if !r.InvariantsHold {
		holds = fmt.Sprintf("%d are broken", len(r.Violations))
	}
	lines := []line{
		{"life cycles", fmt.Sprintf("%.0f/s on %s, %s model", r.LifeCyclesPerSecond, r.Store, r.Model)},
		{"floor", fmt.Sprintf("%.0f/s: %.1f row changes in %.1f transactions, %.1f to a commit", r.FloorPerSecond, r.RowChanges, r.Transactions, r.CommitGroup)},
		{"ratio", fmt.Sprintf("%.2f", r.Ratio)},
		{"create", both(r.Create)},
		{"added to the provider's own call", both(r.Added)},
		{"whole life cycle", both(r.Whole)},
		{"CPU time", fmt.Sprintf("%.2f ms a life cycle, all parties but a database server", r.CPUPerLifeCycle)},
		{"stored", fmt.Sprintf("%.0f bytes a payment", r.BytesPerPayment)},
		{"peak memory", fmt.Sprintf("%.0f MB, all parties but a database server", r.PeakMemory)},
		{"invariants", holds},
	}
	if r.WALPerPayment > 0 {
		lines = append(lines, line{"PostgreSQL", fmt.Sprintf("%.2f ms of CPU time and %.0f bytes of WAL a life cycle", r.DatabaseCPU, r.WALPerPayment)})
	}
	return lines
}

func ledgerLines(r bench.LedgerResult) []line {
	return []line{
		{"journals", fmt.Sprintf("%.0f/s on %s, one merchant's one account", r.JournalsPerSecond, r.Store)},
		{"postings", fmt.Sprintf("%.0f/s", r.PostingsPerSecond)},
		{"a journal", both(r.Journal)},
		{"CPU time", fmt.Sprintf("%.2f ms a journal", r.CPUPerJournal)},
	}
}

func webhookLines(r bench.WebhooksResult) []line {
	return []line{
		{"deliveries", fmt.Sprintf("%.0f/s on %s, signed and acknowledged", r.DeliveriesPerSecond, r.Store)},
		{"beside a dead endpoint", fmt.Sprintf("%.0f/s", r.BesideDead)},
		{"CPU time", fmt.Sprintf("%.2f ms a delivery", r.CPUPerDelivery)},
	}
}

func sandboxLines(r bench.SandboxResult) []line {
	return []line{
		{"creations", fmt.Sprintf("%.0f/s on %s; %s", r.CreationsPerSecond, r.Store, both(r.Creation))},
		{"status requests", fmt.Sprintf("%.0f/s; %s", r.StatusesPerSecond, both(r.Status))},
		{"CPU time", fmt.Sprintf("%.3f ms a status request", r.CPUPerStatus)},
		{"peak memory", fmt.Sprintf("%.0f MB", r.PeakMemory)},
	}
}

func startLines(r bench.StartResult) []line {
	lines := []line{{"ready", fmt.Sprintf("%.0f ms after the start of serve on %s, the median of %d", r.Ready, r.Store, r.Starts)}}
	if r.IdleMemory > 0 {
		lines = append(lines, line{"idle memory", fmt.Sprintf("%.0f MB", r.IdleMemory)})
	}
	return lines
}

func both(p bench.Percentiles) string { return fmt.Sprintf("p50 %.1f ms, p99 %.1f ms", p.P50, p.P99) }
