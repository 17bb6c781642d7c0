package flexpay

import (
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

// statement reads lists with the field names of a check (wire: flexpay §2.2).
// What was refunded, or is being, had been paid first. Times are Kinshasa's.
func statement() provider.Statement {
	return provider.Statement{
		Columns: map[provider.StatementColumn][]string{
			provider.ColumnReference:         {"reference"},
			provider.ColumnProviderReference: {"orderNumber"},
			provider.ColumnAmount:            {"amount"},
			provider.ColumnCurrency:          {"currency"},
			provider.ColumnStatus:            {"status"},
			provider.ColumnTime:              {"createdAt"},
		},
		Paid:   []string{statusSucceeded, statusRefunding, statusRefunded},
		Unpaid: []string{statusNotCompleted, statusPending, statusCancelled},
		Zone:   time.Hour,
	}
}
