package mypvit

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// The demo merchant's published credentials.
const (
	demoSecret        = "sk_test_00000000-0000-4000-8000-000000000001"
	demoCodeURL       = "DEMOPVITCODE0001"
	demoAccount       = "ACC_0000000000001"
	demoAirtelAccount = "ACC_0000000000002"
	demoPassword      = "demo-password"
	demoCallback      = "CBK01"
	demoReception     = "RCV01"
	demoSuccess       = "OKR01"
	demoFailed        = "KOR01"
)

// issue is what is about to be laid down for a merchant.
type issue struct {
	book     book
	codes    map[string]string // by operation; "" is good for all
	accounts []account
	issued   []provider.Issued
}

// Issue lays down a merchant's space: URL codes, an account with its key, and
// the codes of its addresses. What was issued before stops working, except that
// the demo merchant's renewed keys stay until its data is wiped.
func (d *dialect) Issue(ctx context.Context, o provider.IssueOrder) ([]provider.Issued, error) {
	if err := checkSettings(o.Options); err != nil {
		return nil, err
	}
	next, err := newIssue(o)
	if err != nil {
		return nil, err
	}
	if o.KeepCredentials {
		return nil, d.readdress(ctx, o, next.book)
	}
	if err := d.withdraw(ctx, o, next); err != nil {
		return nil, err
	}
	for _, a := range next.accounts {
		if kept, err := d.loadAccount(ctx, a.Code); err == nil && o.Demo && kept.MerchantID == o.MerchantID {
			continue
		}
		if err := d.saveAccount(ctx, a); err != nil {
			return nil, err
		}
	}
	for operation, code := range next.codes {
		owner := codeOwner{MerchantID: o.MerchantID, Mode: o.Mode, Operation: operation}
		if err := provider.Remember(ctx, d.memory, codeKey(code), o.MerchantID, owner, time.Time{}); err != nil {
			return nil, fmt.Errorf("keep URL code: %w", err)
		}
	}
	key := bookKey(o.MerchantID, o.Mode)
	if err := provider.Remember(ctx, d.memory, key, o.MerchantID, next.book, time.Time{}); err != nil {
		return nil, fmt.Errorf("keep merchant: %w", err)
	}
	return next.issued, nil
}

// readdress changes the options of an earlier issue, and the addresses behind
// its URL codes.
func (d *dialect) readdress(ctx context.Context, o provider.IssueOrder, next book) error {
	b, err := d.loadBook(ctx, o.MerchantID, o.Mode)
	if errors.Is(err, provider.ErrNoItem) {
		return nil
	}
	if err != nil {
		return err
	}
	b.Options = next.Options
	success, failed, err := returnAddresses(o.ReturnURL)
	if err != nil {
		return err
	}
	callback, reception := callbackAddresses(o.CallbackURL)
	for code, a := range b.Addresses {
		switch {
		case a.Use == useCallback:
			a.URL = callback
		case a.Use == useReception:
			a.URL = reception
		case code == b.Success:
			a.URL = success
		default:
			a.URL = failed
		}
		b.Addresses[code] = a
	}
	if err := provider.Remember(ctx, d.memory, bookKey(o.MerchantID, o.Mode), o.MerchantID, b, time.Time{}); err != nil {
		return fmt.Errorf("keep merchant: %w", err)
	}
	return nil
}

// withdraw ends the codes and accounts of an earlier issue.
func (d *dialect) withdraw(ctx context.Context, o provider.IssueOrder, next issue) error {
	old, err := d.loadBook(ctx, o.MerchantID, o.Mode)
	if errors.Is(err, provider.ErrNoItem) {
		return nil
	}
	if err != nil {
		return err
	}
	keys := map[string]bool{}
	for _, code := range old.Codes {
		keys[codeKey(code)] = true
	}
	for _, code := range old.Accounts {
		keys[accountKey(code)] = true
	}
	for _, a := range next.accounts {
		delete(keys, accountKey(a.Code))
	}
	for key := range keys {
		if err := d.memory.Delete(ctx, key); err != nil {
			return fmt.Errorf("withdraw credentials: %w", err)
		}
	}
	return nil
}

func newIssue(o provider.IssueOrder) (issue, error) {
	n := issue{codes: map[string]string{}, book: book{
		MerchantID: o.MerchantID, Mode: o.Mode, Name: o.MerchantName,
		Options: settings(o.Options), Addresses: map[string]address{},
	}}
	success, failed, err := returnAddresses(o.ReturnURL)
	if err != nil {
		return issue{}, err
	}
	pick := func(demo string, made func() string) string {
		if o.Demo {
			return demo
		}
		return made()
	}
	if o.Demo {
		n.addCode("", fieldCodeURL, demoCodeURL)
	} else {
		n.addCodes()
	}
	secret := pick(demoSecret, func() string { return newSecret(o.Mode) })
	password := pick(demoPassword, func() string { return randomText(20) })
	n.addAccount(o, fieldAccount, pick(demoAccount, newAccountCode), "", secret, password)
	if o.Demo {
		n.addAccount(o, fieldAirtelAccount, demoAirtelAccount, OperatorAirtel, secret, password)
	}
	n.show(fieldSecret, secret, false)
	n.show(fieldPassword, password, false)

	callback, reception := callbackAddresses(o.CallbackURL)
	n.addAddress(fieldCallbackCode, pick(demoCallback, newURLCode), useCallback, callback)
	n.addAddress(fieldReceptionCode, pick(demoReception, newURLCode), useReception, reception)
	n.book.Success = pick(demoSuccess, newURLCode)
	n.addAddress(fieldSuccessCode, n.book.Success, useRedirection, success)
	n.addAddress(fieldFailedCode, pick(demoFailed, newURLCode), useRedirection, failed)
	return n, nil
}

// addCodes makes one code per operation; the one of rest is the first to show.
func (n *issue) addCodes() {
	for _, op := range operations {
		name := fieldCodeURL
		if op.name != "rest" {
			name += "_" + strings.ReplaceAll(op.name, "-", "_")
		}
		n.addCode(op.name, name, randomText(16))
	}
}

func (n *issue) addCode(operation, name, code string) {
	n.codes[operation] = code
	n.book.Codes = append(n.book.Codes, code)
	n.show(name, code, true)
}

func (n *issue) addAccount(o provider.IssueOrder, name, code, operator, secret, password string) {
	n.accounts = append(n.accounts, account{
		MerchantID: o.MerchantID, Mode: o.Mode, Code: code, Operator: operator, Secret: secret, Password: password,
	})
	n.book.Accounts = append(n.book.Accounts, code)
	n.show(name, code, true)
}

func (n *issue) addAddress(name, code, use, to string) {
	n.book.Addresses[code] = address{Use: use, URL: to}
	n.show(name, code, true)
}

func (n *issue) show(name, text string, public bool) {
	n.issued = append(n.issued, provider.Issued{Name: name, Value: pay.Secret(text), Public: public})
}

// callbackAddresses are where notifications and renewed keys go on the
// merchant's server.
func callbackAddresses(base string) (callback, reception string) {
	if base == "" {
		return "", ""
	}
	callback = strings.TrimRight(base, "/") + "/" + Name
	return callback, callback + "/secret"
}

// returnAddresses adds the outcome to the merchant's return address.
func returnAddresses(base string) (success, failed string, err error) {
	if base == "" {
		return "", "", nil
	}
	u, err := url.Parse(base)
	if err != nil {
		return "", "", pay.Invalid("return_url", "the return address is not a URL")
	}
	with := func(outcome string) string {
		to := *u
		q := to.Query()
		q.Set("outcome", outcome)
		to.RawQuery = q.Encode()
		return to.String()
	}
	return with("success"), with("failure"), nil
}

func newSecret(mode pay.Mode) string { return "sk_" + string(mode) + "_" + uuid.NewString() }

func newAccountCode() string {
	b := make([]byte, 7)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return "ACC_" + strings.ToUpper(hex.EncodeToString(b))[:13]
}

func newURLCode() string { return randomText(5) }

// randomText is made of capital letters and digits.
func randomText(n int) string {
	const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789" // 32, so that no letter is likelier
	b := make([]byte, n)
	_, _ = rand.Read(b)
	for i := range b {
		b[i] = alphabet[b[i]&31]
	}
	return string(b)
}
