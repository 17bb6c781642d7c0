package mypvit

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// connector carries orders to one operation account of MyPVit.
type connector struct {
	env     provider.Environment
	client  *Client
	secrets *secretKeeper

	version        string
	v2Minimum      int64
	callbackCode   string
	successCode    string
	failedCode     string
	allowedSenders []netip.Prefix
}

// quotingConnector is the connector of API version 2, which alone tells fees.
type quotingConnector struct{ *connector }

var (
	_ provider.PaysOut    = (*connector)(nil)
	_ provider.LooksUp    = (*connector)(nil)
	_ provider.Balances   = (*connector)(nil)
	_ provider.Notified   = (*connector)(nil)
	_ provider.Validates  = (*connector)(nil)
	_ provider.Maintained = (*connector)(nil)
	_ provider.Quotes     = quotingConnector{}
)

func connect(env provider.Environment) (provider.Connector, error) {
	set := env.Settings
	senders, err := parseSenders(set[fieldAllowedSenders])
	if err != nil {
		return nil, err
	}
	minimum, err := strconv.ParseInt(set[fieldV2Minimum], 10, 64)
	if err != nil || minimum < 0 {
		return nil, fmt.Errorf("mypvit: %s is not a whole number", fieldV2Minimum)
	}
	version := set[fieldAPIVersion]
	if version != Version55 && version != Version2 {
		return nil, fmt.Errorf("mypvit: %s is %s or %s", fieldAPIVersion, Version55, Version2)
	}
	client := New(Config{
		BaseURL: set[fieldBaseURL], Account: set[fieldAccount], Version: version, HTTP: env.HTTP,
		Codes: URLCodes{
			Any: set[fieldCodeURL], Link: set[fieldCodeURL+"_link"], Status: set[fieldCodeURL+"_status"],
			Balance: set[fieldCodeURL+"_balance"], KYC: set[fieldCodeURL+"_kyc"],
			Renew: set[fieldCodeURL+"_renew_secret"], Fees: set[fieldCodeURL+"_get_fees"],
		},
	})
	c := &connector{
		env: env, client: client, version: version, v2Minimum: minimum,
		callbackCode: set[fieldCallbackCode], successCode: set[fieldSuccessCode], failedCode: set[fieldFailedCode],
		allowedSenders: senders,
		secrets:        newSecretKeeper(env, client, set[fieldAccount], set[fieldReceptionCode]),
	}
	if version == Version2 {
		return quotingConnector{c}, nil
	}
	return c, nil
}

// Submit asks for a payment: by a prompt on the phone when the order names a
// wallet's number, by a link to MyPVit's page otherwise.
func (c *connector) Submit(ctx context.Context, o provider.Order) (provider.Result, error) {
	if err := c.Validate(o); err != nil {
		return refused(err), nil
	}
	if hosted(o) {
		return c.link(ctx, o)
	}
	return c.rest(ctx, o, TypePayment)
}

// PayOut gives change: the answer is final. One that leaves a doubt is never sent
// again, and a person is told.
func (c *connector) PayOut(ctx context.Context, o provider.Order) (provider.Result, error) {
	if err := c.Validate(o); err != nil {
		return refused(err), nil
	}
	r, err := c.rest(ctx, o, TypeGiveChange)
	if err != nil || r.Outcome == pay.OutcomeUnknown {
		c.env.Alert("MyPVit: nobody knows whether payout " + o.Reference + " was made: look it up in the merchant's account")
	}
	return r, err
}

// hosted reports whether the customer must finish on MyPVit's page.
func hosted(o provider.Order) bool {
	return o.Method.Type == pay.CardMethod || o.Method.Phone == ""
}

// Validate refuses what MyPVit documents to refuse, before anything is sent. An
// order that is only being planned has no reference yet.
func (c *connector) Validate(o provider.Order) error {
	if o.Amount.Currency != money.XAF {
		return pay.Capability("currency", "MyPVit moves XAF only")
	}
	if o.Amount.Minor <= minimumAmount || c.version == Version2 && o.Amount.Minor < c.v2Minimum {
		return pay.InvalidAs(pay.CodeAmountTooLow, "amount", "MyPVit refuses amounts this low")
	}
	if len(o.Reference) > referenceLength {
		return pay.Invalid("reference", "MyPVit takes references of at most 15 characters")
	}
	if o.Method.Type == pay.MobileMoney && customerNumber(o) == "" {
		return nil // the customer types it later, and it is judged then
	}
	if _, _, err := gabonese(customerNumber(o)); err != nil {
		return pay.InvalidAs(pay.CodeInvalidPhone, "phone", "MyPVit needs a Gabonese mobile number")
	}
	if hosted(o) && (c.successCode == "" || c.failedCode == "") {
		return pay.Capability("method", "this connection has no redirection codes, so it can't send customers to MyPVit's page")
	}
	if hosted(o) && o.Kind == pay.Payout {
		return pay.Invalid("method.phone", "a payout names the wallet's number")
	}
	return nil
}

// customerNumber is required on links and cards too.
func customerNumber(o provider.Order) string {
	if o.Method.Phone != "" {
		return o.Method.Phone
	}
	return o.Customer.Phone
}

func (c *connector) order(o provider.Order, transactionType string) Order {
	// Validate has read the number already.
	n, operator, _ := gabonese(customerNumber(o))
	owner := OwnerMerchant
	if o.FeeBearer == pay.CustomerBears {
		owner = OwnerCustomer
	}
	return Order{
		Amount: Decimal(o.Amount.Decimal()), Reference: o.Reference,
		CallbackURLCode: c.callbackCode, CustomerAccountNumber: n.National(), TransactionType: transactionType,
		OwnerCharge: owner, OwnerChargeOperator: owner, FreeInfo: freeInfo(o.Description), OperatorCode: operator,
	}
}

// freeInfo keeps what MyPVit is known to accept: ASCII letters, digits, dash
// and space, at most 15.
func freeInfo(description string) string {
	kept := strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && freeInfoRune(r) {
			return r
		}
		return -1
	}, description)
	return strings.TrimSpace(kept[:min(len(kept), 15)])
}

func (c *connector) rest(ctx context.Context, o provider.Order, transactionType string) (provider.Result, error) {
	var answer Transaction
	err := c.call(ctx, func(client *Client) (err error) {
		answer, err = client.Rest(ctx, c.order(o, transactionType))
		return err
	})
	if err != nil {
		return c.failure(ctx, o, err)
	}
	r := provider.Result{
		ProviderReference: answer.ReferenceID, Reference: answer.MerchantReferenceID,
		Operator: operatorID(answer.Operator), Prompted: true,
	}
	r.Outcome, r.Failure = outcomeOf(answer.Status)
	if r.Outcome == pay.OutcomePending {
		r.NextAction = pay.NextAction{Type: pay.ApproveOnPhone}
	}
	if r.Outcome == pay.OutcomeFailed {
		r.Failure.Message = c.client.clean(answer.Message, "")
	}
	return r, nil
}

func (c *connector) link(ctx context.Context, o provider.Order) (provider.Result, error) {
	order := c.order(o, TypePayment)
	order.Service = ServiceWeb
	if o.Method.Type == pay.CardMethod {
		order.Service = ServiceCard
	}
	order.SuccessRedirectionCode, order.FailedRedirectionCode = c.successCode, c.failedCode
	var answer Link
	err := c.call(ctx, func(client *Client) (err error) {
		answer, err = client.Link(ctx, order)
		return err
	})
	if err != nil {
		return c.failure(ctx, o, err)
	}
	// The reference in the answer is not believed: the document's own sample
	// repeats another than the request's.
	return provider.Result{
		Outcome: pay.OutcomePending, Prompted: true,
		NextAction: pay.NextAction{Type: pay.Redirect, URL: answer.URL},
	}, nil
}

// outcomeOf reads a transaction's status. What is not documented is unknown.
func outcomeOf(status string) (pay.Outcome, pay.Failure) {
	switch status {
	case StatusSuccess:
		return pay.OutcomeSucceeded, pay.Failure{}
	case StatusPending:
		return pay.OutcomePending, pay.Failure{}
	case StatusFailed:
		return pay.OutcomeFailed, pay.Failure{Reason: pay.Declined, ProviderCode: StatusFailed}
	}
	return pay.OutcomeUnknown, pay.Failure{}
}

// Status asks by our reference. Absence proves nothing about a payout, and a
// person is told of it.
func (c *connector) Status(ctx context.Context, ref provider.Ref) (provider.Result, error) {
	r, err := c.ask(ctx, ref)
	if r.Absent && ref.Kind.Debits() {
		c.alertAbsent(ctx, ref.Reference)
	}
	return r, err
}

func (c *connector) ask(ctx context.Context, ref provider.Ref) (provider.Result, error) {
	operation := TypePayment
	if ref.Kind.Debits() {
		operation = TypeGiveChange
	}
	var state State
	err := c.call(ctx, func(client *Client) (err error) {
		state, err = client.Status(ctx, ref.Reference, operation)
		return err
	})
	var refusal *Error
	switch {
	case errors.As(err, &refusal) && refusal.means(codeTransactionNotFound):
		return provider.Result{Outcome: pay.OutcomeUnknown, Absent: true}, nil
	case err != nil:
		// Whatever else was refused is the question, not the transaction.
		return provider.Result{Outcome: pay.OutcomeUnknown}, err
	}
	return stateResult(state)
}

func stateResult(state State) (provider.Result, error) {
	amount, err := state.Amount.XAF()
	if err != nil {
		return provider.Result{Outcome: pay.OutcomeUnknown}, fmt.Errorf("mypvit status: %w", err)
	}
	r := provider.Result{
		Reference: state.MerchantReferenceID, Amount: amount,
		Operator: operatorID(state.Operator), Prompted: true,
	}
	// The fee is told for information; one that can't be read changes nothing.
	if fees, err := state.Fees.XAF(); err == nil {
		r.Fees = fees
	}
	if n, _, err := gabonese(state.CustomerAccountNumber); err == nil {
		r.Phone = n.E164()
	}
	r.Outcome, r.Failure = outcomeOf(state.Status)
	return r, nil
}

// LookUp asks kyc.
func (c *connector) LookUp(ctx context.Context, number string) (provider.Holder, error) {
	n, operator, err := gabonese(number)
	if err != nil {
		return provider.Holder{}, pay.InvalidAs(pay.CodeInvalidPhone, "phone", "MyPVit knows Gabonese numbers only")
	}
	var who Customer
	err = c.call(ctx, func(client *Client) (err error) {
		who, err = client.KYC(ctx, n.National())
		return err
	})
	var refusal *Error
	if errors.As(err, &refusal) && refusal.means(codeUnknownCustomer, codeCustomerUnknown) {
		return provider.Holder{}, pay.NotFound("account")
	}
	if err != nil {
		return provider.Holder{}, err
	}
	if who.OperatorCode != "" {
		operator = who.OperatorCode
	}
	return provider.Holder{
		Name: who.FullName, Phone: n.E164(), Operator: operatorID(operator), Active: who.IsActive,
	}, nil
}

// Balances asks for the account's balance.
func (c *connector) Balances(ctx context.Context) ([]money.Amount, error) {
	var b Balance
	err := c.call(ctx, func(client *Client) (err error) {
		b, err = client.Balance(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	amount, err := b.Balance.XAF()
	if err != nil {
		return nil, fmt.Errorf("mypvit balance: %w", err)
	}
	return []money.Amount{amount}, nil
}

// Quote asks get-fees.
func (c quotingConnector) Quote(ctx context.Context, q provider.QuoteOrder) (money.Amount, error) {
	if q.Amount.Currency != money.XAF {
		return money.Amount{}, pay.Capability("currency", "MyPVit moves XAF only")
	}
	operation := TypePayment
	if q.Kind.Debits() {
		operation = TypeGiveChange
	}
	operator := operatorCode(q.Operator)
	if operator == "" {
		operator = operatorCode(phone.OperatorsIn(country)[0].ID)
	}
	var f Fees
	err := c.call(ctx, func(client *Client) (err error) {
		f, err = client.Fees(ctx, Decimal(q.Amount.Decimal()), operation, operator)
		return err
	})
	if err != nil {
		return money.Amount{}, err
	}
	fees, err := f.Fees.XAF()
	if err != nil {
		return money.Amount{}, fmt.Errorf("mypvit get-fees: %w", err)
	}
	return fees, nil
}
