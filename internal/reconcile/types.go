package reconcile

import (
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Order asks for a statement to be held against the books.
type Order struct {
	MerchantID, Connection string
	// FileName is shown, never opened; By is who asked.
	FileName, By string
	// From and To bound what must be in the statement; where one is zero, the
	// statement's own times do.
	From, To time.Time
	// Only lists the kinds of movements that the statement is about; empty is all.
	Only []pay.Kind
	Reading
	// Progress hears now and then how many lines are done; it may be nil.
	Progress func(lines int64)
}

// Reading is what to read otherwise than the provider's descriptor says.
type Reading struct {
	// Columns are headings, by fact, in place of the provider's.
	Columns map[provider.StatementColumn]string
	// Paid and Unpaid are further words for the status.
	Paid, Unpaid []string
	// Currency is that of a file that does not name it.
	Currency money.Currency
}

// Difference says how a statement and the books disagree.
type Difference string

// The differences.
const (
	// MissingHere moved at the provider and is not in the books.
	MissingHere Difference = "missing_here"
	// MissingThere is in the books, and the statement lacks it or calls it unpaid.
	MissingThere Difference = "missing_there"
	// AmountDiffers has another amount or currency there.
	AmountDiffers Difference = "amount_differs"
	// StatusDiffers moved there, and is open or given up here: nobody has asked
	// since. Unknown is not failed.
	StatusDiffers Difference = "status_differs"
	// PaidTwice is a second attempt that took the money of one order again.
	PaidTwice Difference = "paid_twice"
	// DuplicateLine stands in the statement more than once.
	DuplicateLine Difference = "duplicate_line"
)

// Differences lists them, as they are shown.
func Differences() []Difference {
	return []Difference{MissingHere, MissingThere, AmountDiffers, StatusDiffers, PaidTwice, DuplicateLine}
}

// Action is what a person is advised to do.
type Action string

// The actions.
const (
	CheckNow          Action = "check_now"           // ask the provider for the status
	RaiseWithProvider Action = "raise_with_provider" // they owe an explanation
	RefundCustomer    Action = "refund_customer"
	WriteCorrection   Action = "write_correction" // the books must follow
)

// Figures say how a run went. Each line is counted once, but for missing there,
// which counts what no line tells of.
type Figures struct {
	Lines         int64 `json:"lines"`
	Matched       int64 `json:"matched"`
	MissingHere   int64 `json:"missing_here"`
	MissingThere  int64 `json:"missing_there"`
	AmountDiffers int64 `json:"amount_differs"`
	StatusDiffers int64 `json:"status_differs"`
	PaidTwice     int64 `json:"paid_twice"`
	Duplicates    int64 `json:"duplicate_lines"`
	// Unpaid lines moved nothing.
	Unpaid int64 `json:"unpaid"`
	// Edge counts what is in the books and may be in a neighbouring statement.
	Edge int64 `json:"edge"`
	// New cases were made, Closed ones were settled by this statement.
	New    int64 `json:"new_cases"`
	Closed int64 `json:"closed_cases"`
	// Fees compare the fees of matched lines that state them.
	Fees []FeeSum `json:"fees,omitempty"`
}

// FeeSum is the sum of fees in one currency, minor units.
type FeeSum struct {
	Currency  money.Currency `json:"currency"`
	Statement int64          `json:"statement"`
	Ledger    int64          `json:"ledger"`
}

// Of is the count of one difference.
func (f Figures) Of(d Difference) int64 {
	switch d {
	case MissingHere:
		return f.MissingHere
	case MissingThere:
		return f.MissingThere
	case AmountDiffers:
		return f.AmountDiffers
	case StatusDiffers:
		return f.StatusDiffers
	case PaidTwice:
		return f.PaidTwice
	case DuplicateLine:
		return f.Duplicates
	}
	return 0
}

// Differ counts all differences.
func (f Figures) Differ() int64 {
	var n int64
	for _, d := range Differences() {
		n += f.Of(d)
	}
	return n
}

func (f *Figures) count(d Difference, n int64) {
	switch d {
	case MissingHere:
		f.MissingHere += n
	case MissingThere:
		f.MissingThere += n
	case AmountDiffers:
		f.AmountDiffers += n
	case StatusDiffers:
		f.StatusDiffers += n
	case PaidTwice:
		f.PaidTwice += n
	case DuplicateLine:
		f.Duplicates += n
	}
}

// Status of a run.
type Status string

// The statuses of a run.
const (
	Running Status = "running"
	Done    Status = "done"
	Failed  Status = "failed"
)

// Run is one statement that was, or is being, held against the books.
type Run struct {
	ID, MerchantID, Connection string
	Mode                       pay.Mode
	FileName, SHA256, By       string
	Status                     Status
	Problem                    *Problem // why it failed
	Lines                      int64    // read so far
	Figures                    Figures
	From, To                   time.Time // the period; To is not in it
	CreatedAt, UpdatedAt       time.Time
}

// Problem is why a statement could not be reconciled. It names the place, never
// what stands there.
type Problem struct {
	Code ProblemCode `json:"code"`
	// Line counts from 1; 0 is the whole file.
	Line int64 `json:"line,omitempty"`
	// Column is the heading, or the fact for which no heading was found.
	Column string `json:"column,omitempty"`
}

// ProblemCode classes a problem.
type ProblemCode string

// The problems.
const (
	NoLines       ProblemCode = "no_lines"
	BadEncoding   ProblemCode = "encoding"
	NoColumn      ProblemCode = "no_column"
	BadCSV        ProblemCode = "csv"
	BadReference  ProblemCode = "reference"
	BadAmount     ProblemCode = "amount"
	BadCurrency   ProblemCode = "currency"
	BadFees       ProblemCode = "fees"
	UnknownStatus ProblemCode = "status"
	UnknownKind   ProblemCode = "kind"
	BadTime       ProblemCode = "time"
	NoPeriod      ProblemCode = "period"
	OtherFile     ProblemCode = "other_file"
	Interrupted   ProblemCode = "interrupted"
	Broken        ProblemCode = "internal"
)

var problemTexts = map[ProblemCode]string{
	NoLines:       "the file has no line below its headings",
	BadEncoding:   "the file is UTF-16: save it as CSV UTF-8",
	NoColumn:      "no heading stands for this fact; name it with --column",
	BadCSV:        "the line is not CSV: a quote does not end, or the line is longer than a megabyte",
	BadReference:  "the line needs a reference, ours or the provider's, of at most 255 printable characters",
	BadAmount:     "not an amount in the line's currency",
	BadCurrency:   "no currency that this connection moves; name it with --currency",
	BadFees:       "the fees are not an amount in the line's currency",
	UnknownStatus: "a status that is neither known as paid nor as unpaid; add it with --paid or --unpaid",
	UnknownKind:   "not a kind of movement: payment, payout or refund",
	BadTime:       "not a date or a time",
	NoPeriod:      "the statement has no times: say what it covers with --from and --to",
	OtherFile:     "no line is about this connection: is it the right file?",
	Interrupted:   "the program stopped meanwhile; run it again",
	Broken:        "something went wrong here; run it again",
}

// Error implements error.
func (p *Problem) Error() string {
	text := problemTexts[p.Code]
	switch {
	case p.Line > 0 && p.Column != "":
		return fmt.Sprintf("line %d, column %q: %s", p.Line, p.Column, text)
	case p.Line > 0:
		return fmt.Sprintf("line %d: %s", p.Line, text)
	case p.Column != "":
		return p.Column + ": " + text
	}
	return text
}

// Case is one difference, until it is settled.
type Case struct {
	ID, Connection string
	Mode           pay.Mode
	Difference     Difference
	Action         Action
	Kind           pay.Kind // "" where the statement does not say
	Transaction    string   // "" none of ours
	Attempt        int
	Reference      string
	Provider       string // the provider's reference
	// Statement and Ledger are zero where the side has nothing.
	Statement, Ledger money.Amount
	Said              string // the statement's status
	Lines             string // where in the statement: "12, 80"
	At                time.Time
	Open              bool
	ResolvedBy, Note  string // "" when a later statement settled it
	ResolvedAt        time.Time
	FirstRun, LastRun string
	CreatedAt         time.Time
}
