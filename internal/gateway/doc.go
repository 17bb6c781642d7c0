// Package gateway holds the use cases: create, apply, resolve, confirm, cancel,
// pay out, refund, link, route.
//
// Follow a payment: a door (the native API or a dialect) calls [Gateway.Create]
// (create.go), which records it in one commit (record.go) and submits it without
// holding the database (submit.go). Whatever is learnt then or later, from the
// answer, a notification (notify.go), a status check (resolve.go) or a person
// (cancel.go), goes through apply (apply.go), the only function that changes a
// transaction's state.
//
// No database transaction is open during a network call. An error from a
// connector means that nobody knows; the transaction stays pending and the
// resolver asks again.
package gateway
