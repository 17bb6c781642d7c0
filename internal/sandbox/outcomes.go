package sandbox

import (
	"context"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// otp is the one-time password that the operators send.
const otp = "1234"

// silence is how long an operator waits for a customer who never answers.
const silence = time.Minute

// patience is how long an operator waits for a one-time password, and an
// acquirer for the end of a 3-D Secure step.
const patience = 15 * time.Minute

// What a customer is asked.
const (
	askNothing   = ""
	askPIN       = "pin"
	askOTP       = "otp"
	askChallenge = "challenge"
)

// ending is what an operator reports.
type ending struct {
	Outcome pay.Outcome `json:"outcome"`
	Failure pay.Failure `json:"failure,omitzero"`
	// Message is a provider's documented text, given literally.
	Message string `json:"message,omitempty"`
}

// script is what is going to happen to an operation. It is stored with it, so
// that a restart changes no outcome.
type script struct {
	Asks string `json:"asks,omitempty"`
	// Ends are the reports still to come, in order; the first when the customer
	// goes along, the next one delay later.
	Ends []ending `json:"ends,omitempty"`
	// Silent: nobody answers, and the operator reports expiry.
	Silent bool `json:"silent,omitempty"`
	// Refused at the door: final before anybody was asked.
	Refused bool `json:"refused,omitempty"`
	// AnswerLost: the submission is carried out and answered with a time-out.
	AnswerLost bool `json:"answer_lost,omitempty"`
	// Tells is how often each report is notified to the gateway.
	Tells int `json:"tells"`
	// Copies is how often the merchant is notified, where not once.
	Copies *int `json:"copies,omitempty"`
	// Page is where the customer answers a 3-D Secure step.
	Page string `json:"page,omitempty"`
	// Message is the literal text of the last report.
	Message string `json:"message,omitempty"`
	// Untold: the last report has not been notified yet.
	Untold bool `json:"untold,omitempty"`
}

func success() ending { return ending{Outcome: pay.OutcomeSucceeded} }

func failure(reason pay.Reason, code, message string) ending {
	return ending{Outcome: pay.OutcomeFailed, Failure: pay.Failure{Reason: reason, Message: message, ProviderCode: code}}
}

// The operators' own words. Card codes are ISO 8583 response codes.
var (
	noFunds      = failure(pay.InsufficientFunds, "LOW_BALANCE", "Solde insuffisant")
	declined     = failure(pay.Declined, "CUSTOMER_REFUSED", "Le client a refusé la demande")
	wrongPIN     = failure(pay.WrongPINOrOTP, "WRONG_PIN", "Code PIN incorrect")
	wrongOTP     = failure(pay.WrongPINOrOTP, "WRONG_OTP", "Code de confirmation incorrect")
	noAnswer     = failure(pay.Expired, "TIMEOUT", "Le client n'a pas répondu à temps")
	overLimit    = failure(pay.LimitReached, "LIMIT_REACHED", "Plafond du compte atteint")
	unavailable  = failure(pay.OperatorUnavailable, "SERVICE_DOWN", "Service momentanément indisponible")
	undone       = failure(pay.ProviderError, "TRANSACTION_FAILED", "Transaction échouée")
	cardRefused  = failure(pay.Declined, "05", "Carte refusée par la banque émettrice")
	cardNoFunds  = failure(pay.InsufficientFunds, "51", "Provision insuffisante")
	unauthorized = failure(pay.Declined, "3DS_FAILED", "Authentification 3-D Secure refusée")
	withdrawn    = ending{Outcome: pay.OutcomeCanceled, Failure: pay.Failure{
		Reason: pay.CustomerCanceled, Message: "Demande annulée par le marchand", ProviderCode: "CANCELED",
	}}
)

// byLastFour is the generic test data: what a number's last four digits decide,
// for every operator and country.
var byLastFour = map[string]func(script, string) script{
	"0001": ends(noFunds),
	"0002": ends(declined),
	"0003": ends(wrongPIN),
	"0004": func(s script, _ string) script { s.Silent = true; return s },
	"0005": ends(overLimit),
	"0006": func(s script, _ string) script {
		s.Ends, s.Refused, s.Asks = []ending{unavailable}, true, askNothing
		return s
	},
	"0007": func(s script, _ string) script { s.AnswerLost = true; return s },
	"0008": ends(undone, success()),
	"0009": copies(3),
	"0010": copies(0),
	"0011": func(s script, _ string) script {
		if s.Asks == askPIN {
			s.Asks = askOTP
		}
		return s
	},
}

func ends(list ...ending) func(script, string) script {
	return func(s script, _ string) script { s.Ends = list; return s }
}

// copies repeats or loses a notification: natively the operator's to the
// gateway, through a dialect that dialect's to the merchant.
func copies(n int) func(script, string) script {
	return func(s script, front string) script {
		if front == pay.NativeFront {
			s.Tells = n
		} else {
			s.Copies = &n
		}
		return s
	}
}

// byCard is the generic test cards.
var byCard = map[string]func(script) script{
	"4000000000000002": func(s script) script { s.Ends = []ending{cardRefused}; return s },
	"4000000000009995": func(s script) script { s.Ends = []ending{cardNoFunds}; return s },
	"4000000000003220": func(s script) script { s.Asks = askChallenge; return s },
}

// decide writes the script of an order: documented data of its front, then the
// generic numbers and cards, then the front's amount rule, then success.
// An armed fault may give it another number's fate.
func (s *Sandbox) decide(ctx context.Context, o provider.Order) script {
	plan := script{Tells: 1, Ends: []ending{success()}}
	if o.Kind == pay.Payment && o.Method.Type != pay.CardMethod {
		plan.Asks = askPIN
	}
	trial := provider.Trial{Kind: o.Kind, Method: o.Method.Type, Amount: o.Amount, Phone: o.Method.Phone}
	if o.Card != nil {
		trial.Card = o.Card.Number
	}
	if o.Method.Type == pay.CardMethod {
		trial.Phone = ""
	}
	if fate, ok := byLastFour[s.Faults.like(ctx, o)]; ok {
		return fate(plan, o.Front)
	}
	var verdict provider.Verdict
	if rule := s.Rules[o.Front]; rule != nil {
		verdict = rule(trial)
	}
	if verdict.Exact != nil {
		plan.Ends = []ending{scripted(*verdict.Exact)}
		return plan
	}
	if named, ok := generic(plan, trial, o.Front); ok {
		return named
	}
	if verdict.Amount != nil {
		plan.Ends = []ending{scripted(*verdict.Amount)}
	}
	return plan
}

func generic(plan script, t provider.Trial, front string) (script, bool) {
	if t.Method == pay.CardMethod {
		if f, ok := byCard[t.Card.Reveal()]; ok {
			return f(plan), true
		}
		return plan, false
	}
	if len(t.Phone) < 4 {
		return plan, false
	}
	if f, ok := byLastFour[t.Phone[len(t.Phone)-4:]]; ok {
		return f(plan, front), true
	}
	return plan, false
}

// scripted reads a provider's documented outcome.
func scripted(d provider.Scripted) ending {
	e := ending{Outcome: d.Outcome, Failure: d.Failure, Message: d.Message}
	if e.Outcome == pay.OutcomeFailed && e.Failure.Message == "" {
		e.Failure.Message = d.Message
	}
	if e.Outcome == pay.OutcomeFailed && e.Failure.Reason == "" {
		e.Failure.Reason = pay.Declined
	}
	return e
}
