package providertest

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

// Memory is an in-memory provider.Memory with expiry and leases by a given clock.
type Memory struct {
	now func() time.Time

	mu     sync.Mutex
	items  map[string]provider.Item
	leases map[string]*lease
}

type lease struct{ until time.Time }

// NewMemory makes an empty memory that reads the time from now.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{now: now, items: map[string]provider.Item{}, leases: map[string]*lease{}}
}

var _ provider.Memory = (*Memory)(nil)

// Get returns the item, or ErrNoItem when it is absent or has expired.
func (m *Memory) Get(ctx context.Context, key string) (provider.Item, error) {
	if err := ctx.Err(); err != nil {
		return provider.Item{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	item, ok := m.live(key)
	if !ok {
		return provider.Item{}, provider.ErrNoItem
	}
	item.Value = bytes.Clone(item.Value)
	return item, nil
}

func (m *Memory) live(key string) (provider.Item, bool) {
	item, ok := m.items[key]
	if ok && !item.ExpiresAt.IsZero() && !m.now().Before(item.ExpiresAt) {
		delete(m.items, key)
		return provider.Item{}, false
	}
	return item, ok
}

// Put writes the item, replacing what was there.
func (m *Memory) Put(ctx context.Context, key string, item provider.Item) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	item.Value = bytes.Clone(item.Value)
	m.items[key] = item
	return nil
}

// Add writes the item unless the key exists.
func (m *Memory) Add(ctx context.Context, key string, item provider.Item) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.live(key); ok {
		return false, nil
	}
	item.Value = bytes.Clone(item.Value)
	m.items[key] = item
	return true, nil
}

// Delete removes the item.
func (m *Memory) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.items, key)
	return nil
}

// Lease takes the key until it is released or d has passed.
func (m *Memory) Lease(ctx context.Context, key string, d time.Duration) (func(), bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if held := m.leases[key]; held != nil && m.now().Before(held.until) {
		return func() {}, false, nil
	}
	mine := &lease{until: m.now().Add(d)}
	m.leases[key] = mine
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		// A holder that outstayed its lease must not release its successor's.
		if m.leases[key] == mine {
			delete(m.leases, key)
		}
	}, true, nil
}
