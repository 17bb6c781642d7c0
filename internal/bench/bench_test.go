package bench

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

// quick is a run that is over soon; its figures mean nothing.
func quick(t *testing.T, engine string) Config {
	t.Helper()
	c := Config{
		Store: engine, Clients: 8, Duration: 500 * time.Millisecond, Warmup: 100 * time.Millisecond,
		ProviderLatency: LatencyNone, Version: "test",
	}
	if engine == Postgres {
		c.DatabaseURL = pgtest.Database(t)
	}
	return c
}

// measured runs life cycles, for longer where the machine is too busy.
func measured(t *testing.T, c Config) Result {
	t.Helper()
	for {
		r, err := Run(t.Context(), c)
		if errors.Is(err, errTooShort) && c.Duration < 20*time.Second {
			c.Duration *= 4
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

func onBoth(t *testing.T, f func(t *testing.T, engine string)) {
	t.Helper()
	for _, engine := range []string{SQLite, Postgres} {
		t.Run(engine, func(t *testing.T) { f(t, engine) })
	}
}

func TestLifeCyclesAreMeasuredAndHoldEveryInvariant(t *testing.T) {
	onBoth(t, func(t *testing.T, engine string) {
		c := quick(t, engine)
		c.Preload = 300
		r := measured(t, c)
		if !r.InvariantsHold {
			t.Errorf("violations: %q", r.Violations)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var figures map[string]any
		if err := json.Unmarshal(text, &figures); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{
			"life_cycles_per_s", "floor_per_s", "ratio", "cpu_ms_per_life_cycle", "bytes_per_payment", "peak_memory_mb",
		} {
			if n, ok := figures[key].(float64); !ok || n <= 0 {
				t.Errorf("%s is %v", key, figures[key])
			}
		}
		for _, key := range []string{"create_ms", "whole_ms", "added_ms"} {
			p, ok := figures[key].(map[string]any)
			if !ok || len(p) != 2 || p["p50"].(float64) <= 0 || p["p99"].(float64) < p["p50"].(float64) {
				t.Errorf("%s is %v", key, figures[key])
			}
		}
		if figures["invariants_hold"] != true {
			t.Errorf("invariants_hold is %v", figures["invariants_hold"])
		}
		if ratio := r.LifeCyclesPerSecond / r.FloorPerSecond; math.Abs(ratio-r.Ratio) > 0.002 {
			t.Errorf("ratio is %v, want %v", r.Ratio, ratio)
		}
	})
}

func TestTheOpenModelSendsWhatArrives(t *testing.T) {
	c := quick(t, SQLite)
	c.Rate = 50
	r := measured(t, c)
	if !r.InvariantsHold || r.Model != "open" || r.LifeCycles == 0 {
		t.Errorf("%+v", r)
	}
}

func TestALostAnswerOfTheProviderLosesNoPayment(t *testing.T) {
	r, err := newRig(t.Context(), quick(t, SQLite))
	if err != nil {
		t.Fatal(err)
	}
	defer closeRig(t, r)
	r.operator.fault = func(order bool) bool { return order }
	for range 3 {
		r.create(time.Now())
	}
	settleAndStop(t, r)
	broken := checked(t, r, r.witnesses())
	if len(broken) > 0 || r.operator.faults != 3 {
		t.Errorf("%d answers lost, violations: %q", r.operator.faults, broken)
	}
}

func TestPartsAreMeasuredByThemselves(t *testing.T) {
	onBoth(t, func(t *testing.T, engine string) {
		t.Run("ledger", func(t *testing.T) {
			r, err := RunLedger(t.Context(), quick(t, engine))
			if err != nil || !r.InvariantsHold || r.PostingsPerSecond <= r.JournalsPerSecond || r.JournalsPerSecond <= 0 {
				t.Errorf("%+v, %v", r, err)
			}
		})
		t.Run("sandbox", func(t *testing.T) {
			r, err := RunSandbox(t.Context(), quick(t, engine))
			if err != nil || r.CreationsPerSecond <= 0 || r.StatusesPerSecond <= 0 {
				t.Errorf("%+v, %v", r, err)
			}
		})
		t.Run("webhooks", func(t *testing.T) {
			c := quick(t, engine)
			c.Duration = 100 * time.Millisecond
			r, err := RunWebhooks(t.Context(), c)
			if err != nil || r.DeliveriesPerSecond <= 0 || r.BesideDead <= 0 {
				t.Errorf("%+v, %v", r, err)
			}
		})
	})
}

func TestWhatCantBeMeasuredIsRefused(t *testing.T) {
	good := Config{Store: SQLite, Clients: 1, Duration: time.Second, ProviderLatency: LatencyNone}
	for name, change := range map[string]func(*Config){
		"an unknown store":     func(c *Config) { c.Store = "mysql" },
		"an unknown latency":   func(c *Config) { c.ProviderLatency = "slow" },
		"no time":              func(c *Config) { c.Duration = 0 },
		"nobody":               func(c *Config) { c.Clients = 0 },
		"the other engine":     func(c *Config) { c.DatabaseURL = "postgres://localhost/none" },
		"fewer than no copies": func(c *Config) { c.Preload = -1 },
	} {
		c := good
		change(&c)
		if _, err := Run(context.Background(), c); err == nil {
			t.Errorf("%s is measured", name)
		}
	}
}

func TestPercentilesAreOfTheSortedList(t *testing.T) {
	var list []time.Duration
	for i := range 200 {
		list = append(list, time.Duration(200-i)*time.Millisecond)
	}
	if p := percentiles(list); p != (Percentiles{P50: 100, P99: 198}) {
		t.Errorf("%+v", p)
	}
	if !slices.IsSorted(list) {
		t.Error("not sorted")
	}
	if p := percentiles(nil); p != (Percentiles{}) {
		t.Errorf("of nothing: %+v", p)
	}
}
