package dashboard

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
)

// sample is how many payments the success rates are taken of: few enough to be
// read at once, however many there are.
const sample = 500

// overviewPage is what one looks at first.
type overviewPage struct {
	Balances []balance
	Recent   []pay.Transaction
	Alerts   []pay.Transaction
	Rates    []rate
	Sample   int
	Chart    template.HTML
}

// balance is money in one currency, at one connection or at all.
type balance struct {
	Connection         string
	Available, Pending money.Amount
}

// rate is how often an operator's payments succeed. Bar is its height in the
// picture, in per cent.
type rate struct {
	Operator       string
	Succeeded, All int
	Bar            int
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
	page.Rates, page.Sample = rates(last)
	page.Chart = bars(page.Rates)
	rows, err := h.perConnection(v.Context(), v)
	if err != nil {
		return err
	}
	page.Balances = byCurrency(rows)
	return h.render(v, http.StatusOK, "overview.html", page)
}

// rates counts the payments that have ended, by operator.
func rates(list []pay.Transaction) ([]rate, int) {
	by := map[string]*rate{}
	count := 0
	for _, t := range list {
		if !t.Status.Final() || t.Method.Type == "" {
			continue
		}
		count++
		name := string(t.Method.Type)
		if op, ok := phone.OperatorByID(t.Method.Operator); ok {
			name = op.Name + " " + op.Country
		}
		if by[name] == nil {
			by[name] = &rate{Operator: name}
		}
		by[name].All++
		if t.Status == pay.StatusSucceeded {
			by[name].Succeeded++
		}
	}
	var found []rate
	for _, r := range by {
		r.Bar = 100 * r.Succeeded / r.All
		found = append(found, *r)
	}
	slices.SortFunc(found, func(a, b rate) int {
		if a.All != b.All {
			return b.All - a.All
		}
		if a.Operator < b.Operator {
			return -1
		}
		return 1
	})
	return found[:min(len(found), 8)], count
}

// Measures of the picture, in its own units.
const (
	chartWidth = 560
	chartName  = 170
	chartBar   = 300
	chartStep  = 30
)

// bars draws the rates as bars with their numbers beside them.
func bars(list []rate) template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" role="img" viewBox="0 0 %d %d">`, chartWidth, chartStep*len(list))
	for i, r := range list {
		y := i * chartStep
		fmt.Fprintf(&b, `<text x="0" y="%d">%s</text><rect class="back" x="%d" y="%d" width="%d" height="16" rx="4"/>`,
			y+17, template.HTMLEscapeString(r.Operator), chartName, y+5, chartBar)
		fmt.Fprintf(&b, `<rect class="fill" x="%d" y="%d" width="%d" height="16" rx="4"/><text x="%d" y="%d">%d %% · %d/%d</text>`,
			chartName, y+5, chartBar*r.Bar/100, chartName+chartBar+8, y+17, r.Bar, r.Succeeded, r.All)
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // the one text in it is escaped
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
