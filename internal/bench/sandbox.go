package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// SandboxResult is what the sandbox serves.
type SandboxResult struct {
	Store              string      `json:"store"`
	CreationsPerSecond float64     `json:"creations_per_s"`
	Creation           Percentiles `json:"creation_ms"`
	StatusesPerSecond  float64     `json:"statuses_per_s"`
	Status             Percentiles `json:"status_ms"`
	CPUPerStatus       float64     `json:"cpu_ms_per_status"`
	PeakMemory         float64     `json:"peak_memory_mb"`
}

// RunSandbox measures test mode: payments are created on simulated phones that
// nobody answers, then their statuses are read, once the gateway has had its own
// first look at them. Both are requests to the native
// API, and all state is in the database.
func RunSandbox(ctx context.Context, c Config) (result SandboxResult, err error) {
	if err := c.check(); err != nil {
		return result, err
	}
	r, err := newRig(ctx, c)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	result.Store = c.Store
	peak := watchMemory()
	ids, err := r.sandboxCreations(ctx, &result)
	if err == nil {
		err = r.awaitChecks(ctx)
	}
	if err == nil {
		err = r.sandboxStatuses(ctx, ids, &result)
	}
	result.PeakMemory = peak()
	return result, err
}

func (r *rig) sandboxCreations(ctx context.Context, result *SandboxResult) ([]string, error) {
	r.tell("creating payments in the sandbox on %s", r.Store)
	var next atomic.Int64
	var mu sync.Mutex
	var ids []string
	create := func() error {
		body, err := r.pay(r.testKey, int(next.Add(1)))
		if err != nil {
			return err
		}
		var made struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(body, &made); err != nil {
			return fmt.Errorf("read created payment: %w", err)
		}
		mu.Lock()
		defer mu.Unlock()
		ids = append(ids, made.ID)
		return nil
	}
	if err := r.warmUp(ctx, create); err != nil {
		return nil, err
	}
	rate, timed, _, err := r.repeat(ctx, r.Duration/2, create)
	result.CreationsPerSecond, result.Creation = rate, timed
	return ids, err
}

// checksLimit is how long the gateway's own checks are waited for.
const checksLimit = 15 * time.Second

// awaitChecks waits until the gateway itself has nothing to ask while statuses
// are read: each payment that nobody answered has its status checked ten seconds
// later, as many a second as were created.
func (r *rig) awaitChecks(ctx context.Context) error {
	r.tell("waiting for the gateway's own checks of these payments")
	for until := time.Now().Add(checksLimit); time.Now().Before(until); {
		var due int
		err := r.store().RawRead().QueryRowContext(ctx, "SELECT COUNT(*) FROM transactions WHERE next_check_at > 0 AND next_check_at <= $1",
			time.Now().Add(r.Duration/2).UnixMilli()).Scan(&due)
		if err != nil {
			return fmt.Errorf("count payments that are due: %w", err)
		}
		if due == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return nil
}

func (r *rig) sandboxStatuses(ctx context.Context, ids []string, result *SandboxResult) error {
	r.tell("reading the statuses of %d payments", len(ids))
	if len(ids) == 0 {
		return errors.New("no payment was created: measure longer")
	}
	header := "Authorization: Bearer " + r.testKey + "\r\n"
	var next atomic.Int64
	rate, timed, cpu, err := r.repeat(ctx, r.Duration/2, func() error {
		id := ids[int(next.Add(1))*7919%len(ids)]
		status, body, err := r.wire.do(r.wire.request(http.MethodGet, "/v1/payments/"+id, header, nil))
		if err == nil && (status != http.StatusOK || len(body) == 0) {
			err = fmt.Errorf("HTTP %d", status)
		}
		if err != nil {
			return fmt.Errorf("status: %w", err)
		}
		return nil
	})
	result.StatusesPerSecond, result.Status, result.CPUPerStatus = rate, timed, cpu
	return err
}

// warmUp repeats before anything is measured, and tells the database of its
// tables, which a gateway does by and by.
func (r *rig) warmUp(ctx context.Context, do func() error) error {
	if _, _, _, err := r.repeat(ctx, r.Warmup, do); err != nil {
		return err
	}
	return r.store().RefreshStatistics(ctx)
}

// repeat has each client do the same again and again for a while, and returns
// how often a second, how long it took and the CPU time of one.
func (r *rig) repeat(ctx context.Context, d time.Duration, do func() error) (rate float64, took Percentiles, cpu float64, err error) {
	timed := newTimes()
	run, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	before, started := cpuTime(), time.Now()
	err = each(run, r.Clients, func(run context.Context) error {
		for run.Err() == nil {
			begun := time.Now()
			if err := do(); err != nil {
				return err
			}
			timed.add(time.Since(begun))
		}
		return nil
	})
	if err != nil {
		return 0, Percentiles{}, 0, err
	}
	n := float64(max(1, len(timed.list)))
	rate = round(float64(len(timed.list)) / time.Since(started).Seconds())
	cpu = round(float64(cpuTime()-before) / float64(time.Millisecond) / n)
	return rate, percentiles(timed.list), cpu, nil
}
