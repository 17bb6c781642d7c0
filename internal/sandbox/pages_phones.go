package sandbox

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/phone"
)

// maxOpened bounds the phones that an address may open.
const maxOpened = 12

// handset is one virtual phone as the page draws it.
type handset struct {
	Phone
	Anchor   string
	Local    string // as people in its country dial it
	Operator string
	Holder   string
	Country  string
	// Asked is the prompt on the screen, nil for none; Waiting are those behind it.
	Asked   *Prompt
	Waiting int
	// Past are the operations in the page's words.
	Past []pastEntry
}

type pastEntry struct{ Kind, Money, Status, Payment string }

// handsets are the phones that were opened, in their order, then those that
// operations were on.
func (c control) handsets(ctx context.Context, opened []string, t words) ([]handset, error) {
	used, err := c.Phones(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]handset, 0, len(opened)+len(used))
	for _, number := range opened {
		p := Phone{MSISDN: number}
		if i := slices.IndexFunc(used, func(u Phone) bool { return u.MSISDN == number }); i >= 0 {
			p = used[i]
		}
		list = append(list, drawn(p, t))
	}
	for _, p := range used {
		if !slices.Contains(opened, p.MSISDN) {
			list = append(list, drawn(p, t))
		}
	}
	return list, nil
}

func drawn(p Phone, t words) handset {
	h := handset{Phone: p, Anchor: anchor(p.MSISDN), Local: p.MSISDN, Holder: holderName(strings.TrimPrefix(p.MSISDN, "+"))}
	if n, err := phone.Parse(p.MSISDN, ""); err == nil {
		h.Local, h.Country = n.National(), phone.CountryName(n.Country(), t["lang"])
		if op, ok := phone.Suggest(n); ok {
			h.Operator = op.Name
		}
	}
	if len(p.Prompts) > 0 {
		h.Asked, h.Waiting = &p.Prompts[0], len(p.Prompts)-1
	}
	for _, e := range p.Operations {
		h.Past = append(h.Past, pastEntry{
			Kind: t["kind."+e.Kind], Status: t["status."+e.Status], Payment: e.Payment,
			Money: money.New(e.Amount, money.Currency(e.Currency)).Format(t["lang"]),
		})
	}
	return h
}

// anchor is where a phone stands on the page.
func anchor(number string) string { return "phone-" + strings.TrimPrefix(number, "+") }

// openedNumbers are the phones that the address opens, in E.164.
func openedNumbers(r *http.Request) []string {
	var list []string
	for _, text := range r.URL.Query()["phone"] {
		n, err := phone.Parse(text, "")
		if err == nil && !slices.Contains(list, n.E164()) && len(list) < maxOpened {
			list = append(list, n.E164())
		}
	}
	return list
}

// openPhone puts a number into the page's address, before those that are there.
func (c control) openPhone(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	n, err := phone.Parse(q.Get("number"), q.Get("country"))
	if err != nil {
		http.Redirect(w, r, "/sandbox?"+url.Values{
			"lang": {q.Get("lang")}, "country": {q.Get("country")}, "phone": q["phone"], "fault": {"number"}, "number": {q.Get("number")},
		}.Encode()+"#open", http.StatusSeeOther)
		return
	}
	list := []string{n.E164()}
	for _, number := range openedNumbers(r) {
		if number != n.E164() {
			list = append(list, number)
		}
	}
	q["phone"] = list
	http.Redirect(w, r, "/sandbox"+query(q)+"#"+anchor(n.E164()), http.StatusSeeOther)
}

type country struct {
	Code, Name, Prefix string
	Chosen             bool
}

func countries(chosen string, t words) []country {
	var list []country
	for _, code := range phone.Countries() {
		list = append(list, country{code, phone.CountryName(code, t["lang"]), "+" + phone.CountryCode(code), code == chosen})
	}
	return list
}

// trial is one of the test numbers or cards; Open is the address that opens its
// phone.
type trial struct{ Number, Effect, Open string }

// trialStem with four digits more is a number in Gabon.
const trialStem = "+2416600"

// trials are the generic test numbers, in order.
func trials(q url.Values, t words) []trial {
	var list []trial
	ends := []string{"0100"}
	for end := range byLastFour {
		ends = append(ends, end)
	}
	slices.Sort(ends[1:])
	for _, end := range ends {
		open := url.Values{"number": {trialStem + end}, "phone": q["phone"]}
		if lang := q.Get("lang"); lang != "" {
			open.Set("lang", lang)
		}
		list = append(list, trial{end, t["trial."+end], "/sandbox/open?" + open.Encode()})
	}
	return list
}

// cardTrials are the generic test cards.
func cardTrials(t words) []trial {
	return []trial{
		{Number: "4242 4242 4242 4242", Effect: t["card.ok"]},
		{Number: "4000 0000 0000 0002", Effect: t["card.declined"]},
		{Number: "4000 0000 0000 9995", Effect: t["card.funds"]},
		{Number: "4000 0000 0000 3220", Effect: t["card.3ds"]},
	}
}
