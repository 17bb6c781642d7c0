package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// draftLife is how long a file waits for its person to confirm it.
const draftLife = time.Hour

// BatchDraft is a file of payouts that a person uploaded and has not confirmed.
// It is kept here, sealed, rather than sent back in a form, so that what is
// confirmed is what was shown.
type BatchDraft struct {
	ID        string `json:"id"` // of the batch that it becomes
	Reference string `json:"reference"`
	Country   string `json:"country,omitempty"` // of numbers in local form
	Content   []byte `json:"content"`
}

// draftKey keeps drafts apart: nobody finds another person's, or the other mode's.
func draftKey(c provider.Caller, by Person, id string) string {
	return c.MerchantID + "/" + string(c.Mode) + "/" + by.UserID + "/" + id
}

func (g *Gateway) drafts() memory { return g.memory("payout-drafts") }

// KeepDraft keeps a draft for an hour and gives it its id.
func (g *Gateway) KeepDraft(ctx context.Context, c provider.Caller, by Person, d BatchDraft) (BatchDraft, error) {
	now := g.now()
	d.ID = pay.NewID(PrefixBatch, c.MerchantID, now)
	value, err := json.Marshal(d)
	if err != nil {
		return d, fmt.Errorf("encode draft of batch: %w", err)
	}
	item := provider.Item{MerchantID: c.MerchantID, Value: value, ExpiresAt: now.Add(draftLife)}
	if err := g.drafts().Put(ctx, draftKey(c, by, d.ID), item); err != nil {
		return d, fmt.Errorf("keep draft of batch: %w", err)
	}
	return d, nil
}

// FindDraft reads a person's own draft; pay.ErrNotFound where there is none.
func (g *Gateway) FindDraft(ctx context.Context, c provider.Caller, by Person, id string) (BatchDraft, error) {
	item, err := g.drafts().Get(ctx, draftKey(c, by, id))
	if errors.Is(err, provider.ErrNoItem) {
		return BatchDraft{}, pay.NotFound("batch")
	}
	if err != nil {
		return BatchDraft{}, err
	}
	var d BatchDraft
	if err := json.Unmarshal(item.Value, &d); err != nil {
		return BatchDraft{}, fmt.Errorf("read draft of batch: %w", err)
	}
	return d, nil
}

// DropDraft forgets a draft.
func (g *Gateway) DropDraft(ctx context.Context, c provider.Caller, by Person, id string) error {
	if err := g.drafts().Delete(ctx, draftKey(c, by, id)); err != nil {
		return fmt.Errorf("drop draft of batch: %w", err)
	}
	return nil
}
