package komipay

import (
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

// statement reads lists with the field names of a status check (wire: komipay
// §2.3, §4.2) and the operators' codes. Times are Niger's.
func statement() provider.Statement {
	return provider.Statement{
		Columns: map[provider.StatementColumn][]string{
			provider.ColumnReference:         {"reference_externe"},
			provider.ColumnProviderReference: {"reference_transaction"},
			provider.ColumnAmount:            {"montant_a_payer", "montant_total", "montant"},
			provider.ColumnStatus:            {"transactionStatus", "etat", "statut"},
		},
		Paid:   []string{stateSuccess, strings.Trim(statutTS, `"`)},
		Unpaid: []string{stateFailed, statePending, etatPending, strings.Trim(statutTF, `"`), strings.Trim(statutTE, `"`), strings.Trim(statutTIP, `"`), strings.Trim(statutTA, `"`)},
		Zone:   time.Hour,
	}
}
