package bench

import (
	"fmt"
	"io"
	"time"
)

// The latencies a provider may have.
const (
	LatencyNone      = "none"
	LatencyLognormal = "lognormal"
)

// The engines.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Config says what is run.
type Config struct {
	// Store is SQLite or Postgres.
	Store string
	// DatabaseURL is the database to use; "" is a temporary one.
	DatabaseURL string
	// Rate is the payments that arrive per second; 0 is the closed model.
	Rate float64
	// Clients run one life cycle after the other, in the closed model.
	Clients int
	// Duration is how long it is measured, after Warmup.
	Duration, Warmup time.Duration
	// Preload is how many settled payments are there at the start.
	Preload int
	// ProviderLatency is LatencyNone or LatencyLognormal.
	ProviderLatency string
	// Version is the program's.
	Version string
	// Profile gets a CPU profile of the time that is measured; nil makes none.
	Profile io.Writer
	// Progress hears what is going on; nil tells nobody.
	Progress func(string)
}

func (c Config) check() error {
	switch {
	case c.Store != SQLite && c.Store != Postgres:
		return fmt.Errorf("there is no store %q: sqlite or postgres", c.Store)
	case c.ProviderLatency != LatencyNone && c.ProviderLatency != LatencyLognormal:
		return fmt.Errorf("there is no provider latency %q: none or lognormal", c.ProviderLatency)
	case c.Rate < 0 || c.Preload < 0 || c.Duration <= 0:
		return fmt.Errorf("rate and preload can't be negative, and the duration is above zero")
	case c.Rate == 0 && c.Clients <= 0:
		return fmt.Errorf("the closed model needs clients")
	}
	return nil
}

func (c Config) tell(format string, args ...any) {
	if c.Progress != nil {
		c.Progress(fmt.Sprintf(format, args...))
	}
}
