package mypvit

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
		{provider.ColumnReference, "merchantReferenceId"},
		{provider.ColumnReference, "merchant_reference_id"},
		{provider.ColumnProviderReference, "transactionId"},
		{provider.ColumnAmount, "amount"},
		{provider.ColumnFees, "fees"},
		{provider.ColumnStatus, "status"},
		{provider.ColumnKind, "transactionOperation"},
		{provider.ColumnTime, "date"},
	} {
		if !slices.Contains(s.Columns[c.column], c.heading) {
			t.Errorf("%s is not read from %s, but from %v", c.column, c.heading, s.Columns[c.column])
		}
	}
	for status, paid := range map[string]bool{"SUCCESS": true, "FAILED": false, "PENDING": false, "AMBIGUOUS": false} {
		if moved, known := s.Moved(status); moved != paid || !known {
			t.Errorf("status %s: moved %v, known %v", status, moved, known)
		}
	}
	if _, known := s.Moved("OK"); known {
		t.Error("a status that no document has is known")
	}
	if s.Kinds["give_change"] != pay.Payout {
		t.Errorf("the kinds are %v", s.Kinds)
	}
}
