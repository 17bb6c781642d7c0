package pay

import (
	"slices"
	"time"
)

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

// EveryEvent asks for every type of event.
const EveryEvent = "*"

// Wanted reports whether somebody who asks for these types of events gets one;
// who names none gets what every merchant must know.
func Wanted(types []string, k Kind, event string) bool {
	if len(types) == 0 {
		return Terminal(event)
	}
	return slices.Contains(types, EveryEvent) || slices.Contains(types, EventType(k, event))
}

// Terminal reports whether an event of that name is told to every merchant
// without being asked for: the outcome, and what contradicts one.
func Terminal(event string) bool {
	switch event {
	case string(StatusSucceeded), string(StatusFailed), string(StatusCanceled), string(StatusExpired), "duplicate":
		return true
	}
	return false
}
