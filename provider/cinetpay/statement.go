package cinetpay

import "github.com/passerelle-pay/passerelle/provider"

// statement reads lists with the field names of the check (wire: cinetpay
// §2.2), of its notification and of transfers, whose client_transaction_id is
// ours and whose transaction_id is CinetPay's: a file of transfers has both, one
// of payments only the second, which is then ours. Times are UTC.
func statement() provider.Statement {
	return provider.Statement{
		Columns: map[provider.StatementColumn][]string{
			provider.ColumnReference:         {"client_transaction_id", "cpm_trans_id", "transaction_id"},
			provider.ColumnProviderReference: {"payment_token", "operator_id", "transaction_id"},
			provider.ColumnAmount:            {"amount", "cpm_amount"},
			provider.ColumnCurrency:          {"currency", "cpm_currency"},
			provider.ColumnStatus:            {"status", "treatment_status"},
			provider.ColumnTime:              {"payment_date", "cpm_trans_date", "validated_at"},
		},
		Paid:   []string{statusAccepted, treatmentValid},
		Unpaid: []string{statusRefused, statusCancelled, statusPending, statusWaiting, treatmentNew, treatmentReceived, treatmentNoStatus, treatmentRejected},
	}
}
