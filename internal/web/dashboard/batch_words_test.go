package dashboard

import (
	"testing"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/payoutfile"
	"github.com/passerelle-pay/passerelle/pay"
)

func TestEveryFaultAndStateOfABatchHasItsWords(t *testing.T) {
	var keys []string
	for _, r := range []payoutfile.Reason{
		payoutfile.TooLarge, payoutfile.TooMany, payoutfile.Empty, payoutfile.NotText, payoutfile.Encoding, payoutfile.Quotes,
		payoutfile.NoColumn, payoutfile.ColumnTwice, payoutfile.NoHeadings, payoutfile.TooManyCells, payoutfile.Missing,
		payoutfile.BadPhone, payoutfile.LocalPhone, payoutfile.BadOperator, payoutfile.OperatorAbroad, payoutfile.BadAmount,
		payoutfile.AmbiguousAmount, payoutfile.AmountDecimals, payoutfile.ZeroAmount, payoutfile.BadCurrency,
		payoutfile.CurrencyOperator, payoutfile.ReferenceTwice, pay.CodeDuplicateReference, pay.CodeCapability,
	} {
		keys = append(keys, "line."+string(r))
	}
	for _, r := range pay.Reasons() {
		keys = append(keys, "why."+string(r))
	}
	for _, s := range lineStates() {
		keys = append(keys, "status."+s)
	}
	for _, s := range []gateway.BatchStatus{gateway.BatchAwaiting, gateway.BatchRejected, gateway.BatchProcessing, gateway.BatchCompleted} {
		keys = append(keys, "batch."+string(s))
	}
	for _, key := range keys {
		if french[key] == "" || english[key] == "" {
			t.Errorf("%q has no words", key)
		}
	}
}
