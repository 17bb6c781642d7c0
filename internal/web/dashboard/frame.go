package dashboard

import (
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
)

// frame is what surrounds a page's own data, and what its template writes with.
type frame struct {
	T        map[string]string
	Lang     string
	Person   account.Person
	SignedIn bool
	Nav      []navItem
	Here     string // path and query, to come back to
	Done     string // a word about what was just done
	Fault    string // what was wrong
	Live     bool   // the page's #live goes on changing
	Data     any
	words    words
}

type navItem struct {
	Href, Name string
	Current    bool
}

func (h *handler) frame(v *visit) frame {
	f := frame{T: v.words.all, Lang: v.words.lang, Person: v.Person, SignedIn: v.UserID != "", words: v.words, Here: "/dashboard/"}
	if v.Method == "GET" {
		f.Here = v.URL.RequestURI()
	}
	if done := v.URL.Query().Get("done"); done != "" {
		f.Done = v.words.all["done."+done]
	}
	for _, item := range []struct {
		name  string
		power account.Power
	}{
		{"", account.See},
		{"payments", account.See},
		{"payouts", account.See},
		{"batches", account.See},
		{"refunds", account.See},
		{"links", account.See},
		{"balances", account.See},
		{"reconciliation", account.See},
		{"connections", account.See},
		{"routes", account.See},
		{"webhooks", account.See},
		{"keys", account.Manage},
		{"dialects", account.Manage},
		{"team", account.Manage},
		{"policies", account.Manage},
		{"audit", account.Manage},
	} {
		if !v.Role.May(item.power) {
			continue
		}
		href := "/dashboard/" + item.name
		current := v.URL.Path == href || item.name != "" && strings.HasPrefix(v.URL.Path, href+"/")
		f.Nav = append(f.Nav, navItem{Href: href, Name: v.words.of("nav." + item.name), Current: current})
	}
	return f
}

// Word is the text of a value: Word "status." s.
func (f frame) Word(prefix string, value any) string {
	key := toText(value)
	if text, ok := f.T[prefix+key]; ok {
		return text
	}
	return key
}

func toText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case pay.Status:
		return string(v)
	case pay.Kind:
		return string(v)
	case pay.Reason:
		return string(v)
	case pay.AttemptStatus:
		return string(v)
	case pay.MethodType:
		return string(v)
	case account.Role:
		return string(v)
	case pay.Mode:
		return string(v)
	}
	return ""
}

// Money is an amount as people write it.
func (f frame) Money(a money.Amount) string { return a.Format(f.Lang) }

// At is a moment, in UTC, which the page's foot says.
func (f frame) At(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	if f.Lang == "en" {
		return t.UTC().Format("2 Jan 2006, 15:04:05")
	}
	return t.UTC().Format("02/01/2006 15:04:05")
}

// ISO is a moment for machines.
func (f frame) ISO(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Masked is a phone number without its middle.
func (f frame) Masked(number string) string { return masked(number) }

func masked(number string) string {
	n, err := phone.Parse(number, "")
	if err != nil {
		return ""
	}
	return n.Masked()
}

// Operator is what customers call it.
func (f frame) Operator(id string) string {
	if op, ok := phone.OperatorByID(id); ok {
		return op.Name
	}
	return id
}

// Suggested is the operator whose prefix a number has.
func (f frame) Suggested(number string) string {
	n, err := phone.Parse(number, "")
	if err != nil {
		return ""
	}
	op, _ := phone.Suggest(n)
	return op.Name
}

// May tells whether the person may operate or manage.
func (f frame) May(power string) bool { return f.Person.Role.May(account.Power(power)) }

// rows is what the table of transactions is written from.
type rows struct {
	Frame frame
	Rows  []pay.Transaction
	Kinds bool // they are not all of one kind
	Empty string
}

// With hands transactions to their table.
func (f frame) With(list []pay.Transaction) rows { return rows{Frame: f, Rows: list} }

// Newest is With for the last payments, where there may be none yet.
func (f frame) Newest(list []pay.Transaction) rows {
	return rows{Frame: f, Rows: list, Empty: f.T["empty."+string(pay.Payment)]}
}

// Listed is With for a list: where it is empty, it says what comes next.
func (f frame) Listed(list []pay.Transaction, by filter) rows {
	r := rows{Frame: f, Rows: list, Empty: f.T["empty."+string(by.Kind)]}
	if by.query(by.Before) != "" {
		r.Empty = f.T["notFound"]
	}
	return r
}

// WithKinds is With for transactions of several kinds.
func (f frame) WithKinds(list []pay.Transaction) rows { return rows{Frame: f, Rows: list, Kinds: true} }
