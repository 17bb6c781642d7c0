package mypayga

import (
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	textAirtelPaid = "Trans ID: MPDDDD.YYYY.A3XXX. Votre PAIEMENT de XXXX FCFA a MTECH pour reference Testing transaction a ete effectue avec succes."
	textPaid       = "Payment success"
	textIvoryPaid  = "Payment success OM CI"
	textNoFunds    = "Dear customer,you have insuffient funds. Thank you."
)

// testNumber is a row of the document's table of test numbers. The message is
// given literally, its placeholders included.
type testNumber struct {
	number, code, message, operator string
}

var testNumbers = []testNumber{
	{"074111111", statusOK, textAirtelPaid, "airtel_ga"},
	{"074121212", statusOK, textPaid, "airtel_ga"},
	{"074131313", statusFailed, textNoFunds, "airtel_ga"},
	{"650121212", statusOK, textAirtelPaid, "orange_cm"},
	{"650131313", statusFailed, textNoFunds, "orange_cm"},
	{"242056549200", statusOK, textPaid, "airtel_cg"},
	{"242056549400", statusFailed, textNoFunds, "airtel_cg"},
	{"09306315", statusFailed, textNoFunds, "orange_ci"},
	{"09306316", statusOK, textIvoryPaid, "orange_ci"},
	{"07306316", statusOK, textIvoryPaid, "orange_ci"},
	{"074151522", statusOK, textPaid, "airtel_ga"},
	{"077508412", statusOK, textPaid, "airtel_ga"},
}

// testCard is a row of the document's table of test cards. The column Code is
// 200 on every row; the column Statut, here state, decides.
type testCard struct {
	number, state, message string
	reason                 pay.Reason // "" where the card pays
}

const (
	textCardPaid     = "PAYMENT SUCCESS"
	textCardDeclined = "PAYMENT DECLINED, CONTACT YOUR BANK."
)

var testCards = []testCard{
	{"4285220922286457", "Success", textCardPaid, ""},
	{"4242937137682335", "Refus solde ins", "PAYMENT FAILED, INSUF FUND", pay.InsufficientFunds},
	{"4005075690593537", "Refus Risk", textCardDeclined, pay.Declined},
	{"4102972145002274", "Refus carte volée", textCardDeclined, pay.Declined},
	{"5335406367416736", "Acceptée avec Risk", textCardPaid, ""},
}

// byNumber holds the test numbers by E.164 number.
var byNumber = func() map[string]testNumber {
	numbers := map[string]testNumber{}
	for _, row := range testNumbers {
		// A test holds that every documented number is read.
		n, _ := readPhone(row.number, "")
		numbers[n.E164()] = row
	}
	return numbers
}()

// rules is the documented test data. A refund goes to a customer who has paid,
// so no number refuses one.
func rules(t provider.Trial) provider.Verdict {
	if t.Kind == pay.Refund {
		return provider.Verdict{}
	}
	if t.Method == pay.CardMethod {
		for _, row := range testCards {
			if row.number == t.Card.Reveal() {
				return provider.Verdict{Exact: row.scripted()}
			}
		}
		return provider.Verdict{}
	}
	if row, ok := byNumber[t.Phone]; ok {
		return provider.Verdict{Exact: row.scripted()}
	}
	return provider.Verdict{}
}

func (n testNumber) scripted() *provider.Scripted {
	s := &provider.Scripted{Outcome: pay.OutcomeSucceeded, Message: n.message}
	if n.code != statusOK {
		s.Outcome = pay.OutcomeFailed
		s.Failure = pay.Failure{Reason: reasonOf(n.message), Message: n.message, ProviderCode: n.code}
	}
	return s
}

func (c testCard) scripted() *provider.Scripted {
	s := &provider.Scripted{Outcome: pay.OutcomeSucceeded, Message: c.message}
	if c.reason != "" {
		s.Outcome = pay.OutcomeFailed
		s.Failure = pay.Failure{Reason: c.reason, Message: c.message, ProviderCode: c.state}
	}
	return s
}

// testOperator is the operator that the document gives a test number; it may
// differ from the one that the number's prefix was assigned to.
func testOperator(n phone.Number) (string, bool) {
	row, ok := byNumber[n.E164()]
	return row.operator, ok
}

// paidMessage is the documented message of a test payment that succeeded, ""
// where the document has none. Of a card only the ends of its number are kept.
func paidMessage(tx pay.Transaction) string {
	if tx.Mode != pay.Test {
		return ""
	}
	if tx.Method.Type != pay.CardMethod {
		return byNumber[tx.Method.Phone].message
	}
	mask := tx.Method.Card
	for _, row := range testCards {
		if !mask.IsZero() && strings.HasPrefix(row.number, mask.First6) && strings.HasSuffix(row.number, mask.Last4) {
			return row.message
		}
	}
	return ""
}
