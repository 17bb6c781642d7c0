package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/gateway"
)

// commandLine is who acts in the audit trail where nobody signed in.
const commandLine = "command line"

type eraseCommand struct {
	database
	Merchant string `required:"" help:"The merchant's name or id." placeholder:"NAME"`
	Phone    string `help:"The customer's number, with its country: +24177001234." placeholder:"NUMBER"`
	Email    string `help:"The customer's e-mail address." placeholder:"ADDRESS"`
}

// Help is shown by `passerelle erase --help`.
func (eraseCommand) Help() string {
	return `Takes a customer's name, numbers, addresses and whatever text was sent along out of
all that one merchant has of them, in both modes, beside a gateway at work. Amounts,
references, statuses and the ledger stay. It can't be undone.

What is still at work is kept until it has ended, and then erased by the gateway.`
}

// Run erases one person, and writes down that it was done, not whose data it was.
func (c eraseCommand) Run(ctx context.Context) error {
	return onDatabase(ctx, c.database, func(a *app.App) error {
		m, err := findMerchant(ctx, a.Store, c.Merchant)
		if err != nil {
			return err
		}
		box, err := c.keyring()
		if err != nil {
			return err
		}
		trail := &account.Accounts{Store: a.Store, Box: box, Now: time.Now}
		who := account.Person{MerchantID: m.ID, Email: commandLine}
		if err := trail.Record(ctx, who, "personal.erase", "", ""); err != nil {
			return err
		}
		done, err := a.Gateway.Erase(ctx, m.ID, gateway.Subject{Phone: c.Phone, Email: c.Email})
		if noted := trail.Record(ctx, who, "personal.erased", "", done.String()); err == nil {
			err = noted
		}
		if err != nil {
			return err
		}
		printErased(os.Stdout, done)
		return nil
	})
}

func printErased(w io.Writer, e gateway.Erased) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	p("%6d  transactions, with %d events, %d exchanges and %d notifications", e.Transactions, e.Events, e.Exchanges, e.Notifications)
	p("%6d  batches of payouts", e.Batches)
	p("%6d  rows of the sandbox", e.Sandbox)
	if e.Open > 0 {
		p("%6d  are still at work and were not erased; the gateway erases them within an hour of their end", e.Open)
	}
}
