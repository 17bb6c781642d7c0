// Package api is the native front: the gateway's own REST API under /v1, its
// OpenAPI 3.1 document and a readable reference made from it.
//
// # A request's way
//
// [New] returns one handler. Before an operation runs, requests.go gives the
// request an id, finds whose API key it carries and reads its body once
// (body.go); once.go looks its idempotency key up. Operations are typed
// functions registered in one file per resource (payments.go, refunds.go, ...);
// the document and the checks of their input come from the same Go types.
// An answer is kept in memory until it is complete, so that a panic never
// leaves half of one, and until an idempotency key has stored it.
//
// # Errors
//
// Every refusal is an RFC 9457 problem (problem.go). It names the field at fault
// and never repeats the value found there, which may be a card number.
//
// # Rendering
//
// [Render] gives the one public shape of a transaction, in answers, events and
// webhooks alike.
package api
