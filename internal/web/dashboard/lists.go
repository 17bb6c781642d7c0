package dashboard

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
)

const (
	pageSize = 50
	// lastID sorts after every id, in any collation.
	lastID = "zzzz"
	// randomPart is the end of an id that its time does not decide.
	randomPart = 16
)

// filter is what a list is narrowed by, as it was typed.
type filter struct {
	Kind      pay.Kind
	Status    string
	Reference string
	Phone     string
	From, To  string // days, 2006-01-02
	Before    string
}

// listPage is a page of transactions.
type listPage struct {
	Filter   filter
	Statuses []pay.Status
	Rows     []pay.Transaction
	Older    string // query of the next page
	CSV      string
}

var plainID = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

func readFilter(kind pay.Kind, q url.Values) filter {
	return filter{
		Kind: kind, Status: q.Get("status"), Reference: q.Get("reference"), Phone: q.Get("phone"),
		From: q.Get("from"), To: q.Get("to"), Before: q.Get("before"),
	}
}

func (f filter) query(before string) string {
	q := url.Values{}
	for name, value := range map[string]string{
		"status": f.Status, "reference": f.Reference, "phone": f.Phone, "from": f.From, "to": f.To, "before": before,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// list shows the transactions of one kind.
func list(kind pay.Kind) func(*handler, *visit) error {
	return func(h *handler, v *visit) error {
		f := readFilter(kind, v.URL.Query())
		page := listPage{Filter: f, Statuses: pay.Statuses()}
		rows, err := h.find(v.Context(), v, f, pageSize+1)
		if pay.KindOf(err) == pay.KindInvalid && err != nil {
			return h.fault(v, "list.html", page, err)
		}
		if err != nil {
			return err
		}
		if len(rows) > pageSize {
			rows = rows[:pageSize]
			page.Older = f.query(rows[pageSize-1].ID)
		}
		page.Rows, page.CSV = rows, "/dashboard/"+string(kind)+"s.csv"+f.query("")
		return h.render(v, http.StatusOK, "list.html", page)
	}
}

// find reads one page of a list, by key.
func (h *handler) find(ctx context.Context, v *visit, f filter, count int) ([]pay.Transaction, error) {
	before, since, err := bounds(v.MerchantID, f)
	if err != nil {
		return nil, err
	}
	if f.Status != "" && !slices.Contains(pay.Statuses(), pay.Status(f.Status)) {
		return nil, pay.Invalid("status", "no such status")
	}
	number := ""
	if f.Phone != "" && f.Reference == "" {
		n, ok := anyPhone(f.Phone)
		if !ok {
			return nil, pay.InvalidAs(pay.CodeInvalidPhone, "phone", "not a phone number")
		}
		number = n.E164()
	}
	return h.Gateway.List(ctx, v.caller(), gateway.Filter{
		Kind: f.Kind, Status: pay.Status(f.Status), Reference: f.Reference, Phone: number,
		Before: before, Since: since, Limit: count,
	})
}

// bounds turns days and the page's start into ids, which sort by time.
func bounds(merchantID string, f filter) (before, since string, err error) {
	before = lastID
	if f.To != "" {
		day, err := time.Parse(time.DateOnly, f.To)
		if err != nil {
			return "", "", pay.Invalid("date", "not a day")
		}
		before = firstID(f.Kind, merchantID, day.AddDate(0, 0, 1))
	}
	if f.From != "" {
		day, err := time.Parse(time.DateOnly, f.From)
		if err != nil {
			return "", "", pay.Invalid("date", "not a day")
		}
		since = firstID(f.Kind, merchantID, day)
	}
	if f.Before != "" {
		if !plainID.MatchString(f.Before) {
			return "", "", pay.Invalid("before", "not a place in the list")
		}
		before = min(before, f.Before)
	}
	return before, since, nil
}

// firstID sorts before every id that was made at or after a moment. A year that
// no id can have is taken for the beginning.
func firstID(kind pay.Kind, merchantID string, at time.Time) string {
	if at.Year() < 1971 || at.Year() > 9000 {
		at = time.UnixMilli(0)
	}
	id := pay.NewID(pay.PrefixOf(kind), merchantID, at)
	return id[:len(id)-randomPart]
}

func decodeAll(rows []sqlgen.Transaction) ([]pay.Transaction, error) {
	found := make([]pay.Transaction, len(rows))
	for i, row := range rows {
		var err error
		if found[i], err = store.DecodeTransaction(row); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// anyPhone reads a number in international form, or in the local form of the
// first country that has such numbers.
func anyPhone(text string) (phone.Number, bool) {
	if n, err := phone.Parse(text, ""); err == nil {
		return n, true
	}
	for _, country := range phone.Countries() {
		if n, err := phone.Parse(text, country); err == nil {
			return n, true
		}
	}
	return phone.Number{}, false
}
