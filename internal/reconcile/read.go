package reconcile

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// headPeek is how much of a file is looked at for its headings, headRows how
	// many titles may stand above them.
	headPeek = 64 << 10
	headRows = 20
	// maxRecord bounds a line, so that a quote that never ends does not fill
	// the memory.
	maxRecord = 1 << 20
	// maxReference is the longest reference.
	maxReference = 255
)

// movement is one line of a statement.
type movement struct {
	line              int64
	reference, theirs string
	amount            money.Amount
	fees              int64 // minor units, -1 not said
	status            string
	moved             bool
	kind              pay.Kind
	from, to          time.Time // when, zero not said
}

// format is how a file is read.
type format struct {
	provider.Statement
	reading    Reading
	currencies []money.Currency // that the connection's provider moves
}

// statement reads the movements of a file.
type statement struct {
	format
	csv     *csv.Reader
	limit   *recordLimit
	at      map[provider.StatementColumn]int
	heading []string
	last    int64 // the line that was read last
}

// recordLimit fails a reader that is asked for more than a line can have.
type recordLimit struct {
	r    io.Reader
	left int
}

var errRecord = errors.New("a line is too long")

// Read implements io.Reader.
func (l *recordLimit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errRecord
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// openStatement finds the headings: how the cells are separated is what makes
// them found. Titles may stand above them.
func openStatement(r io.Reader, f format) (*statement, error) {
	buffered := bufio.NewReaderSize(r, headPeek)
	if mark, _ := buffered.Peek(3); bytes.HasPrefix(mark, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(3)
	} else if bytes.HasPrefix(mark, []byte("\xff\xfe")) || bytes.HasPrefix(mark, []byte("\xfe\xff")) {
		return nil, &Problem{Code: BadEncoding}
	}
	head, err := buffered.Peek(headPeek)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return nil, &Problem{Code: NoLines}
	}
	s := &statement{format: f}
	above, comma, lacks := s.findHead(head)
	if lacks != "" {
		return nil, &Problem{Code: NoColumn, Column: string(lacks)}
	}
	s.limit = &recordLimit{r: buffered, left: maxRecord}
	s.csv = newCSV(s.limit, comma)
	for range above + 1 {
		if _, err := s.csv.Read(); err != nil {
			return nil, s.broken(err)
		}
	}
	return s, nil
}

func newCSV(r io.Reader, comma rune) *csv.Reader {
	c := csv.NewReader(r)
	c.Comma, c.FieldsPerRecord, c.LazyQuotes, c.ReuseRecord = comma, -1, true, true
	return c
}

// findHead looks for the row of headings. Where there is none it tells the fact
// that the most promising row lacks.
func (s *statement) findHead(head []byte) (above int, comma rune, lacks provider.StatementColumn) {
	lacks, most := provider.ColumnReference, 0
	for _, comma := range ";,\t|" {
		rows := newCSV(bytes.NewReader(head), comma)
		for above := range headRows {
			cells, err := rows.Read()
			if err != nil {
				break
			}
			at, missing := s.place(cells)
			if missing == "" {
				s.at = at
				for _, c := range cells {
					s.heading = append(s.heading, strings.TrimSpace(decode(c)))
				}
				return above, comma, ""
			}
			if len(at) > most {
				most, lacks = len(at), missing
			}
		}
	}
	return 0, 0, lacks
}

// place tells which cell of the headings stands for which fact; one stands for
// one fact only. What the caller named comes first, and must be there.
func (s *statement) place(cells []string) (at map[provider.StatementColumn]int, lacks provider.StatementColumn) {
	at = map[provider.StatementColumn]int{}
	taken := map[int]bool{}
	take := func(column provider.StatementColumn, names []string) bool {
		i := findCell(cells, names, taken)
		if i >= 0 {
			at[column], taken[i] = i, true
		}
		return i >= 0
	}
	for _, column := range provider.StatementColumns() {
		if name, ok := s.reading.Columns[column]; ok && !take(column, []string{name}) {
			lacks = column
		}
	}
	for _, column := range provider.StatementColumns() {
		if _, ok := s.reading.Columns[column]; !ok {
			take(column, s.Columns[column])
		}
	}
	_, ours := at[provider.ColumnReference]
	_, theirs := at[provider.ColumnProviderReference]
	_, amount := at[provider.ColumnAmount]
	switch {
	case lacks != "":
	case !ours && !theirs:
		lacks = provider.ColumnReference
	case !amount:
		lacks = provider.ColumnAmount
	}
	return at, lacks
}

func findCell(cells, names []string, taken map[int]bool) int {
	for _, name := range names {
		for i, cell := range cells {
			if !taken[i] && plain(decode(cell)) == plain(name) && plain(name) != "" {
				return i
			}
		}
	}
	return -1
}

// next reads the next movement; io.EOF after the last. Rows of sums are passed over.
func (s *statement) next() (movement, error) {
	for {
		s.limit.left = maxRecord
		cells, err := s.csv.Read()
		if errors.Is(err, io.EOF) {
			return movement{}, io.EOF
		}
		if err != nil {
			return movement{}, s.broken(err)
		}
		line, _ := s.csv.FieldPos(0)
		s.last = int64(line)
		row := row{statement: s, cells: cells}
		if row.sums() {
			continue
		}
		m := movement{line: s.last, fees: -1}
		if problem := row.read(&m); problem != nil {
			return m, problem
		}
		return m, nil
	}
}

func (s *statement) broken(err error) error {
	var parse *csv.ParseError
	switch {
	case errors.As(err, &parse):
		return &Problem{Code: BadCSV, Line: int64(parse.StartLine)}
	case errors.Is(err, errRecord):
		return &Problem{Code: BadCSV, Line: s.last + 1}
	}
	return err
}

// row reads one line's cells.
type row struct {
	*statement
	cells []string
}

// cell is a fact's text, "" where the line ends before it or no column has it.
func (r row) cell(column provider.StatementColumn) string {
	i, ok := r.at[column]
	if !ok || i >= len(r.cells) {
		return ""
	}
	return strings.TrimSpace(decode(r.cells[i]))
}

// sums reports whether the row is empty or adds up others: it has no time, and
// no reference, or no status where the others have one.
func (r row) sums() bool {
	if r.cell(provider.ColumnTime) != "" {
		return false
	}
	_, timed := r.at[provider.ColumnTime]
	_, stated := r.at[provider.ColumnStatus]
	return r.cell(provider.ColumnReference)+r.cell(provider.ColumnProviderReference) == "" ||
		timed && stated && r.cell(provider.ColumnStatus) == ""
}

func (r row) wrong(m *movement, code ProblemCode, column provider.StatementColumn) *Problem {
	p := &Problem{Code: code, Line: m.line, Column: string(column)}
	if i, ok := r.at[column]; ok && i < len(r.heading) {
		p.Column = r.heading[i]
	}
	return p
}

func (r row) read(m *movement) *Problem {
	m.reference, m.theirs = r.cell(provider.ColumnReference), r.cell(provider.ColumnProviderReference)
	if m.reference == "" && m.theirs == "" || !isReference(m.reference) {
		return r.wrong(m, BadReference, provider.ColumnReference)
	}
	if !isReference(m.theirs) {
		return r.wrong(m, BadReference, provider.ColumnProviderReference)
	}
	if p := r.readMoney(m); p != nil {
		return p
	}
	m.status, m.moved = r.cell(provider.ColumnStatus), true
	if _, ok := r.at[provider.ColumnStatus]; ok {
		var known bool
		if m.moved, known = r.Moved(m.status); !known || !isReference(m.status) {
			return r.wrong(m, UnknownStatus, provider.ColumnStatus)
		}
	}
	if text := r.cell(provider.ColumnKind); text != "" {
		if m.kind = r.Kinds[strings.ToLower(text)]; m.kind == "" {
			return r.wrong(m, UnknownKind, provider.ColumnKind)
		}
	}
	if text := r.cell(provider.ColumnTime); text != "" {
		var ok bool
		if m.from, m.to, ok = moment(text, r.Zone); !ok {
			return r.wrong(m, BadTime, provider.ColumnTime)
		}
	}
	return nil
}

func (r row) readMoney(m *movement) *Problem {
	cur, ok := r.currency()
	if !ok {
		return r.wrong(m, BadCurrency, provider.ColumnCurrency)
	}
	var err error
	if m.amount, err = amount(r.cell(provider.ColumnAmount), cur, r.Decimal); err != nil {
		return r.wrong(m, BadAmount, provider.ColumnAmount)
	}
	text := r.cell(provider.ColumnFees)
	if text == "" {
		return nil
	}
	fees, err := amount(text, cur, r.Decimal)
	if err != nil {
		return r.wrong(m, BadFees, provider.ColumnFees)
	}
	m.fees = fees.Minor
	return nil
}

// currency is the line's, else the file's, else the only one there is. People
// write both CFA francs alike, which is clear where the provider moves one.
func (r row) currency() (money.Currency, bool) {
	text := strings.ToUpper(strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || c == '.' {
			return -1
		}
		return c
	}, r.cell(provider.ColumnCurrency)))
	if text == "" && r.reading.Currency != "" {
		return r.reading.Currency, true
	}
	var found []money.Currency
	for _, c := range r.currencies {
		franc := c == money.XAF || c == money.XOF
		if text == string(c) {
			return c, true
		}
		if text == "" || franc && (text == "FCFA" || text == "CFA") {
			found = append(found, c)
		}
	}
	if len(found) == 1 {
		return found[0], true
	}
	return "", false
}

func isReference(text string) bool {
	return len(text) <= maxReference && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
