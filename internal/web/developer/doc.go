// Package developer is the page on which a developer begins: addresses, the
// demo merchant's credentials, a trial of each API with one click, and what
// the gateway does meanwhile. It is there where the demo merchant is, and
// nowhere else: it has no login.
//
// A trial is one of a provider's published examples (package conform), sent
// over real HTTP to this server's own listener. Its body may be edited; its
// address may not, so that the page reaches nothing but the gateway it belongs to.
package developer
