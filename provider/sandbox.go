package provider

import (
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// Trial is what the sandbox is about to decide.
type Trial struct {
	Kind   pay.Kind
	Method pay.MethodType
	Amount money.Amount
	Phone  string     // E.164, "" for cards
	Card   pay.Secret // number, digits only
}

// Verdict is what a provider's documented test data says of a trial. Exact
// (a documented number or card) wins over the generic last four digits; Amount
// (an amount rule) yields to them.
type Verdict struct {
	Exact  *Scripted
	Amount *Scripted
}

// Scripted is a documented outcome.
type Scripted struct {
	Outcome pay.Outcome // succeeded or failed
	Failure pay.Failure
	// Message is the provider's own text, given literally; also on success.
	Message string
}
