// Package pay is the domain: what a transaction is and how its state may
// change. It does no I/O and knows no provider, no database and no HTTP.
//
// # One thing moves money
//
// A [Transaction] has a [Kind] (payment, payout, refund), a [Status] and, for
// every time it was sent to a provider, an [Attempt]. Whoever learns something
// about it (the answer to a submit, a provider's notification, a status check,
// a person) brings [News]; [Decide] alone says what the news changes.
//
// # Unknown is not failed
//
// An outcome nobody can prove is [OutcomeUnknown]; it leaves the transaction
// pending. `succeeded` is never left. `failed`, `canceled` and `expired` can
// still become `succeeded` when a provider proves that the money moved: the
// change is flagged late and the merchant is told.
package pay
