package mypvit

import (
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// greatestSuccess is the greatest amount that succeeds on a test account.
const greatestSuccess = 1000

// rules is the documented test data: up to 1000 XAF a transaction succeeds,
// above it fails, in every operation alike (wire: mypvit §6).
func rules(t provider.Trial) provider.Verdict {
	if t.Amount.Currency != money.XAF {
		return provider.Verdict{}
	}
	if t.Amount.Minor <= greatestSuccess {
		return provider.Verdict{Amount: &provider.Scripted{Outcome: pay.OutcomeSucceeded}}
	}
	return provider.Verdict{Amount: &provider.Scripted{
		Outcome: pay.OutcomeFailed,
		Failure: pay.Failure{Reason: pay.Declined, Message: "test accounts refuse amounts above 1000 XAF"},
	}}
}
