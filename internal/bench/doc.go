// Package bench measures a whole gateway by whole life cycles.
//
// # What a life cycle is
//
// A merchant's program creates a payment over HTTP; the gateway records it and
// calls the provider over HTTP; the provider's customer approves, and its
// notification comes back over HTTP; the gateway takes that as a hint, asks the
// provider for the status, posts to the ledger and delivers a signed webhook
// over HTTP, which the merchant's server verifies and acknowledges. Every
// commit is durable: SQLite with synchronous=FULL, PostgreSQL with
// synchronous_commit=on.
//
// # Who takes part
//
// All parts are in this process: the gateway as `serve` builds it, the load
// generator, the provider and the merchant's server. They talk over loopback
// TCP. So CPU time and memory are those of all parts together; a database
// server has its own.
//
// # The two models of load
//
// In the closed model a number of clients each run one life cycle after the
// other: it finds the throughput. In the open model payments arrive at a
// constant rate whatever becomes of those before, and times count from the
// moment a payment was to be sent: it finds the latency that customers see.
//
// # The floor
//
// Machines differ, so a figure by itself says little. The same run therefore
// also measures how fast the same rows are committed, in the same number of
// transactions, by a loop that does nothing else. The ratio of the two is what
// the gateway's own work leaves of what the hardware and the database allow.
//
// # What is proved
//
// A fast wrong answer is worth nothing: after each run the database is held
// against the invariants and against what the provider and the merchant saw.
package bench
