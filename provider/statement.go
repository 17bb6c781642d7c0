package provider

import (
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

// Statement says how to read the list of movements (CSV) that a provider gives
// its merchants. No provider documents the one of its back office, so each
// names the fields of its API, and whoever has a file with other headings says
// so when it is read.
type Statement struct {
	// Columns are the headings that stand for each fact; the first that a file
	// has is read.
	Columns map[StatementColumn][]string
	// Paid are the statuses of movements that happened, Unpaid those of what
	// moved nothing, or not yet. A status that is neither is refused: taking it
	// for "no" would accuse the provider, for "yes" the books.
	Paid, Unpaid []string
	// Kinds are the words for what moved.
	Kinds map[string]pay.Kind
	// Decimal separates the decimals of amounts; 0 tells it from each amount,
	// since no currency here has three decimals.
	Decimal rune
	// Zone is what times that name none are ahead of UTC.
	Zone time.Duration
}

// StatementColumn is one fact of a movement.
type StatementColumn string

// The facts of a movement. One of the references, and the amount, are needed.
const (
	ColumnReference         StatementColumn = "reference" // the gateway's, of the attempt
	ColumnProviderReference StatementColumn = "provider_reference"
	ColumnAmount            StatementColumn = "amount" // whole, fees not taken off
	ColumnCurrency          StatementColumn = "currency"
	ColumnFees              StatementColumn = "fees"
	ColumnStatus            StatementColumn = "status"
	ColumnTime              StatementColumn = "time"
	ColumnKind              StatementColumn = "kind"
)

// StatementColumns lists the facts.
func StatementColumns() []StatementColumn {
	return []StatementColumn{
		ColumnReference, ColumnProviderReference, ColumnAmount, ColumnCurrency,
		ColumnFees, ColumnStatus, ColumnTime, ColumnKind,
	}
}

// plainStatement is what every provider's file may use: our own names of the
// facts, and the words of French and English back offices.
var plainStatement = Statement{
	Columns: map[StatementColumn][]string{
		ColumnReference:         {"reference", "référence", "réf", "merchant_reference", "référence marchand"},
		ColumnProviderReference: {"provider_reference", "transaction", "id transaction", "référence prestataire"},
		ColumnAmount:            {"amount", "montant"},
		ColumnCurrency:          {"currency", "devise"},
		ColumnFees:              {"fees", "frais", "commission"},
		ColumnStatus:            {"status", "statut", "état"},
		ColumnTime:              {"time", "date", "created_at", "date et heure"},
		ColumnKind:              {"kind", "type", "opération"},
	},
	Paid:   []string{"succeeded", "success", "paid", "completed", "réussi", "réussie", "succès", "effectué", "payé", "terminé"},
	Unpaid: []string{"failed", "canceled", "cancelled", "expired", "pending", "refused", "échoué", "échouée", "échec", "annulé", "expiré", "en cours", "en attente", "refusé"},
	Kinds: map[string]pay.Kind{
		"payment": pay.Payment, "encaissement": pay.Payment, "paiement": pay.Payment,
		"payout": pay.Payout, "transfer": pay.Payout, "décaissement": pay.Payout, "transfert": pay.Payout, "retrait": pay.Payout,
		"refund": pay.Refund, "remboursement": pay.Refund,
	},
}

// Complete adds the plain words behind the provider's own, which come first.
func (s Statement) Complete() Statement {
	c := Statement{
		Columns: map[StatementColumn][]string{}, Kinds: map[string]pay.Kind{}, Decimal: s.Decimal, Zone: s.Zone,
		Paid: append([]string(nil), s.Paid...), Unpaid: append([]string(nil), s.Unpaid...),
	}
	for _, column := range StatementColumns() {
		c.Columns[column] = append(append([]string(nil), s.Columns[column]...), plainStatement.Columns[column]...)
	}
	for _, word := range plainStatement.Paid {
		if !hasWord(s.Unpaid, word) {
			c.Paid = append(c.Paid, word)
		}
	}
	for _, word := range plainStatement.Unpaid {
		if !hasWord(s.Paid, word) {
			c.Unpaid = append(c.Unpaid, word)
		}
	}
	for _, kinds := range []map[string]pay.Kind{plainStatement.Kinds, s.Kinds} {
		for word, kind := range kinds {
			c.Kinds[strings.ToLower(word)] = kind
		}
	}
	return c
}

// Moved tells whether a status means that money moved, and whether the status
// is known at all. Letter case and spaces around do not count.
func (s Statement) Moved(status string) (moved, known bool) {
	status = strings.TrimSpace(status)
	if hasWord(s.Paid, status) {
		return true, true
	}
	return false, hasWord(s.Unpaid, status)
}

func hasWord(words []string, word string) bool {
	for _, w := range words {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}
