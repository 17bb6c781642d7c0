package dashboard

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"rsc.io/qr"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// prefixLink starts a link's id, as in the native API.
const prefixLink = "plink"

type linksPage struct {
	Rows       []pay.Transaction
	Older      string
	Currencies []money.Currency
	Typed      map[string]string
}

type linkPage struct {
	Tx   pay.Transaction
	URL  string
	Code template.HTML
}

func (h *handler) links(v *visit) error { return h.showLinks(v, nil, nil) }

func (h *handler) showLinks(v *visit, typed map[string]string, fault error) error {
	before := v.URL.Query().Get("before")
	if !plainID.MatchString(before) {
		before = lastID
	}
	rows, err := h.Gateway.Store.Read().ListByFrontReference(v.Context(), sqlgen.ListByFrontReferenceParams{
		MerchantID: v.MerchantID, Mode: string(v.Mode), Front: pay.NativeFront, Before: before, Count: pageSize + 1,
	})
	if err != nil {
		return fmt.Errorf("list payment links: %w", err)
	}
	found, err := decodeAll(rows)
	if err != nil {
		return err
	}
	page := linksPage{Currencies: money.Currencies(), Typed: map[string]string{"reference": "", "amount": "", "currency": "", "description": ""}}
	for name, value := range typed {
		page.Typed[name] = value
	}
	if len(found) > pageSize {
		found = found[:pageSize]
		page.Older = "?before=" + found[pageSize-1].FrontReference
	}
	page.Rows = found
	return h.fault(v, "links.html", page, fault)
}

func (h *handler) addLink(v *visit) error {
	typed := map[string]string{}
	for _, name := range []string{"reference", "amount", "currency", "description"} {
		typed[name] = strings.TrimSpace(v.PostFormValue(name))
	}
	cur, err := money.ParseCurrency(typed["currency"])
	if err != nil {
		return h.showLinks(v, typed, pay.Invalid("currency", "not a currency"))
	}
	amount, err := readAmount(typed["amount"], cur)
	if err != nil {
		return h.showLinks(v, typed, err)
	}
	var made pay.Transaction
	err = h.act(v, "link.add", typed["reference"], amount.String(), func() error {
		var err error
		made, err = h.Gateway.Create(v.Context(), v.caller(), provider.Request{
			Kind: pay.Payment, Reference: typed["reference"], Amount: amount, Description: typed["description"],
			Checkout:          pay.Checkout{Retry: true},
			NewFrontReference: func() string { return pay.NewID(prefixLink, v.MerchantID, h.Now()) },
		})
		return err
	})
	if err != nil {
		return h.showLinks(v, typed, err)
	}
	return h.done(v, "/dashboard/links/"+made.FrontReference, "")
}

func (h *handler) findLink(v *visit) (pay.Transaction, error) {
	t, err := h.Gateway.Find(v.Context(), v.caller(), provider.Search{FrontReference: v.PathValue("id")})
	if err == nil && !strings.HasPrefix(t.FrontReference, prefixLink+"_") {
		err = pay.NotFound("payment link")
	}
	return t, err
}

func (h *handler) link(v *visit) error {
	t, err := h.findLink(v)
	if err != nil {
		return err
	}
	page := linkPage{Tx: t, URL: h.Gateway.CheckoutURL(t.Checkout.Token)}
	if page.Code, err = picture(page.URL); err != nil {
		return err
	}
	return h.render(v, http.StatusOK, "link.html", page)
}

func (h *handler) cancelLink(v *visit) error {
	t, err := h.findLink(v)
	if err != nil {
		return err
	}
	if !v.sure() && !t.Status.Final() {
		return h.ask(v, question{Act: "link", Facts: v.of(t), Back: "/dashboard/links/" + t.FrontReference})
	}
	err = h.act(v, "link.cancel", t.FrontReference, "", func() error {
		_, err := h.Gateway.Cancel(v.Context(), v.caller(), t.ID)
		return err
	})
	if err != nil {
		return err
	}
	return h.done(v, "/dashboard/links", "canceled")
}

// quiet is the white border that scanners need, in modules (ISO/IEC 18004).
const quiet = 4

// picture is an address as a QR code in SVG; a run of dark modules is one path
// step.
func picture(text string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", fmt.Errorf("make QR code: %w", err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			start := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > start {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", start+quiet, y+quiet, x-start, x-start)
			}
		}
	}
	side := code.Size + 2*quiet
	// Nothing but numbers goes in.
	return template.HTML(fmt.Sprintf( //nolint:gosec // see above
		`<svg class="qr" role="img" aria-label="QR" viewBox="0 0 %d %d" shape-rendering="crispEdges"><rect width="%d" height="%d" fill="#fff"/><path d="%s" fill="#000"/></svg>`,
		side, side, side, side, path.String())), nil
}

// readAmount reads what a person typed: spaces group, a comma or a point parts
// the decimals.
func readAmount(text string, cur money.Currency) (money.Amount, error) {
	clean := strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ",", ".").Replace(text)
	a, err := money.Parse(clean, cur)
	if err != nil || !a.IsPositive() {
		return a, pay.Invalid("amount", "not an amount of this currency")
	}
	return a, nil
}
