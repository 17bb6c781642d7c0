// Package payoutfile reads the files of payouts that people make in a
// spreadsheet: separated by semicolons, commas or tabs, in UTF-8 or as a French
// Excel writes them, with headings in French or English.
//
// # What is promised
//
// Nothing is guessed where a guess could move money wrongly. An amount that
// could be read in two ways, a heading that stands twice, a row with more cells
// than headings: each is a fault. Every fault names its line and column, and a
// file is read to its end, so that people mend all of it at once.
//
// No fault repeats the text that was refused, as a misplaced cell could hold a
// card number.
package payoutfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
)

// MaxBytes bounds a file: the longest batch with long names has room.
const MaxBytes = 512 << 10

// Payout is one good line.
type Payout struct {
	Line        int // in the file, from 1, as editors count
	Reference   string
	Amount      money.Amount
	Phone       string // E.164
	Operator    string // an operator's id, "" where the file names none
	Name        string
	Description string
}

// Fault is what is wrong with a line, or with the whole file where Line is 0.
type Fault struct {
	Line      int
	Column    Column // "" where no single column is at fault
	Reason    Reason
	Reference string // the line's, where it has one, to find it by
}

// Reason says what is wrong; the pages have the words.
type Reason string

// The reasons of a whole file.
const (
	TooLarge     Reason = "too_large"
	TooMany      Reason = "too_many"
	Empty        Reason = "empty"
	NotText      Reason = "not_text"
	Encoding     Reason = "encoding"
	Quotes       Reason = "quotes"
	NoColumn     Reason = "no_column"
	ColumnTwice  Reason = "column_twice"
	NoHeadings   Reason = "no_headings"
	TooManyCells Reason = "too_many_cells"
)

// The reasons of a line.
const (
	Missing          Reason = "missing"
	BadPhone         Reason = "phone"
	LocalPhone       Reason = "phone_country"
	BadOperator      Reason = "operator"
	OperatorAbroad   Reason = "operator_country"
	BadAmount        Reason = "amount"
	AmbiguousAmount  Reason = "amount_ambiguous"
	AmountDecimals   Reason = "amount_decimals"
	ZeroAmount       Reason = "amount_zero"
	BadCurrency      Reason = "currency"
	CurrencyOperator Reason = "currency_operator"
	ReferenceTwice   Reason = "reference_twice"
)

// File is what a file says.
type File struct {
	Payouts []Payout
	Faults  []Fault
	Ignored []string // headings that mean nothing here
}

// Read reads a file of at most most payouts. Numbers in local form are taken to
// be of the country, an ISO 3166-1 alpha-2 code; without one they are faults.
func Read(content []byte, country string, most int) File {
	text, reason := decode(content)
	if reason != "" {
		return File{Faults: []Fault{{Reason: reason}}}
	}
	head, comma, found := headings(text)
	if found.Faults != nil {
		return found
	}
	r := reader{File: found, head: head, country: country, seen: map[string]bool{}}
	source := rows(text, comma)
	_, _ = source.Read() // the headings, which were read well a moment ago
	for {
		cells, err := source.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil { // what follows a stray quotation mark can't be told apart
			r.fault(lineOf(err), "", Quotes)
			return r.File
		}
		if blank(cells) {
			continue
		}
		if len(r.Payouts)+r.bad == most {
			return File{Faults: []Fault{{Reason: TooMany}}, Ignored: found.Ignored}
		}
		line, _ := source.FieldPos(0)
		r.row(line, cells)
	}
	if len(r.Payouts)+r.bad == 0 {
		r.Faults = []Fault{{Reason: Empty}}
	}
	return r.File
}

// rows reads cells; rows of any length, as spreadsheets drop empty cells.
func rows(text string, comma rune) *csv.Reader {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = comma, -1
	return r
}

func lineOf(err error) int {
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		return bad.StartLine
	}
	return 0
}

// blank tells a row of empty cells, which spreadsheets leave at the end.
func blank(cells []string) bool {
	return strings.Trim(strings.Join(cells, ""), " \u00a0\u202f\t\r\n") == ""
}

// decode gives the text of a file, or why there is none.
func decode(content []byte) (string, Reason) {
	switch {
	case len(content) > MaxBytes:
		return "", TooLarge
	case bytes.HasPrefix(content, []byte("\xff\xfe")), bytes.HasPrefix(content, []byte("\xfe\xff")):
		return "", Encoding // UTF-16, Excel's "Unicode text"
	case bytes.HasPrefix(content, []byte("PK\x03\x04")), bytes.IndexByte(content, 0) >= 0:
		return "", NotText // a workbook, say
	}
	text, ok := toUTF8(bytes.TrimPrefix(content, []byte("\ufeff")))
	if !ok {
		return "", Encoding
	}
	if strings.TrimSpace(text) == "" {
		return "", Empty
	}
	return text, ""
}
