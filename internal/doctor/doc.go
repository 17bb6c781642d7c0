// Package doctor examines a production set-up: its configuration, database,
// keys, clock and addresses, and each live connection's credentials by a call
// that moves nothing. It reports all it finds and what to do about it.
//
// It does not bring the schema up to date and makes no database. What a
// connector keeps of a trial, such as a token, is kept as in a running gateway.
// Findings never hold a secret: not a credential, a key, a database address, or
// more of a merchant's URL than its host.
package doctor
