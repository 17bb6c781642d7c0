package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/provider"
)

// memory is one namespace of the generic keyed store: keys are kept as keyed
// hashes and values sealed, so that a key may itself be a credential.
type memory struct {
	g         *Gateway
	namespace string
}

var _ provider.Memory = memory{}

// Memory is a dialect's own namespace.
func (g *Gateway) Memory(front string) provider.Memory { return g.memory("dialect/" + front) }

func (g *Gateway) memory(namespace string) memory { return memory{g, namespace} }

func (m memory) hash(key string) string {
	return m.g.Box.Lookup(m.namespace+"\x00"+key, "memory-key")
}

// Get implements provider.Memory.
func (m memory) Get(ctx context.Context, key string) (provider.Item, error) {
	hash := m.hash(key)
	row, err := m.g.Store.Read().GetMemory(ctx, sqlgen.GetMemoryParams{KeyHash: hash, Now: m.g.Now().UnixMilli()})
	if errors.Is(err, sql.ErrNoRows) {
		return provider.Item{}, provider.ErrNoItem
	}
	if err != nil {
		return provider.Item{}, fmt.Errorf("read memory of %s: %w", m.namespace, err)
	}
	value, err := m.g.Box.Open(row.Value, "memory", hash)
	if err != nil {
		return provider.Item{}, fmt.Errorf("open memory of %s: %w", m.namespace, err)
	}
	return provider.Item{MerchantID: row.MerchantID, Value: value, ExpiresAt: store.Time(row.ExpiresAt)}, nil
}

func (m memory) row(key string, item provider.Item) (sqlgen.PutMemoryParams, error) {
	hash := m.hash(key)
	sealed, err := m.g.Box.Seal(item.Value, "memory", hash)
	if err != nil {
		return sqlgen.PutMemoryParams{}, fmt.Errorf("seal memory of %s: %w", m.namespace, err)
	}
	return sqlgen.PutMemoryParams{
		KeyHash: hash, Namespace: m.namespace, MerchantID: item.MerchantID, Value: sealed,
		ExpiresAt: store.Millis(item.ExpiresAt), UpdatedAt: m.g.Now().UnixMilli(),
	}, nil
}

// Put implements provider.Memory.
func (m memory) Put(ctx context.Context, key string, item provider.Item) error {
	row, err := m.row(key, item)
	if err != nil {
		return err
	}
	return m.g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.PutMemory(ctx, row) })
}

// Add implements provider.Memory.
func (m memory) Add(ctx context.Context, key string, item provider.Item) (bool, error) {
	row, err := m.row(key, item)
	if err != nil {
		return false, err
	}
	var n int64
	err = m.g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err = tx.AddMemory(ctx, sqlgen.AddMemoryParams(row))
		return err
	})
	return n > 0, err
}

// Delete implements provider.Memory.
func (m memory) Delete(ctx context.Context, key string) error {
	return m.g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.DeleteMemory(ctx, m.hash(key))
	})
}

// Lease implements provider.Memory.
func (m memory) Lease(ctx context.Context, key string, d time.Duration) (func(), bool, error) {
	hash := m.hash("lease/" + key)
	holder := secret.Random(16)
	now := m.g.Now()
	var n int64
	err := m.g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		n, err = tx.TakeLease(ctx, sqlgen.TakeLeaseParams{
			KeyHash: hash, Holder: holder, ExpiresAt: now.Add(d).UnixMilli(), Now: now.UnixMilli(),
		})
		return err
	})
	if err != nil || n == 0 {
		return func() {}, false, err
	}
	release := func() {
		err := m.g.Store.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx *store.Tx) error {
			return tx.ReleaseLease(ctx, sqlgen.ReleaseLeaseParams{KeyHash: hash, Holder: holder})
		})
		if err != nil {
			m.g.Log.Warn("lease could not be released; it runs out by itself", "error", err)
		}
	}
	return release, true, nil
}
