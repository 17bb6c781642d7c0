package dashboard

import (
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// checklist is what a provider wants to see in test mode before it opens real
// payments, and how far the merchant's server has come. It looks no further back
// than deliveries are kept.
type checklist struct {
	Steps []step
	// Spoiled are notifications that were acknowledged otherwise than documented.
	Spoiled int64
}

type step struct {
	Name       string // of its text
	Have, Want int64
}

// Done reports whether enough was seen.
func (s step) Done() bool { return s.Have >= s.Want }

// checklist is nil where the provider wants to see nothing.
func (h *handler) checklist(v *visit, row dialectRow) (*checklist, error) {
	wanted := row.GoLive
	if wanted == (provider.GoLive{}) || !row.Issued {
		return nil, nil
	}
	counts, err := h.Gateway.Store.Read().CountAcknowledgements(v.Context(), sqlgen.CountAcknowledgementsParams{
		MerchantID: v.MerchantID, Target: row.Name,
	})
	if err != nil {
		return nil, fmt.Errorf("count acknowledgements: %w", err)
	}
	succeeded, failed := step{Name: "succeeded", Want: int64(wanted.Succeeded)}, step{Name: "failed", Want: int64(wanted.Failed)}
	c := &checklist{}
	for _, n := range counts {
		switch {
		case n.Verdict != provider.AckValid:
			c.Spoiled += n.N
		case n.Type == pay.EventType(pay.Payment, string(pay.StatusSucceeded)):
			succeeded.Have += n.N
		default:
			failed.Have += n.N
		}
	}
	c.Steps = []step{succeeded, failed}
	return c, nil
}
