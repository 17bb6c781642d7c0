package komipay

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
		{provider.ColumnReference, "reference_externe"},
		{provider.ColumnProviderReference, "reference_transaction"},
		{provider.ColumnAmount, "montant_total"},
		{provider.ColumnStatus, "transactionStatus"},
	} {
		if !slices.Contains(s.Columns[c.column], c.heading) {
			t.Errorf("%s is not read from %s, but from %v", c.column, c.heading, s.Columns[c.column])
		}
	}
	for status, paid := range map[string]bool{"Success": true, "SUCCESS": true, "TS": true, "Echec": false, "ECHEC": false, "ATTENTE": false, "Pending": false, "TF": false, "TE": false, "TIP": false, "TA": false} {
		if moved, known := s.Moved(status); moved != paid || !known {
			t.Errorf("status %s: moved %v, known %v", status, moved, known)
		}
	}
	if _, known := s.Moved("notFound"); known {
		t.Error("a status that no document has is known")
	}
	if s.Kinds["paiement"] != pay.Payment {
		t.Errorf("the kinds are %v", s.Kinds)
	}
}
