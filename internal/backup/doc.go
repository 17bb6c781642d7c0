// Package backup copies a SQLite database while gateways write to it, and puts
// a copy back.
//
// # Taking one
//
// [Take] uses VACUUM INTO. It reads one snapshot of the write-ahead log, so the
// copy is the database as it was at one moment, between two commits; writers go
// on, and only the log grows meanwhile. Unlike a copy of pages it leaves out
// what was deleted, such as personal data that was erased.
//
// A copy counts as a backup only after it has been read back: its structure, its
// foreign keys, its schema and its books ([Books]). Until then it has another
// name, and afterwards it is on disk, name included.
//
// # Putting one back
//
// [Restore] does everything that can fail on a copy of the backup beside the
// target, and gives it the target's name last. What stood there is kept under a
// dated name. Keys are no part of a backup: those that are given must open every
// sealed value in it.
//
// PostgreSQL has its own means, which docs/operations.md shows.
package backup
