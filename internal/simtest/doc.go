// Package simtest plays the whole gateway against operators that keep their own
// truth, and then asks whether the two agree.
//
// A run has a seed. It builds the program as production does (its real SQLite
// store, its real HTTP stack) on a network in memory and inside a bubble of
// simulated time, and lets merchants pay, pay out and refund through all five
// providers while everything that may go wrong does (fault_test.go lists it).
// The operators speak the providers' wire contracts on their own; no code of
// our dialects is used, so that both sides can't share one misreading.
//
// # What a seed fixes
//
// Who pays what, what each customer does, and each fault: every fault is drawn
// from the seed, the transaction and the number of its exchange, never from the
// order in which goroutines happen to run. A seed that fails therefore meets
// the same faults again, though the gateway's own random choices (its
// references, the spread of its delays) differ.
//
// # What is checked when quiet has returned
//
//   - A transaction that ended says what its operator did; one that is still
//     open is one that the operator never had, or can't be asked about.
//   - No customer was charged twice, or asked twice at the same time.
//   - Debits equal credits, the kept balances equal the entries, and each
//     account holds what its operator moved.
//   - Each event that ends a transaction reached the merchant, in its order.
//   - What was once told is still so: every id that a create answered exists,
//     once, and a success that was seen stays one.
//
// A restart fences the old gateway off: its connections break, its calls fail
// and its late writes are refused, as those of a process that is gone; then a
// new one opens the same database.
package simtest
