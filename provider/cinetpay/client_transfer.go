package cinetpay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
)

// Login gets a token for the transfer API. It lives five minutes.
func (c *Client) Login(ctx context.Context) (pay.Secret, error) {
	form := url.Values{"apikey": {c.cfg.APIKey.Reveal()}, "password": {c.cfg.Password.Reveal()}}
	e, err := c.transfer(ctx, http.MethodPost, pathLogin, nil, form)
	if err != nil {
		return "", fmt.Errorf("log in: %w", err)
	}
	for _, item := range items(e.Data) {
		var data struct {
			Token Text `json:"token"`
		}
		if json.Unmarshal(item, &data) == nil && data.Token != "" {
			return pay.Secret(data.Token), nil
		}
	}
	return "", errors.New("log in: answer without a token")
}

// TransferFunds tells what the transfer account holds.
func (c *Client) TransferFunds(ctx context.Context, token pay.Secret) (Funds, error) {
	e, err := c.transfer(ctx, http.MethodGet, pathBalance, tokenQuery(token), nil)
	if err != nil {
		return Funds{}, fmt.Errorf("check balance: %w", err)
	}
	list := items(e.Data)
	var f Funds
	if len(list) != 1 || json.Unmarshal(list[0], &f) != nil || f.Available == "" {
		return Funds{}, errors.New("check balance: unreadable data")
	}
	return f, nil
}

// AddContact makes somebody a contact; one who is a contact already is no error,
// whether the item says so or the answer as a whole.
func (c *Client) AddContact(ctx context.Context, token pay.Secret, contact Contact) error {
	item, status, err := c.oneItem(ctx, pathContact, token, contact)
	var refusal *Error
	if errors.As(err, &refusal) && refusal.Code == codeContactKnown && refusal.HTTPStatus < http.StatusInternalServerError {
		return nil
	}
	if err != nil {
		return fmt.Errorf("add contact: %w", err)
	}
	if code := item.Code.String(); code != codeDone && code != codeContactKnown {
		return fmt.Errorf("add contact: %w", c.itemRefusal(item, status, token))
	}
	return nil
}

// SendMoney sends money to a contact. Each call has its own client transaction
// id, so that an uncertain one can be asked for by [Client.CheckTransfer].
func (c *Client) SendMoney(ctx context.Context, token pay.Secret, t Transfer) (TransferState, error) {
	item, status, err := c.oneItem(ctx, pathSend, token, t)
	if err != nil {
		return TransferState{}, fmt.Errorf("send money: %w", err)
	}
	if item.Code.String() != codeDone {
		return TransferState{}, fmt.Errorf("send money: %w", c.itemRefusal(item, status, token))
	}
	if got := item.ClientTransactionID.String(); got != "" && got != t.ClientTransactionID {
		return TransferState{}, errors.New("send money: answer about another transfer")
	}
	return item.TransferState, nil
}

// CheckTransfer asks what has become of a transfer.
func (c *Client) CheckTransfer(ctx context.Context, token pay.Secret, l TransferLookup) (TransferState, error) {
	query := tokenQuery(token)
	if l.TransactionID != "" {
		query.Set("transaction_id", l.TransactionID)
	} else {
		query.Set("client_transaction_id", l.ClientTransactionID)
	}
	e, err := c.transfer(ctx, http.MethodGet, pathCheckTransfer, query, nil)
	if err != nil {
		return TransferState{}, fmt.Errorf("check transfer: %w", err)
	}
	for _, item := range items(e.Data) {
		var s TransferState
		if json.Unmarshal(item, &s) == nil && l.names(s) {
			return s, nil
		}
	}
	return TransferState{}, errors.New("check transfer: answer without the transfer")
}

// names reports whether the state is of the transfer that was asked for; one
// that repeats neither id is believed.
func (l TransferLookup) names(s TransferState) bool {
	if l.TransactionID != "" {
		return s.TransactionID == "" || s.TransactionID.String() == l.TransactionID
	}
	return s.ClientTransactionID == "" || s.ClientTransactionID.String() == l.ClientTransactionID
}

func tokenQuery(token pay.Secret) url.Values { return url.Values{"token": {token.Reveal()}} }

// oneItem posts data with one item and reads the one item of the answer.
func (c *Client) oneItem(ctx context.Context, path string, token pay.Secret, item any) (transferItem, int, error) {
	data, err := json.Marshal([]any{item})
	if err != nil {
		return transferItem{}, 0, fmt.Errorf("encode data: %w", err)
	}
	e, err := c.transfer(ctx, http.MethodPost, path, tokenQuery(token), url.Values{"data": {string(data)}})
	if err != nil {
		return transferItem{}, 0, err
	}
	list := items(e.Data)
	var answer transferItem
	if len(list) != 1 || json.Unmarshal(list[0], &answer) != nil {
		return transferItem{}, 0, errors.New("unreadable data")
	}
	// An item without a code of its own has the whole answer's.
	if answer.Code.String() == "" {
		answer.Code = e.Code
	}
	return answer, http.StatusOK, nil
}

func (c *Client) itemRefusal(item transferItem, status int, token pay.Secret) *Error {
	outcome, reason := classifyTransfer(item.Code.String(), status)
	return c.refusal(envelope{Code: item.Code, Message: item.Message, Description: item.Comment}, status, outcome, reason, token)
}

// transfer calls the transfer API and returns an envelope that reports success.
func (c *Client) transfer(ctx context.Context, method, path string, query, form url.Values) (envelope, error) {
	if query == nil {
		query = url.Values{}
	}
	query.Set("lang", c.cfg.Language)
	address := c.cfg.TransferBaseURL + path + "?" + query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return envelope{}, errors.New("the transfer base URL is not valid")
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	e, status, err := c.exchange(req)
	if err != nil {
		return envelope{}, err
	}
	if e.Code.String() != codeDone {
		outcome, reason := classifyTransfer(e.Code.String(), status)
		return envelope{}, c.refusal(e, status, outcome, reason, pay.Secret(query.Get("token")))
	}
	if status >= http.StatusInternalServerError {
		return envelope{}, fmt.Errorf("success code with HTTP %d", status)
	}
	return e, nil
}
