package bench

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

// usual is the load of a made-up result.
func usual(engine string) Config {
	return Config{Store: engine, Clients: 128, Duration: 20 * time.Second, Warmup: 3 * time.Second, ProviderLatency: LatencyNone, Version: "v9"}
}

// noted is a made-up result for the record.
func noted(t *testing.T, c Config, result any) Measurement {
	t.Helper()
	m, err := c.record(result)
	if err != nil {
		t.Fatal(err)
	}
	if c.Store == Postgres {
		m.PostgreSQL = "17.2"
	}
	m.Date, m.Go, m.System, m.Machine = "2026-11-21", "go1.99", "plan9/mips", "Abacus, 4 cores"
	return m
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("this is missing:\n%s\nin:\n%s", want, text)
		}
	}
}

func TestANewResultTakesThePlaceOfTheOneOfItsSort(t *testing.T) {
	var all []Measurement
	add := func(c Config, result any) { all = merged(all, noted(t, c, result)) }
	open, slow, full := usual(SQLite), usual(SQLite), usual(SQLite)
	open.Rate, slow.ProviderLatency, full.Preload = 190, LatencyLognormal, 1000
	add(usual(SQLite), StartResult{Ready: 90})
	add(usual(Postgres), Result{Ratio: 0.1})
	for ratio := range 2 { // what is of the same sort is replaced, whatever its length
		for _, c := range []Config{usual(SQLite), open, slow, full} {
			c.Duration += time.Duration(ratio) * time.Second
			add(c, Result{Ratio: float64(ratio)})
		}
	}
	unlike := open
	add(usual(SQLite), LedgerResult{PostingsPerSecond: 1})
	add(unlike, LedgerResult{PostingsPerSecond: 2}) // the ledger knows no arrivals
	var names []string
	for _, m := range all {
		names = append(names, m.name())
		if m.Store == SQLite && m.LifeCycle != nil && m.LifeCycle.Ratio != 1 {
			t.Errorf("%s is still the first one", m.name())
		}
	}
	want := []string{
		"SQLite, closed model, lognormal provider", "SQLite, closed model", "SQLite, closed model, 1 000 stored",
		"SQLite, open model, 190/s", "PostgreSQL, closed model", "ledger on SQLite", "start on SQLite",
	}
	if strings.Join(names, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", names, want)
	}
	if ledger := all[5].Ledger; ledger.PostingsPerSecond != 2 {
		t.Errorf("%+v", ledger)
	}
}

func TestTheReportHasAllFigures(t *testing.T) {
	r := Result{
		LifeCyclesPerSecond: 1234.6, FloorPerSecond: 4321, Ratio: 0.286, Create: Percentiles{1.23, 4.56}, Added: Percentiles{0.5, 2},
		Whole: Percentiles{7, 89.12}, CPUPerLifeCycle: 1.234, BytesPerPayment: 5432.1, PeakMemory: 98.7, InvariantsHold: true,
	}
	served := r
	served.DatabaseCPU, served.WALPerPayment, served.InvariantsHold, served.Violations = 0.777, 6543, false, []string{"one", "two"}
	open := usual(Postgres)
	open.Rate, open.ProviderLatency = 190, LatencyLognormal
	var all []Measurement
	for _, m := range []Measurement{
		noted(t, usual(SQLite), r), noted(t, open, served),
		noted(t, usual(SQLite), LedgerResult{JournalsPerSecond: 2000, PostingsPerSecond: 8000}),
		noted(t, usual(Postgres), WebhooksResult{DeliveriesPerSecond: 3000.4}),
		noted(t, usual(SQLite), WebhooksResult{DeliveriesPerSecond: 4000, BesideDead: 3900}),
		noted(t, usual(SQLite), SandboxResult{CreationsPerSecond: 1500, StatusesPerSecond: 15000}),
		noted(t, usual(Postgres), StartResult{Ready: 87.6}),
		noted(t, usual(SQLite), StartResult{Ready: 65.4, IdleMemory: 31.2}),
	} {
		all = merged(all, m)
	}
	text := performanceText(all)
	contains(t, text,
		"- Abacus, 4 cores, plan9/mips; 2026-11-21; passerelle v9, go1.99, PostgreSQL 17.2\n",
		"\n| load | life cycles/s | floor/s | ratio | create p50 / p99 ms |",
		"\n| SQLite, closed model | 1 235 | 4 321 | 0.29 | 1.2 / 4.6 | 0.5 / 2.0 | 7.0 / 89.1 | 1.23 | – | 5 432 | – | 99 | all hold |\n",
		"\n| PostgreSQL, open model, 190/s, lognormal provider | 1 235 |", " | 1.23 | 0.78 | 5 432 | 6 543 | 99 | **2 broken** |\n",
		"\n| part | SQLite | PostgreSQL |\n| --- | ---: | ---: |\n",
		"\n| ledger postings/s | 8 000 | – |\n",
		"\n| webhook deliveries/s | 4 000 | 3 000 |\n| webhook deliveries/s beside a dead endpoint | 3 900 | – |\n",
		"\n| sandbox creations/s | 1 500 | – |\n", "\n| sandbox status requests/s | 15 000 | – |\n",
		"\n| `serve` ready after ms | 65 | 88 |\n| memory of an idle `serve` MB | 31 | – |\n",
		"\n```sh\npasserelle bench --store sqlite --clients 128 --provider-latency none --warmup 3s --duration 20s\n",
		"\npasserelle bench --store postgres --rate 190 --provider-latency lognormal --warmup 3s --duration 20s\n",
		"\npasserelle bench --mode ledger --store sqlite --clients 128 --duration 20s\n",
		"\npasserelle bench --mode start --store postgres\n```\n",
	)
}

func TestTheReportTellsMachinesAndDaysApart(t *testing.T) {
	first, second, other := noted(t, usual(SQLite), Result{}), noted(t, usual(SQLite), StartResult{}), noted(t, usual(Postgres), Result{})
	second.Date, other.Machine = "2026-11-23", "1 core"
	text := performanceText([]Measurement{first, other, second})
	contains(t, text,
		"- Abacus, 4 cores, plan9/mips; 2026-11-21 to 2026-11-23; passerelle v9, go1.99: SQLite, closed model; start on SQLite\n",
		"- 1 core, plan9/mips; 2026-11-21; passerelle v9, go1.99, PostgreSQL 17.2: PostgreSQL, closed model\n",
	)
	if text := performanceText([]Measurement{first}); strings.Contains(text, "| part |") {
		t.Errorf("a table of nothing:\n%s", text)
	}
	second.Start.Ready = 70
	if text := performanceText([]Measurement{second}); strings.Contains(text, "memory") || strings.Contains(text, "ledger") {
		t.Errorf("rows of nothing:\n%s", text)
	}
}

func TestResultsAreKeptBesideTheReport(t *testing.T) {
	folder := t.TempDir()
	write := func(c Config, result any) {
		t.Helper()
		if err := WritePerformance(t.Context(), folder, c, result); err != nil {
			t.Fatal(err)
		}
	}
	write(usual(SQLite), Result{Store: SQLite, LifeCyclesPerSecond: 111})
	write(usual(SQLite), Result{Store: SQLite, LifeCyclesPerSecond: 222})
	served := usual(Postgres)
	served.DatabaseURL = pgtest.Database(t)
	write(served, SandboxResult{Store: Postgres, CreationsPerSecond: 333})
	text, err := os.ReadFile(filepath.Join(folder, "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(text), "| 222 |", "| 333 |", "--database-url URL", ", PostgreSQL ")
	if strings.Contains(string(text), "| 111 |") {
		t.Errorf("the first result is still there:\n%s", text)
	}
	var kept []Measurement
	if text, err = os.ReadFile(filepath.Join(folder, "performance.json")); err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if err != nil || len(kept) != 2 || kept[0].LifeCycle == nil || kept[1].PostgreSQL == "" || kept[1].Machine == "" {
		t.Errorf("%v, %+v", err, kept)
	}
	if err := WritePerformance(t.Context(), folder, usual(SQLite), GrowthResult{}); err == nil {
		t.Error("growth is kept elsewhere")
	}
}

func TestAnInstalledPostgresTellsItsVersion(t *testing.T) {
	pgtest.Database(t) // where there is one to be asked
	version, err := postgresVersion(context.Background(), "")
	if err != nil || version == "" || strings.Trim(version, "0123456789.") != "" {
		t.Errorf("%q, %v", version, err)
	}
}

func TestTheProcessorsModelIsReadWhereItIsTold(t *testing.T) {
	if got := processorModel("processor\t: 0\nmodel\t\t: 2\nmodel name\t: Abacus  9:3\nmodel name\t: Other\n"); got != "Abacus 9:3" {
		t.Errorf("got %q", got)
	}
	if got := processorModel("processor\t: 0\nBogoMIPS\t: 50.00\n"); got != "" {
		t.Errorf("got %q", got)
	}
}
