package bench

import (
	"math"
	"slices"
	"time"
)

// Result is what a run of life cycles measured.
type Result struct {
	Store string `json:"store"`
	Model string `json:"model"` // closed or open

	LifeCyclesPerSecond float64 `json:"life_cycles_per_s"`
	FloorPerSecond      float64 `json:"floor_per_s"`
	Ratio               float64 `json:"ratio"`

	Create Percentiles `json:"create_ms"`
	Whole  Percentiles `json:"whole_ms"`
	// Added is what create takes over the provider's own call.
	Added Percentiles `json:"added_ms"`

	CPUPerLifeCycle float64 `json:"cpu_ms_per_life_cycle"`
	BytesPerPayment float64 `json:"bytes_per_payment"`
	PeakMemory      float64 `json:"peak_memory_mb"`

	// DatabaseCPU is that of a PostgreSQL server on this machine, beside
	// CPUPerLifeCycle; WALPerPayment the bytes of its write-ahead log.
	DatabaseCPU   float64 `json:"database_cpu_ms_per_life_cycle,omitempty"`
	WALPerPayment float64 `json:"wal_bytes_per_payment,omitempty"`

	InvariantsHold bool     `json:"invariants_hold"`
	Violations     []string `json:"violations,omitempty"`

	// LifeCycles were settled while it was measured. Transactions, CommitGroup
	// and RowChanges are of one of them: what the floor writes.
	LifeCycles   int     `json:"life_cycles"`
	Transactions float64 `json:"transactions_per_life_cycle"`
	CommitGroup  float64 `json:"transactions_per_commit"`
	RowChanges   float64 `json:"row_changes_per_life_cycle"`
}

// Percentiles are in milliseconds.
type Percentiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

func percentiles(list []time.Duration) Percentiles {
	if len(list) == 0 {
		return Percentiles{}
	}
	slices.Sort(list)
	at := func(share float64) float64 {
		i := int(math.Ceil(share*float64(len(list)))) - 1
		return round(float64(list[max(i, 0)]) / float64(time.Millisecond))
	}
	return Percentiles{P50: at(0.50), P99: at(0.99)}
}

// round keeps three digits after the point.
func round(x float64) float64 { return math.Round(x*1000) / 1000 }

// times fills in the percentiles.
func (r *Result) times(list []cycle) {
	var created, whole, added []time.Duration
	for _, c := range list {
		created = append(created, c.created)
		whole = append(whole, c.whole)
		added = append(added, c.created-c.provider)
	}
	r.Create, r.Whole, r.Added = percentiles(created), percentiles(whole), percentiles(added)
}
