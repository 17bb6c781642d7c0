package mypayga

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// issuedLife is how long references of gethash are good. The transaction that
// they become is found by itself.
const issuedLife = 30 * 24 * time.Hour

// Lengths of what gethash gives out, as in the document's sample.
const (
	hashLength  = 69
	tokenLength = 25
)

// issued are references that gethash gave out, kept by token and by unique id.
type issued struct {
	MerchantID  string   `json:"merchant"`
	Mode        pay.Mode `json:"mode"`
	UniqueID    string   `json:"unique_id"`
	Token       string   `json:"token"`
	Hash        string   `json:"hash"`
	Amount      int64    `json:"amount"`
	Currency    string   `json:"currency"`
	Phone       string   `json:"phone"` // as sent
	Email       string   `json:"email,omitempty"`
	FirstName   string   `json:"firstname,omitempty"`
	LastName    string   `json:"lastname,omitempty"`
	Description string   `json:"description,omitempty"`
}

func (i issued) money() money.Amount { return money.New(i.Amount, money.Currency(i.Currency)) }

func (i issued) belongsTo(a account) bool { return i.MerchantID == a.MerchantID && i.Mode == a.Mode }

func issuedTokenKey(token string) string { return "token/" + token }

func issuedIDKey(a account, uniqueID string) string {
	return "id/" + string(a.Mode) + "/" + a.MerchantID + "/" + uniqueID
}

// recallIssued finds references; found is false when gethash gave none out.
func (d *dialect) recallIssued(ctx context.Context, key string) (i issued, found bool, err error) {
	_, err = provider.Recall(ctx, d.memory(), key, &i)
	if errors.Is(err, provider.ErrNoItem) {
		return issued{}, false, nil
	}
	if err != nil {
		return issued{}, false, fmt.Errorf("find references: %w", err)
	}
	return i, true, nil
}

// references serves gethash.
func (c *call) references() (any, error) {
	wanted, err := c.readIssued()
	if err != nil {
		return nil, err
	}
	given, err := c.giveOut(wanted)
	if err != nil {
		return nil, err
	}
	return References{
		Code: statusOK, Message: "References created successfully",
		Hash: Text(given.Hash), PaymentToken: Text(given.Token), UniqueID: Text(given.UniqueID),
	}, nil
}

func (c *call) readIssued() (issued, error) {
	p := c.params
	switch {
	case p.uniqueID() == "":
		return issued{}, missing("uniqueID")
	case p.get("amount") == "":
		return issued{}, missing("amount")
	case p.phone() == "":
		return issued{}, missing("phone")
	case len(p.uniqueID()) > maxReference:
		return issued{}, refuse(http.StatusBadRequest, "Invalid uniqueID")
	}
	if c.account.option(optStrictRequired) == "true" {
		if err := p.require("email", "firstname", "lastname", "description"); err != nil {
			return issued{}, err
		}
	}
	n, err := readPhone(p.phone(), "")
	if err != nil {
		return issued{}, refuse(http.StatusBadRequest, messagePhone)
	}
	amount, err := p.amount(currencyOf(n))
	if err != nil {
		return issued{}, err
	}
	return issued{
		MerchantID: c.account.MerchantID, Mode: c.account.Mode, UniqueID: p.uniqueID(),
		Amount: amount.Minor, Currency: string(amount.Currency), Phone: p.phone(), Email: p.get("email"),
		FirstName: p.get("firstname"), LastName: p.get("lastname"), Description: p.get("description"),
	}, nil
}

// giveOut gives references for a unique id, the same ones again while it is
// unpaid and the amount is the same: also after a payment that failed, for which
// they are good again.
func (c *call) giveOut(wanted issued) (issued, error) {
	ctx := c.r.Context()
	used := refuse(http.StatusConflict, messageUsed)
	key := issuedIDKey(c.account, wanted.UniqueID)
	earlier, known, err := c.recallIssued(ctx, key)
	if err != nil {
		return issued{}, err
	}
	tx, _, err := c.latest(wanted.UniqueID, byUniqueID)
	switch {
	case err == nil && (!known && !endedUnpaid(tx) || tx.Status == pay.StatusSucceeded):
		return issued{}, used
	case err != nil && !errors.Is(err, pay.ErrNotFound):
		return issued{}, fmt.Errorf("find payment of unique id: %w", err)
	case known && earlier.money() != wanted.money():
		return issued{}, used
	case known:
		return earlier, nil
	}
	wanted.Token, wanted.Hash = randomText(tokenLength), randomHex(hashLength)
	expires := c.gw.Now().Add(issuedLife)
	// By token first: what a merchant is told must be found by both.
	if err := provider.Remember(ctx, c.memory(), issuedTokenKey(wanted.Token), wanted.MerchantID, wanted, expires); err != nil {
		return issued{}, fmt.Errorf("keep references: %w", err)
	}
	return c.firstOf(key, wanted, expires)
}

// firstOf settles two requests for one unique id at once: the first wins, and
// the other gets the same references.
func (c *call) firstOf(key string, wanted issued, expires time.Time) (issued, error) {
	ctx := c.r.Context()
	value, err := encode(wanted)
	if err != nil {
		return issued{}, fmt.Errorf("keep references: %w", err)
	}
	first, err := c.memory().Add(ctx, key, provider.Item{MerchantID: wanted.MerchantID, Value: value, ExpiresAt: expires})
	if err != nil {
		return issued{}, fmt.Errorf("keep references: %w", err)
	}
	if first {
		return wanted, nil
	}
	if err := c.memory().Delete(ctx, issuedTokenKey(wanted.Token)); err != nil {
		return issued{}, fmt.Errorf("drop references: %w", err)
	}
	earlier, known, err := c.recallIssued(ctx, key)
	switch {
	case err != nil:
		return issued{}, err
	case !known || earlier.money() != wanted.money():
		return issued{}, refuse(http.StatusConflict, messageUsed)
	}
	return earlier, nil
}
