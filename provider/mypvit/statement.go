package mypvit

import (
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// statement reads lists with the field names of callbacks and of the status
// check (wire: mypvit §2.3, §3). totalAmount has the customer's fee on top and
// is not the amount that was asked for. Times are Libreville's.
func statement() provider.Statement {
	return provider.Statement{
		Columns: map[provider.StatementColumn][]string{
			provider.ColumnReference:         {"merchantReferenceId", "merchant_reference_id"},
			provider.ColumnProviderReference: {"transactionId", "reference_id"},
			provider.ColumnAmount:            {"amount"},
			provider.ColumnFees:              {"fees"},
			provider.ColumnStatus:            {"status"},
			provider.ColumnTime:              {"date"},
			provider.ColumnKind:              {"transactionOperation", "transaction_type"},
		},
		Paid:   []string{StatusSuccess},
		Unpaid: []string{StatusFailed, StatusPending, StatusAmbiguous},
		Kinds:  map[string]pay.Kind{TypePayment: pay.Payment, TypeGiveChange: pay.Payout},
		Zone:   time.Hour,
	}
}
