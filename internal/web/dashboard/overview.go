package dashboard

import (
	"context"
	"fmt"
	"net/http"

	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// sample is among how many payments the ones that need attention are looked
// for: few enough to be read at once, however many there are.
const sample = 500

// overviewPage is what one looks at first.
type overviewPage struct {
	Balances []balance
	Recent   []pay.Transaction
	Alerts   []pay.Transaction
	Charts   charts
}

// balance is money in one currency, at one connection or at all.
type balance struct {
	Connection         string
	Available, Pending money.Amount
}

func (h *handler) overview(v *visit) error {
	last, err := h.find(v.Context(), v, filter{Kind: pay.Payment}, sample)
	if err != nil {
		return err
	}
	page := overviewPage{Recent: last[:min(len(last), 8)]}
	for _, t := range last {
		if t.Alert != "" || t.Overdue {
			page.Alerts = append(page.Alerts, t)
		}
	}
	if page.Charts, err = h.readCharts(v); err != nil {
		return err
	}
	rows, err := h.perConnection(v.Context(), v)
	if err != nil {
		return err
	}
	page.Balances = byCurrency(rows)
	return h.render(v, http.StatusOK, "overview.html", page)
}

// perConnection reads the balances of the mode that is looked at.
func (h *handler) perConnection(ctx context.Context, v *visit) ([]balance, error) {
	rails, err := h.rails(ctx, v)
	if err != nil {
		return nil, err
	}
	purses, err := ledger.Balances(ctx, h.Gateway.Store.Read(), v.MerchantID)
	if err != nil {
		return nil, err
	}
	var found []balance
	for _, rail := range rails {
		for _, cur := range money.Currencies() {
			b, any := balance{rail.Name, money.New(0, cur), money.New(0, cur)}, false
			for _, p := range purses {
				if p.Connection != rail.ID || p.Currency != cur {
					continue
				}
				switch p.Account {
				case ledger.Available:
					b.Available.Minor, any = p.Amount, true
				case ledger.Reserved:
					b.Pending.Minor, any = p.Amount, true
				}
			}
			if any {
				found = append(found, b)
			}
		}
	}
	return found, nil
}

func byCurrency(rows []balance) []balance {
	var found []balance
	for _, cur := range money.Currencies() {
		sum, any := balance{"", money.New(0, cur), money.New(0, cur)}, false
		for _, r := range rows {
			if r.Available.Currency == cur {
				sum.Available.Minor += r.Available.Minor
				sum.Pending.Minor += r.Pending.Minor
				any = true
			}
		}
		if any {
			found = append(found, sum)
		}
	}
	return found
}

func (h *handler) rails(ctx context.Context, v *visit) ([]sqlgen.Connection, error) {
	rows, err := h.Gateway.Store.Read().ListConnections(ctx, sqlgen.ListConnectionsParams{MerchantID: v.MerchantID, Mode: string(v.Mode)})
	if err != nil {
		return nil, fmt.Errorf("list connections: %w", err)
	}
	return rows, nil
}

func (h *handler) balances(v *visit) error {
	rows, err := h.perConnection(v.Context(), v)
	if err != nil {
		return err
	}
	return h.render(v, http.StatusOK, "balances.html", struct{ Sums, Rows []balance }{byCurrency(rows), rows})
}
