package payoutfile

import (
	"strings"
)

// Column is what a column holds.
type Column string

// The columns. The last three may be absent.
const (
	Reference   Column = "reference"
	Amount      Column = "amount"
	Currency    Column = "currency"
	Phone       Column = "phone"
	Operator    Column = "operator"
	Name        Column = "name"
	Description Column = "description"
)

var needed = []Column{Reference, Amount, Currency, Phone}

// names are the headings that people give the columns, as plain makes them.
var names = map[string]Column{
	"reference": Reference, "ref": Reference,
	"amount": Amount, "montant": Amount,
	"currency": Currency, "devise": Currency, "monnaie": Currency,
	"phone": Phone, "telephone": Phone, "tel": Phone, "mobile": Phone,
	"operator": Operator, "operateur": Operator,
	"name": Name, "nom": Name, "beneficiaire": Name,
	"description": Description, "motif": Description, "libelle": Description,
}

// plain writes a heading or a name without case, accents and separators.
var plain = func() func(string) string {
	accents := strings.NewReplacer(
		"é", "e", "è", "e", "ê", "e", "ë", "e", "à", "a", "â", "a", "î", "i", "ï", "i", "ô", "o", "û", "u", "ù", "u", "ç", "c",
		"\u0301", "", "\u0300", "", "\u0302", "", // accents as characters of their own, as on a Mac
		" ", "", "\u00a0", "", "\u202f", "", "_", "", "-", "", ".", "", "'", "", "’", "",
	)
	return func(text string) string { return accents.Replace(strings.ToLower(text)) }
}()

// headings reads the first row with the separator that makes the most sense of it.
func headings(text string) (head []Column, comma rune, found File) {
	best := 0
	for _, separator := range []rune{';', ',', '\t'} {
		cells, err := rows(text, separator).Read()
		if err != nil {
			continue
		}
		columns, known, ignored := columnsOf(cells)
		if known > best {
			best, head, comma, found.Ignored = known, columns, separator, ignored
		}
	}
	if best == 0 {
		return nil, 0, File{Faults: []Fault{{Line: 1, Reason: NoHeadings}}}
	}
	seen := map[Column]bool{}
	for _, c := range head {
		if c != "" && seen[c] {
			found.Faults = append(found.Faults, Fault{Line: 1, Column: c, Reason: ColumnTwice})
		}
		seen[c] = true
	}
	for _, c := range needed {
		if !seen[c] {
			found.Faults = append(found.Faults, Fault{Line: 1, Column: c, Reason: NoColumn})
		}
	}
	return head, comma, found
}

func columnsOf(cells []string) (columns []Column, known int, ignored []string) {
	columns = make([]Column, len(cells))
	for i, cell := range cells {
		columns[i] = names[plain(cell)]
		switch {
		case columns[i] != "":
			known++
		case strings.TrimSpace(cell) != "":
			ignored = append(ignored, strings.TrimSpace(cell))
		}
	}
	return columns, known, ignored
}
