package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Memory is a small keyed store that survives restarts and is shared by all
// nodes. Keys are stored as keyed hashes and values sealed, so a key may itself
// be a credential. A dialect's memory is one namespace for the whole provider;
// a connector's is its connection's own.
type Memory interface {
	// Get returns the item, or ErrNoItem when it is absent or has expired.
	Get(ctx context.Context, key string) (Item, error)
	// Put writes the item, replacing what was there.
	Put(ctx context.Context, key string, item Item) error
	// Add writes the item unless the key exists; it reports whether it did.
	Add(ctx context.Context, key string, item Item) (bool, error)
	// Delete removes the item; an absent one is no error.
	Delete(ctx context.Context, key string) error
	// Lease takes the key for at most d, for one holder among all nodes. It
	// reports false when somebody else has it. Release gives it back early.
	Lease(ctx context.Context, key string, d time.Duration) (release func(), held bool, err error)
}

// ErrNoItem says that Memory has no such item.
var ErrNoItem = errors.New("no such item")

// Item is one remembered value.
type Item struct {
	// MerchantID owns the item; "" for a connector, whose connection does.
	MerchantID string
	Value      []byte
	ExpiresAt  time.Time // zero never
}

// Recall reads a JSON value from memory into v and returns its item.
func Recall(ctx context.Context, m Memory, key string, v any) (Item, error) {
	item, err := m.Get(ctx, key)
	if err != nil {
		return Item{}, err
	}
	if err := json.Unmarshal(item.Value, v); err != nil {
		return Item{}, fmt.Errorf("read remembered value: %w", err)
	}
	return item, nil
}

// Remember writes v as JSON to memory.
func Remember(ctx context.Context, m Memory, key, merchantID string, v any, expires time.Time) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write remembered value: %w", err)
	}
	return m.Put(ctx, key, Item{MerchantID: merchantID, Value: b, ExpiresAt: expires})
}
