package reconcile

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// Keys put what was found in the statement into the order of the books: what
// was booked by ledger entry, as the ledger is walked; then the attempts that
// were not; then what nobody here knows.
const (
	classBooked  = '1'
	classOpen    = '2'
	classUnknown = '3'
)

// key is what the lines about one subject share.
func key(m movement, f *fact) string {
	switch {
	case f == nil:
		return string(classUnknown) + about(m, nil)
	case f.booked():
		return string(classBooked) + f.entry
	}
	return string(classOpen) + about(m, f)
}

// about names the subject of a line, for its case: it stays the same when an
// attempt is booked later.
func about(m movement, f *fact) string {
	switch {
	case f != nil:
		return f.transaction + "/" + strconv.FormatInt(f.attempt, 10)
	case m.reference != "":
		return "reference:" + m.reference
	}
	return "provider_reference:" + m.theirs
}

// encode writes a movement and what it is about. The key, which holds no zero
// byte, and the line come first, so that bytes sort as they should.
func encode(m movement, f *fact) []byte {
	b := append([]byte(key(m, f)), 0)
	b = binary.BigEndian.AppendUint64(b, uint64(m.line)) //nolint:gosec // lines count from 1
	for _, text := range []string{m.reference, m.theirs, m.status, string(m.kind), string(m.amount.Currency)} {
		b = appendText(b, text)
	}
	moved := int64(0)
	if m.moved {
		moved = 1
	}
	for _, n := range []int64{m.amount.Minor, m.fees, moved, store.Millis(m.from), store.Millis(m.to)} {
		b = binary.AppendVarint(b, n)
	}
	if f == nil {
		return b
	}
	for _, text := range []string{f.transaction, string(f.kind), string(f.status), f.reference, f.theirs, f.entry, string(f.posted.Currency)} {
		b = appendText(b, text)
	}
	for _, n := range []int64{f.attempt, f.paidAttempt, f.submitted, f.posted.Minor, f.fees, f.settled} {
		b = binary.AppendVarint(b, n)
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// decodeRecord is encode's reverse, on what encode wrote.
func decodeRecord(record []byte) (string, movement, *fact) {
	i := bytes.IndexByte(record, 0)
	k := string(record[:i])
	d := decoder{record[i+1+8:]}
	m := movement{line: int64(binary.BigEndian.Uint64(record[i+1:]))} //nolint:gosec // encode wrote it
	m.reference, m.theirs, m.status, m.kind, m.amount.Currency = d.text(), d.text(), d.text(), pay.Kind(d.text()), money.Currency(d.text())
	m.amount.Minor, m.fees, m.moved = d.number(), d.number(), d.number() == 1
	m.from, m.to = store.Time(d.number()), store.Time(d.number())
	if len(d.rest) == 0 {
		return k, m, nil
	}
	f := &fact{transaction: d.text(), kind: pay.Kind(d.text()), status: pay.Status(d.text()), reference: d.text(), theirs: d.text(), entry: d.text()}
	f.posted.Currency = money.Currency(d.text())
	f.attempt, f.paidAttempt, f.submitted = d.number(), d.number(), d.number()
	f.posted.Minor, f.fees, f.settled = d.number(), d.number(), d.number()
	return k, m, f
}

type decoder struct{ rest []byte }

func (d *decoder) number() int64 {
	n, size := binary.Varint(d.rest)
	d.rest = d.rest[size:]
	return n
}

func (d *decoder) text() string {
	n, size := binary.Uvarint(d.rest)
	text := string(d.rest[size : size+int(n)]) //nolint:gosec // a reference's length
	d.rest = d.rest[size+int(n):]              //nolint:gosec // as above
	return text
}

// period is the time that a statement covers; to is not in it.
type period struct{ from, to time.Time }

// take widens the period to a line's time, where the caller has not set it.
func (p *period) take(m movement) {
	if m.from.IsZero() {
		return
	}
	if p.from.IsZero() || m.from.Before(p.from) {
		p.from = m.from
	}
	if m.to.After(p.to) {
		p.to = m.to
	}
}
