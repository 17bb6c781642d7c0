// Package provider is the seam between the gateway and the five providers.
//
// A provider's folder exports one function, Provider, that returns a
// [Provider]: data about it (countries, currencies, hosts, credential fields,
// limits), how to make a [Connector] (we call the provider) and how to make a
// [Dialect] (we imitate it). Nothing outside the folder names it.
//
// # Connectors
//
// A [Connector] submits and asks for the status; every other power is an
// interface of its own, found by assertion: [PaysOut], [Refunder], [Confirms],
// [Cancels], [LooksUp], [Balances], [Quotes], [Notified], [Validates],
// [Maintained]. A power a provider lacks is absent, never stubbed.
//
// The one promise that everything stands on: an error from a call means "we
// don't know". A refusal is a [Result] with pay.OutcomeFailed.
//
// # Dialects
//
// A [Dialect] is an http.Handler under its own prefix (or at the root of the
// provider's own host). It authenticates, decodes, validates and calls one use
// case of the [Gateway] port, then answers in the provider's bytes.
package provider
