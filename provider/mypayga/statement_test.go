package mypayga

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
		{provider.ColumnReference, "merchand_ref"},
		{provider.ColumnProviderReference, "payment_token"},
		{provider.ColumnAmount, "totalAmount"},
		{provider.ColumnFees, "frais_transaction"},
		{provider.ColumnStatus, "final_status"},
		{provider.ColumnTime, "orderDateTime"},
	} {
		if !slices.Contains(s.Columns[c.column], c.heading) {
			t.Errorf("%s is not read from %s, but from %v", c.column, c.heading, s.Columns[c.column])
		}
	}
	for status, paid := range map[string]bool{"200": true, "400": false, "100": false} {
		if moved, known := s.Moved(status); moved != paid || !known {
			t.Errorf("status %s: moved %v, known %v", status, moved, known)
		}
	}
	if _, known := s.Moved("404"); known {
		t.Error("a status that no document has is known")
	}
	if s.Kinds["remboursement"] != pay.Refund {
		t.Errorf("the kinds are %v", s.Kinds)
	}
}
