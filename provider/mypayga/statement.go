package mypayga

import (
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

// statement reads lists with the field names of paiement-detail (wire: mypayga
// §2.4), which has a row for each payment, and of callbacks. Its times name no
// zone and are taken for Gabon's.
func statement() provider.Statement {
	return provider.Statement{
		Columns: map[provider.StatementColumn][]string{
			provider.ColumnReference:         {"merchand_ref", "unique_id"},
			provider.ColumnProviderReference: {"payment_token"},
			provider.ColumnAmount:            {"totalAmount", "amount"},
			provider.ColumnFees:              {"frais_transaction"},
			provider.ColumnStatus:            {"final_status", "OrderStatus"},
			provider.ColumnTime:              {"orderDateTime"},
		},
		Paid:   []string{statusOK},
		Unpaid: []string{statusFailed, statusPending},
		Zone:   time.Hour,
	}
}
