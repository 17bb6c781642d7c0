// Package reconcile holds a provider's statement against the books.
//
// A statement is a CSV file of any length. [Reconciler.Run] reads it as a
// stream, finds for each line the attempt it is about and what the ledger posted
// for that, and sorts what it learnt by ledger entry, on disk where memory is
// short; then it walks the ledger beside it, in one pass, so that neither the
// file nor the books are ever held whole.
//
// What differs becomes a [Case], one for each subject and difference, however
// often the same statement is read. A case ends when a person resolves it, or
// when a later statement that should show the difference no longer does.
//
// # What is expected in a statement
//
// A transaction happened at the provider between our sending it and our booking
// it. It is missing there only if the statement covers all of that time;
// otherwise the neighbouring statement may have it.
//
// # Limits
//
// A statement is taken to be complete for its connection, period and kinds of
// movement. A refund is found by its own references, not by those of the payment
// it gives back.
package reconcile
