package dashboard

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// searchPage is what one search box found.
type searchPage struct {
	Query string
	Rows  []pay.Transaction
}

// search looks for an id, a reference (the merchant's, ours at a provider, a
// provider's) or a phone number. What is found alone is shown at once.
func (h *handler) search(v *visit) error {
	page := searchPage{Query: strings.TrimSpace(v.URL.Query().Get("q"))}
	if page.Query == "" || !printable(page.Query) {
		return h.render(v, http.StatusOK, "search.html", page)
	}
	var err error
	if page.Rows, err = h.lookUp(v.Context(), v, page.Query); err != nil {
		return err
	}
	if len(page.Rows) == 1 {
		return h.done(v, "/dashboard/transactions/"+page.Rows[0].ID, "")
	}
	return h.render(v, http.StatusOK, "search.html", page)
}

func (h *handler) lookUp(ctx context.Context, v *visit, text string) ([]pay.Transaction, error) {
	t, err := h.Gateway.Find(ctx, v.caller(), provider.Search{ID: text})
	if err == nil {
		return []pay.Transaction{t}, nil
	}
	if pay.KindOf(err) != pay.KindNotFound {
		return nil, err
	}
	rows, err := h.find(ctx, v, filter{Reference: text}, pageSize)
	if err != nil {
		return nil, err
	}
	atProviders, err := h.byAttempt(ctx, v, text)
	if err != nil {
		return nil, err
	}
	found := append(rows, atProviders...)
	if len(found) > 0 {
		return unique(found), nil
	}
	if _, ok := anyPhone(text); !ok {
		return nil, nil
	}
	for _, kind := range []pay.Kind{pay.Payment, pay.Payout, pay.Refund} {
		rows, err := h.find(ctx, v, filter{Kind: kind, Phone: text}, pageSize)
		if err != nil {
			return nil, err
		}
		found = append(found, rows...)
	}
	return found, nil
}

// byAttempt finds what was sent to a provider under a reference.
func (h *handler) byAttempt(ctx context.Context, v *visit, text string) ([]pay.Transaction, error) {
	q := h.Gateway.Store.Read()
	rails, err := q.ListConnections(ctx, sqlgen.ListConnectionsParams{MerchantID: v.MerchantID, Mode: string(v.Mode)})
	if err != nil {
		return nil, fmt.Errorf("list connections: %w", err)
	}
	var found []pay.Transaction
	for _, rail := range rails {
		a, err := store.AttemptByReference(ctx, q, v.MerchantID, rail.ID, text, text)
		if pay.KindOf(err) == pay.KindNotFound && err != nil {
			continue
		}
		if err != nil {
			return nil, err
		}
		t, err := h.Gateway.Find(ctx, v.caller(), provider.Search{ID: a.TransactionID})
		if err != nil {
			return nil, err
		}
		found = append(found, t)
	}
	return found, nil
}

func unique(list []pay.Transaction) []pay.Transaction {
	seen := map[string]bool{}
	var found []pay.Transaction
	for _, t := range list {
		if !seen[t.ID] {
			seen[t.ID] = true
			found = append(found, t)
		}
	}
	return found
}

// printable reports whether any row could hold the text.
func printable(text string) bool {
	return utf8.ValidString(text) && len(text) <= 255 && !strings.ContainsFunc(text, unicode.IsControl)
}

func noRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }
