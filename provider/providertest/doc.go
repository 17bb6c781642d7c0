// Package providertest holds what every provider is tested with.
//
// [Run] is the conformance suite: promises of package provider that hold for
// all providers alike, whatever their wire looks like. [Gateway] and [Memory]
// stand in for the gateway's port, so that a dialect can be driven without a
// database; [NewSurroundings] gives a connector the world it works in.
package providertest
