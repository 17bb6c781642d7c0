package flexpay

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
		{provider.ColumnReference, "reference"},
		{provider.ColumnProviderReference, "orderNumber"},
		{provider.ColumnAmount, "amount"},
		{provider.ColumnCurrency, "currency"},
		{provider.ColumnStatus, "status"},
		{provider.ColumnTime, "createdAt"},
	} {
		if !slices.Contains(s.Columns[c.column], c.heading) {
			t.Errorf("%s is not read from %s, but from %v", c.column, c.heading, s.Columns[c.column])
		}
	}
	for status, paid := range map[string]bool{"0": true, "3": true, "4": true, "1": false, "2": false, "5": false} {
		if moved, known := s.Moved(status); moved != paid || !known {
			t.Errorf("status %s: moved %v, known %v", status, moved, known)
		}
	}
	if _, known := s.Moved("6"); known {
		t.Error("a status that no document has is known")
	}
	if s.Kinds["payment"] != pay.Payment {
		t.Errorf("the kinds are %v", s.Kinds)
	}
}
