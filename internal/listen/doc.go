// Package listen forwards the test events of a running gateway to an address
// of the developer's own, signed as webhooks are: for a server that the gateway
// can't reach, such as one on a laptop.
//
// It reads GET /v1/events with a test key and needs nothing else of the
// gateway. Events come in the order of their creation, each once; those from
// before the start are left out. A gateway that goes away is waited for.
package listen
