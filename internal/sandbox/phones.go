package sandbox

import (
	"context"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
)

// Prompt is a request that a virtual phone shows.
type Prompt struct {
	Operation string `json:"operation"`
	Payment   string `json:"payment"`
	Operator  string `json:"operator,omitempty"`
	Amount    int64  `json:"amount"`
	Currency  string `json:"currency"`
	Text      string `json:"text"`
	// OTP is the one-time password that the operator has sent, "" when a PIN is asked.
	OTP       string    `json:"otp,omitempty"`
	CreatedAt time.Time `json:"created_at"`
}

// Entry is one operation as its customer knows it.
type Entry struct {
	Operation string    `json:"operation"`
	Payment   string    `json:"payment"`
	Kind      string    `json:"kind"`
	Status    string    `json:"status"`
	Amount    int64     `json:"amount"`
	Currency  string    `json:"currency"`
	CreatedAt time.Time `json:"created_at"`
}

// Money is the amount as people write it.
func (e Entry) Money() string { return money.New(e.Amount, money.Currency(e.Currency)).Format("fr") }

// Message is one text message.
type Message struct {
	Text      string    `json:"text"`
	CreatedAt time.Time `json:"created_at"`
}

// Phone is one virtual phone.
type Phone struct {
	MSISDN     string    `json:"msisdn"` // E.164
	Prompts    []Prompt  `json:"prompts"`
	Operations []Entry   `json:"operations"`
	Messages   []Message `json:"messages"`
}

// noPrompt refuses an answer that nobody asked for.
func noPrompt() error { return pay.Conflict("no_prompt", "the phone shows no prompt") }

// Phones lists the virtual phones, the one used last first.
func (s *Sandbox) Phones(ctx context.Context) ([]Phone, error) {
	rows, err := s.Store.Read().ListSandboxPhones(ctx)
	if err != nil {
		return nil, fmt.Errorf("list phones: %w", err)
	}
	list := make([]Phone, 0, len(rows))
	for _, row := range rows {
		p, err := s.phone(ctx, row.Phone)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// Phone reads one virtual phone; pay.ErrNotFound when no operation was ever on it.
func (s *Sandbox) Phone(ctx context.Context, msisdn string) (Phone, error) {
	number, err := s.numberOf(ctx, msisdn)
	if err != nil {
		return Phone{}, err
	}
	return s.phone(ctx, number)
}

func (s *Sandbox) phone(ctx context.Context, number string) (Phone, error) {
	p := Phone{MSISDN: number, Prompts: []Prompt{}, Operations: []Entry{}, Messages: []Message{}}
	prompts, err := s.prompts(ctx, number)
	if err != nil {
		return p, err
	}
	for _, o := range prompts {
		p.Prompts = append(p.Prompts, o.prompt())
	}
	rows, err := s.Store.Read().ListSandboxPhone(ctx, number)
	if err != nil {
		return p, fmt.Errorf("list operations of a phone: %w", err)
	}
	for _, o := range rows {
		p.Operations = append(p.Operations, Entry{
			Operation: o.ID, Payment: o.TransactionID, Kind: o.Kind, Status: o.Status,
			Amount: o.Amount, Currency: o.Currency, CreatedAt: store.Time(o.CreatedAt),
		})
	}
	messages, err := s.Store.Read().ListSandboxMessages(ctx, number)
	if err != nil {
		return p, fmt.Errorf("list messages of a phone: %w", err)
	}
	for _, m := range messages {
		p.Messages = append(p.Messages, Message{Text: m.Text, CreatedAt: store.Time(m.CreatedAt)})
	}
	return p, nil
}

func (o *operation) prompt() Prompt {
	p := Prompt{
		Operation: o.ID, Payment: o.TransactionID, Operator: o.Operator, Amount: o.Amount,
		Currency: o.Currency, Text: o.ussd(), CreatedAt: store.Time(o.CreatedAt),
	}
	if o.Status == statusOTP {
		p.OTP = otp
	}
	return p
}

// prompts are the open ones of a phone, the newest first.
func (s *Sandbox) prompts(ctx context.Context, number string) ([]operation, error) {
	rows, err := s.Store.Read().ListSandboxPrompts(ctx, number)
	if err != nil {
		return nil, fmt.Errorf("list prompts of a phone: %w", err)
	}
	return decodeAll(rows)
}

// Approve answers the newest open prompt of a phone as its customer would with
// the right PIN; what comes of it, the number decides. The gateway has been
// notified when it returns.
func (s *Sandbox) Approve(ctx context.Context, msisdn string) (Entry, error) {
	return s.respond(ctx, msisdn, (*operation).advance)
}

// Decline refuses the newest open prompt of a phone.
func (s *Sandbox) Decline(ctx context.Context, msisdn string) (Entry, error) {
	return s.respond(ctx, msisdn, func(o *operation) { o.cut(declined) })
}

// Expire ends the newest open prompt of a phone as if its customer had let it
// time out.
func (s *Sandbox) Expire(ctx context.Context, msisdn string) (Entry, error) {
	return s.respond(ctx, msisdn, func(o *operation) { o.cut(noAnswer) })
}

func (s *Sandbox) respond(ctx context.Context, msisdn string, change func(*operation)) (Entry, error) {
	number, err := s.numberOf(ctx, msisdn)
	if err != nil {
		return Entry{}, err
	}
	ctx = context.WithoutCancel(ctx) // a customer's answer counts whoever hangs up
	for range answerTries {
		open, err := s.prompts(ctx, number)
		if err != nil {
			return Entry{}, err
		}
		if len(open) == 0 {
			return Entry{}, noPrompt()
		}
		o := open[0]
		seen := o.SandboxOperation
		change(&o)
		saved, err := s.report(ctx, o, seen)
		if err != nil {
			// The answer is kept; the notification is sent again by whoever
			// works due operations.
			s.Log.Warn("notification of an operation is late", "operation", o.ID, "error", err)
		}
		if saved {
			return Entry{
				Operation: o.ID, Payment: o.TransactionID, Kind: o.Kind, Status: o.Status, Amount: o.Amount,
				Currency: o.Currency, CreatedAt: store.Time(o.CreatedAt),
			}, nil
		}
		if err != nil {
			return Entry{}, err
		}
	}
	return Entry{}, noPrompt()
}

// numberOf finds the virtual phone that a text means: an international number
// with or without plus, or the local form of any country with such a phone. Of
// several, the one with an open prompt, then the one used last.
func (s *Sandbox) numberOf(ctx context.Context, text string) (string, error) {
	best, bestRank := "", int64(0)
	tried := map[string]bool{}
	for _, country := range append([]string{""}, phone.Countries()...) {
		n, err := phone.Parse(text, country)
		if err != nil || tried[n.E164()] {
			continue
		}
		tried[n.E164()] = true
		rank, err := s.lastUsed(ctx, n.E164())
		if err != nil {
			return "", err
		}
		if rank > bestRank {
			best, bestRank = n.E164(), rank
		}
	}
	if best == "" {
		return "", pay.NotFound("virtual phone")
	}
	return best, nil
}

// openFirst ranks any open prompt above any past operation.
const openFirst = int64(1) << 60

func (s *Sandbox) lastUsed(ctx context.Context, number string) (int64, error) {
	open, err := s.Store.Read().ListSandboxPrompts(ctx, number)
	if err != nil {
		return 0, fmt.Errorf("look for a phone's prompts: %w", err)
	}
	if len(open) > 0 {
		return openFirst + open[0].CreatedAt, nil
	}
	var rows []sqlgen.SandboxOperation
	if rows, err = s.Store.Read().ListSandboxPhone(ctx, number); err != nil {
		return 0, fmt.Errorf("look for a phone's operations: %w", err)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	return rows[0].CreatedAt + 1, nil
}
