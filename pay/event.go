package pay

import "time"

// Event is one thing that happened to a transaction, with the whole object as
// it was at that moment. Sequence counts from 1 within the transaction.
type Event struct {
	ID            string
	MerchantID    string
	Mode          Mode
	TransactionID string
	Sequence      int64
	Type          string // payment.succeeded
	// Snapshot is the stored JSON of the transaction at that moment.
	Snapshot  []byte
	CreatedAt time.Time
}

// EventType names an event of a kind: "payment.succeeded".
func EventType(k Kind, event string) string { return string(k) + "." + event }

// Terminal reports whether an event of that name is told to every merchant
// without being asked for: the outcome, and what contradicts one.
func Terminal(event string) bool {
	switch event {
	case string(StatusSucceeded), string(StatusFailed), string(StatusCanceled), string(StatusExpired), "duplicate":
		return true
	}
	return false
}
