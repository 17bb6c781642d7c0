package bench

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// Measurement is a result for the record: what was measured, where, and how to
// measure it again. One of the figures is there.
type Measurement struct {
	Mode            string  `json:"mode"`
	Store           string  `json:"store"`
	Rate            float64 `json:"rate"` // payments a second; 0 is the closed model
	ProviderLatency string  `json:"provider_latency"`
	Preload         int     `json:"preload"`

	Date       string `json:"date"`
	Version    string `json:"version"`
	Go         string `json:"go"`
	System     string `json:"system"`
	Machine    string `json:"machine"`
	PostgreSQL string `json:"postgresql,omitempty"`
	Command    string `json:"command"`

	LifeCycle *Result         `json:"lifecycle,omitempty"`
	Ledger    *LedgerResult   `json:"ledger,omitempty"`
	Webhooks  *WebhooksResult `json:"webhooks,omitempty"`
	Sandbox   *SandboxResult  `json:"sandbox,omitempty"`
	Start     *StartResult    `json:"start,omitempty"`
}

// The modes, in the order of the report.
const (
	modeLifeCycle = "lifecycle"
	modeLedger    = "ledger"
	modeWebhooks  = "webhooks"
	modeSandbox   = "sandbox"
	modeStart     = "start"
)

var modes = []string{modeLifeCycle, modeLedger, modeWebhooks, modeSandbox, modeStart}

// WritePerformance puts a result beside those that a folder holds already, in
// place of one of the same store, mode, load and preload: performance.json has
// the figures, and a block of performance.md the tables. The rest of that file
// is other people's.
func WritePerformance(ctx context.Context, folder string, c Config, result any) error {
	m, err := c.record(result)
	if err == nil && c.Store == Postgres {
		m.PostgreSQL, err = postgresVersion(ctx, c.DatabaseURL)
	}
	if err != nil {
		return fmt.Errorf("write performance: %w", err)
	}
	all, err := mergeInto(filepath.Join(folder, "performance.json"), m)
	if err != nil {
		return err
	}
	return WriteBlock(filepath.Join(folder, "performance.md"), "bench", performanceText(all))
}

// record adds to a result what else has to be known of it.
func (c Config) record(result any) (Measurement, error) {
	m := Measurement{
		Store: c.Store, ProviderLatency: LatencyNone, Preload: c.Preload,
		Date: time.Now().UTC().Format(time.DateOnly), Version: c.Version, Go: runtime.Version(),
		System: runtime.GOOS + "/" + runtime.GOARCH, Machine: Machine(),
	}
	switch r := result.(type) {
	case Result:
		m.Mode, m.LifeCycle = modeLifeCycle, &r
		m.Rate, m.ProviderLatency = c.Rate, c.ProviderLatency
	case LedgerResult:
		m.Mode, m.Ledger = modeLedger, &r
	case WebhooksResult:
		m.Mode, m.Webhooks = modeWebhooks, &r
	case SandboxResult:
		m.Mode, m.Sandbox = modeSandbox, &r
	case StartResult:
		m.Mode, m.Start, m.Preload = modeStart, &r, 0 // its database holds no payment
	default:
		return m, fmt.Errorf("%T is no part of it", result)
	}
	m.Command = c.command(m.Mode)
	return m, nil
}

// command is how this is measured again, with all that bears on the figures.
func (c Config) command(mode string) string {
	text := "passerelle bench"
	if mode != modeLifeCycle {
		text += " --mode " + mode
	}
	text += " --store " + c.Store
	if c.DatabaseURL != "" {
		text += " --database-url URL" // with its password it is nobody's business
	}
	if mode == modeStart {
		return text
	}
	if mode == modeLifeCycle && c.Rate > 0 {
		text += fmt.Sprintf(" --rate %v", c.Rate)
	} else {
		text += fmt.Sprintf(" --clients %d", c.Clients)
	}
	if mode == modeLifeCycle {
		text += " --provider-latency " + c.ProviderLatency
	}
	if mode == modeLifeCycle || mode == modeSandbox {
		text += fmt.Sprintf(" --warmup %s", c.Warmup)
	}
	text += fmt.Sprintf(" --duration %s", c.Duration)
	if c.Preload > 0 {
		text += fmt.Sprintf(" --preload %d", c.Preload)
	}
	return text
}

// mergeInto adds a measurement to those in a file, and returns them all.
func mergeInto(file string, m Measurement) ([]Measurement, error) {
	var all []Measurement
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	all = merged(all, m)
	if text, err = json.MarshalIndent(all, "", "  "); err == nil {
		err = os.WriteFile(file, append(text, '\n'), 0o644) //nolint:gosec // for everyone to read
	}
	if err != nil {
		return nil, fmt.Errorf("write performance: %w", err)
	}
	return all, nil
}

// merged has one measurement of each sort: the last.
func merged(all []Measurement, m Measurement) []Measurement {
	all = slices.DeleteFunc(all, func(old Measurement) bool { return compareSorts(old, m) == 0 })
	all = append(all, m)
	slices.SortFunc(all, compareSorts)
	return all
}

// compareSorts orders measurements by what they are of.
func compareSorts(a, b Measurement) int {
	return cmp.Or(
		cmp.Compare(slices.Index(modes, a.Mode), slices.Index(modes, b.Mode)),
		-cmp.Compare(a.Store, b.Store), // SQLite first
		cmp.Compare(a.Rate, b.Rate),
		cmp.Compare(a.ProviderLatency, b.ProviderLatency),
		cmp.Compare(a.Preload, b.Preload),
	)
}
