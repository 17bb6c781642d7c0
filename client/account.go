package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"time"
)

// Balance is your money in one currency.
type Balance struct {
	Currency  string `json:"currency"`
	Available int64  `json:"available"`
	Pending   int64  `json:"pending"`
}

// Balances reads your money by currency.
func (c *Client) Balances(ctx context.Context) ([]Balance, error) {
	return get[[]Balance](ctx, c, "/v1/balances", nil)
}

// LedgerEntry is one posting; in each journal and currency debits equal credits.
type LedgerEntry struct {
	ID          string    `json:"id"`
	Mode        string    `json:"mode"`
	Journal     string    `json:"journal"`
	Transaction string    `json:"transaction"`
	Connection  string    `json:"connection"`
	Account     string    `json:"account"`
	Side        string    `json:"side"` // debit, credit
	Amount      int64     `json:"amount"`
	Currency    string    `json:"currency"`
	CreatedAt   time.Time `json:"created_at"`
}

// LedgerEntries goes through the postings, newest first; transaction narrows
// them to one payment, payout or refund, "" does not.
func (c *Client) LedgerEntries(ctx context.Context, transaction string) iter.Seq2[LedgerEntry, error] {
	return all[LedgerEntry](ctx, c, "/v1/ledger/entries", query(0, "transaction", transaction))
}

// Account is the owner of a mobile money account.
type Account struct {
	Phone    string `json:"phone"`
	Name     string `json:"name"`
	Operator string `json:"operator"`
	Active   bool   `json:"active"`
}

// LookUpAccount tells who owns a mobile money account; CodeNotFound when nobody does.
func (c *Client) LookUpAccount(ctx context.Context, phone string) (Account, error) {
	return post[Account](ctx, c, "/v1/accounts/lookup", map[string]string{"phone": phone}, nil)
}

// Operator is a mobile money service in one country.
type Operator struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Brand      string   `json:"brand"`
	Country    string   `json:"country"`
	Currency   string   `json:"currency"`
	Currencies []string `json:"currencies"`
	Prefixes   []string `json:"prefixes"`
	Available  bool     `json:"available"`
	PaysOut    bool     `json:"pays_out"`
}

// Operators goes through the operators; country narrows them, "" does not.
func (c *Client) Operators(ctx context.Context, country string) iter.Seq2[Operator, error] {
	return all[Operator](ctx, c, "/v1/operators", query(100, "country", country))
}

// SuggestOperators tells the operators of a phone number's country, the likely
// one first. Numbers can be ported: let the customer choose.
func (c *Client) SuggestOperators(ctx context.Context, phone string) ([]Operator, error) {
	p, err := get[page[Operator]](ctx, c, "/v1/operators", query(100, "phone", phone))
	return p.Data, err
}

// Quote is what a transaction would cost.
type Quote struct {
	Kind     string `json:"kind"`
	Operator string `json:"operator"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Fees     Fees   `json:"fees"`
}

// QuoteFee tells the fee of a kind (payment, payout, refund) and amount;
// operator may be empty.
func (c *Client) QuoteFee(ctx context.Context, kind string, amount int64, currency, operator string) (Quote, error) {
	q := query(0, "kind", kind, "amount", strconv.FormatInt(amount, 10), "currency", currency, "operator", operator)
	return get[Quote](ctx, c, "/v1/fees/quote", q)
}

// Connection is one of your accounts at a provider, without its secrets.
type Connection struct {
	ID        string            `json:"id"`
	Mode      string            `json:"mode"`
	Provider  string            `json:"provider"`
	Name      string            `json:"name"`
	Enabled   bool              `json:"enabled"`
	Settings  map[string]string `json:"settings"`
	HookURL   string            `json:"hook_url"`
	CreatedAt time.Time         `json:"created_at"`
}

// Connections goes through your connections.
func (c *Client) Connections(ctx context.Context) iter.Seq2[Connection, error] {
	return all[Connection](ctx, c, "/v1/connections", nil)
}

// Connection reads a connection.
func (c *Client) Connection(ctx context.Context, id string) (Connection, error) {
	return get[Connection](ctx, c, "/v1/connections/"+url.PathEscape(id), nil)
}
