package mypayga

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// A unique id and a token are refused while their payment is paid or in progress
// (wire: mypayga §1), and gethash gives the same references out while it is
// unpaid (§2.1). So a payment that ended without money can be tried again, under
// the very names that the merchant has. Here a name is one transaction's for
// good: each further try has names of its own, and keeps the merchant's in its
// data, where all that merchants are told comes from.

// maxTries bounds the tries of one payment.
const maxTries = 50

// numbered is the name of the n-th try of an id.
func numbered(id string, n int) string {
	if n == 1 {
		return id
	}
	return id + "~" + strconv.Itoa(n)
}

// naming is one of a payment's two names: how it is looked for, and what the
// merchant knows it as.
type naming struct {
	search func(name string) provider.Search
	told   func(pay.Transaction) string
}

var (
	byUniqueID = naming{func(name string) provider.Search { return provider.Search{Reference: name} }, uniqueIDOf}
	byToken    = naming{func(name string) provider.Search { return provider.Search{FrontReference: name} }, tokenOfPayment}
)

// uniqueIDOf is the unique id as the merchant gave it.
func uniqueIDOf(tx pay.Transaction) string { return cmp.Or(tx.FrontData[frontUniqueID], tx.Reference) }

// tokenOfPayment is the token as the merchant knows it.
func tokenOfPayment(tx pay.Transaction) string {
	return cmp.Or(tx.FrontData[frontToken], tx.FrontReference)
}

// endedUnpaid: it may be tried again.
func endedUnpaid(tx pay.Transaction) bool {
	return tx.Status.Final() && tx.Status != pay.StatusSucceeded
}

// latest finds the try that counts: the first that has not ended unpaid, or else
// the last. next is the name for another, "" where there may be none.
func (c *call) latest(id string, by naming) (tx pay.Transaction, next string, err error) {
	err = pay.ErrNotFound
	for n := 1; n <= maxTries; n++ {
		name := numbered(id, n)
		found, missing := c.gw.Find(c.r.Context(), c.caller(), by.search(name))
		switch {
		case errors.Is(missing, pay.ErrNotFound):
			return tx, name, err
		case missing != nil:
			return pay.Transaction{}, "", missing
		case by.told(found) != id:
			continue // the merchant gave this name to something else
		}
		tx, err = found, nil
		if !endedUnpaid(tx) {
			break
		}
	}
	return tx, "", err
}

// free is the name under which a payment of the id may be made, and whether it
// is another than the id.
func (c *call) free(id string, by naming) (name string, another bool, err error) {
	_, name, err = c.latest(id, by)
	switch {
	case err != nil && !errors.Is(err, pay.ErrNotFound):
		return "", false, fmt.Errorf("find payment: %w", err)
	case name == "":
		return "", false, refuse(http.StatusConflict, messageUsed)
	}
	return name, name != id, nil
}

// create makes a payment, as the next try where those before it ended unpaid.
func (c *call) create(r provider.Request, n names) (pay.Transaction, error) {
	token, another, err := c.free(n.token, byToken)
	if err != nil {
		return pay.Transaction{}, err
	}
	if another {
		r.FrontData[frontToken] = n.token
	}
	r.Reference, r.NewFrontReference = n.uniqueID, once(token)
	tx, err := c.gw.Create(c.r.Context(), c.caller(), r)
	var used *pay.Error
	if !errors.As(err, &used) || used.Existing == nil || !endedUnpaid(*used.Existing) {
		return tx, err
	}
	if r.Reference, _, err = c.free(n.uniqueID, byUniqueID); err != nil {
		return pay.Transaction{}, err
	}
	r.FrontData[frontUniqueID], r.NewFrontReference = n.uniqueID, once(token)
	return c.gw.Create(c.r.Context(), c.caller(), r)
}

// once gives a name, and another one if the gateway asks again: of two requests
// with one token at once, the unique id then decides.
func once(name string) func() string {
	asked := false
	return func() string {
		if asked {
			return randomText(tokenLength)
		}
		asked = true
		return name
	}
}
