package store

import (
	"context"
	"regexp"
	"sync"
	"time"
)

const (
	// SettingsLife is how long another process may still work with settings
	// that this one has changed.
	SettingsLife = time.Second
	// maxSettings bounds a cache; beyond it, it begins anew.
	maxSettings = 10_000
)

// Settings caches rows that people change and payments only read: connections,
// routes, fees, keys. A change made through this store counts from its commit
// on; one made by another process within a second.
type Settings[K comparable, V any] struct {
	store *Store
	mu    sync.Mutex
	by    map[K]setting[V]
}

type setting[V any] struct {
	value    V
	revision uint64
	until    time.Time
}

// NewSettings makes an empty cache of rows of a store.
func NewSettings[K comparable, V any](s *Store) *Settings[K, V] {
	return &Settings[K, V]{store: s, by: map[K]setting[V]{}}
}

// Get returns what is known under the key, or reads it. Its callers share the
// value, and do not change it. Errors are not kept.
func (c *Settings[K, V]) Get(key K, read func() (V, error)) (V, error) {
	// Taken before reading: what is committed meanwhile makes the value old.
	revision, now := c.store.engine.revision(), time.Now()
	c.mu.Lock()
	known, ok := c.by[key]
	c.mu.Unlock()
	if ok && known.revision == revision && now.Before(known.until) {
		return known.value, nil
	}
	value, err := read()
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.by) >= maxSettings {
		clear(c.by)
	}
	c.by[key] = setting[V]{value, revision, now.Add(SettingsLife)}
	return value, nil
}

// Spread waits until every process works with the settings that this one has
// just changed. On SQLite it need not: the process that serves is the one that
// changes them.
func (s *Store) Spread(ctx context.Context) {
	if s.Engine() == "sqlite" {
		return
	}
	timer := time.NewTimer(SettingsLife)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// settingsWrite matches the statements that change the tables of settings.
var settingsWrite = regexp.MustCompile(`(?i)\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+` +
	`(merchants|api_keys|connections|routes|fee_schedules|webhook_endpoints)\b`)

// changesSettings tells whether a generated query does; the set is finite.
func changesSettings(query string) bool {
	if known, ok := settingsQueries.Load(query); ok {
		return known.(bool)
	}
	changes := settingsWrite.MatchString(query)
	settingsQueries.Store(query, changes)
	return changes
}

var settingsQueries sync.Map
