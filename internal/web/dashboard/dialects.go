package dashboard

import (
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// option is the name of a form's field for a dialect's option.
const option = "option."

// dialectRow is a dialect of the merchant's, in the mode that is looked at.
type dialectRow struct {
	*provider.Provider
	Base     string
	Issued   bool
	Settings gateway.DialectSettings
}

// dialectPage is one dialect's form, from its descriptor.
type dialectPage struct {
	dialectRow
	GoLive *checklist        // nil where the provider wants to see nothing
	Fresh  []provider.Issued // shown once
}

// Value is an option's in force.
func (p dialectPage) Value(o provider.Option) string {
	if v, ok := p.Settings.Options[o.Name]; ok {
		return v
	}
	return o.Default
}

// Reveal is the text of a credential that was just made.
func (p dialectPage) Reveal(i provider.Issued) string { return i.Value.Reveal() }

func (h *handler) dialects(v *visit) error {
	var rows []dialectRow
	for _, p := range h.Gateway.Providers {
		if h.Dialects[p.Name] == nil {
			continue
		}
		row, err := h.dialectRow(v, p)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	return h.render(v, http.StatusOK, "dialects.html", rows)
}

func (h *handler) dialectRow(v *visit, p *provider.Provider) (row dialectRow, err error) {
	row = dialectRow{Provider: p, Base: h.Gateway.PublicURL + "/" + p.Name}
	row.Settings, row.Issued, err = h.Gateway.DialectSettings(v.Context(), p.Name, v.MerchantID, v.Mode)
	return row, err
}

// spoken is the dialect that the address names.
func (h *handler) spoken(v *visit) (dialectRow, error) {
	p, ok := h.Gateway.Provider(v.PathValue("name"))
	if !ok || h.Dialects[p.Name] == nil {
		return dialectRow{}, pay.NotFound("dialect")
	}
	return h.dialectRow(v, p)
}

func (h *handler) dialect(v *visit) error {
	row, err := h.spoken(v)
	if err != nil {
		return err
	}
	page := dialectPage{dialectRow: row}
	if page.GoLive, err = h.checklist(v, row); err != nil {
		return err
	}
	return h.render(v, http.StatusOK, "dialect.html", page)
}

func (row dialectRow) order(v *visit) provider.IssueOrder {
	return provider.IssueOrder{
		MerchantID: v.MerchantID, MerchantName: v.MerchantName, Mode: v.Mode, Demo: row.Settings.Demo,
		CallbackURL: row.Settings.CallbackURL, ReturnURL: row.Settings.ReturnURL, Options: row.Settings.Options,
	}
}

// setDialect changes addresses and options. The trail gets the options' names
// alone, as a value may be somebody's number.
func (h *handler) setDialect(v *visit) error {
	row, err := h.spoken(v)
	if err != nil {
		return err
	}
	if !row.Issued {
		return pay.Conflict("not_issued", "the dialect has no credentials yet")
	}
	var changed []string
	before := dialectPage{dialectRow: row}
	row.Settings.CallbackURL = strings.TrimSpace(v.PostFormValue("callback_url"))
	row.Settings.ReturnURL = strings.TrimSpace(v.PostFormValue("return_url"))
	row.Settings.Options = map[string]string{}
	for _, o := range row.Options {
		value := strings.TrimSpace(v.PostFormValue(option + o.Name))
		if value != before.Value(o) {
			changed = append(changed, o.Name)
		}
		if value != o.Default {
			row.Settings.Options[o.Name] = value
		}
	}
	err = h.act(v, "dialect.change", row.Name, strings.Join(changed, " "), func() error {
		if err := h.checkDialect(row); err != nil {
			return err
		}
		order := row.order(v)
		order.KeepCredentials = true
		_, err := h.Gateway.Issue(v.Context(), row.Name, h.Dialects[row.Name], order)
		return err
	})
	if err != nil {
		return h.fault(v, "dialect.html", dialectPage{dialectRow: row}, err)
	}
	return h.done(v, "/dashboard/dialects/"+row.Name, "saved")
}

func (h *handler) checkDialect(row dialectRow) error {
	for name, value := range row.Settings.Options {
		if err := row.CheckOption(name, value); err != nil {
			return err
		}
	}
	for _, address := range []string{row.Settings.CallbackURL, row.Settings.ReturnURL} {
		if address == "" {
			continue
		}
		if err := h.Gateway.CheckURL(address); err != nil {
			return pay.Invalid("url", "the address can't be called")
		}
	}
	return nil
}

// issueDialect makes credentials in the place of those before, and answers with
// them: sent on elsewhere, they would have to be kept.
func (h *handler) issueDialect(v *visit) error {
	row, err := h.spoken(v)
	if err != nil {
		return err
	}
	if row.Settings.Demo {
		return pay.Conflict("demo", "the demo merchant's credentials are published")
	}
	if row.Issued && !v.sure() {
		facts := []fact{{"provider", row.Title}, {"mode", v.words.of("mode." + string(v.Mode))}}
		return h.ask(v, question{Act: "reissue", Facts: facts, Back: "/dashboard/dialects/" + row.Name})
	}
	page := dialectPage{dialectRow: row}
	err = h.act(v, "dialect.issue", row.Name, "", func() (err error) {
		page.Fresh, err = h.Gateway.Issue(v.Context(), row.Name, h.Dialects[row.Name], row.order(v))
		return err
	})
	page.Issued = err == nil || row.Issued
	return h.fault(v, "dialect.html", page, err)
}
