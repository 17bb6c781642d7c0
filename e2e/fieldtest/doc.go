// Package fieldtest sets up a gateway among the parties that it works between,
// lets them work, and holds their books against each other.
//
// Three parties meet over real HTTP. The gateway under test is one or several
// nodes on one database. A second process plays the five providers through
// their dialects; its simulated operators keep their own books, which are the
// truth. This process is the merchant, a [Shop]: it creates payments, payouts
// and refunds with idempotency keys, repeats what got no answer, takes webhooks,
// and remembers whatever it was told.
//
// A test makes trouble while the shop is open, and then calls [Field.CalmDown],
// which puts the clock of the rows forward while the gateway is down until it
// owes nothing that the providers could tell, and [Field.Judge].
package fieldtest
