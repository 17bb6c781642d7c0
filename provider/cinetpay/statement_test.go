package cinetpay

import (
	"slices"
	"testing"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestAStatementIsReadByTheDocumentedFieldNames(t *testing.T) {
	s := Provider().Statement.Complete()
	for _, c := range []struct {
		column  provider.StatementColumn
		heading string
	}{
		{provider.ColumnReference, "transaction_id"},
		{provider.ColumnReference, "client_transaction_id"},
		{provider.ColumnAmount, "amount"},
		{provider.ColumnCurrency, "currency"},
		{provider.ColumnStatus, "status"},
		{provider.ColumnTime, "payment_date"},
	} {
		if !slices.Contains(s.Columns[c.column], c.heading) {
			t.Errorf("%s is not read from %s, but from %v", c.column, c.heading, s.Columns[c.column])
		}
	}
	for status, paid := range map[string]bool{"ACCEPTED": true, "VAL": true, "REFUSED": false, "CANCELLED": false, "WAITING_FOR_CUSTOMER": false, "REJ": false, "NEW": false} {
		if moved, known := s.Moved(status); moved != paid || !known {
			t.Errorf("status %s: moved %v, known %v", status, moved, known)
		}
	}
	if _, known := s.Moved("VALIDATED"); known {
		t.Error("a status that no document has is known")
	}
	if s.Kinds["transfert"] != pay.Payout {
		t.Errorf("the kinds are %v", s.Kinds)
	}
}
