// Package pgtest lends tests a real PostgreSQL.
//
// The first test of a test binary that asks for a database starts one server
// for the whole binary, in a temporary folder and on a Unix socket, so that no
// installed server is touched and no port can clash. Each test then gets a
// database of its own:
//
//	url := pgtest.Database(t)                       // empty
//	url := pgtest.Cloned(t, "schema", migrate)      // migrated once, copied per test
//
// # Speed against durability
//
// The shared server runs with fsync off: its data need not outlive the test.
// A test about what survives a crash of the server starts its own with
// [Dedicated] and [Options].Durable, and kills it with [Server.Crash].
//
// # What is left behind
//
// Nothing. A small shell process holds the other end of a pipe from the test
// binary. However the binary ends (return, os.Exit, panic, time-out, kill -9)
// the pipe closes, and the shell stops PostgreSQL and removes the folder.
// Databases are dropped as their test ends.
//
// # What it needs
//
// PostgreSQL's initdb and postgres, under /usr/lib/postgresql/*/bin or in PATH.
// Where they are missing the test fails and names the command that installs
// them: a suite that skips half its promises without a word proves nothing.
package pgtest
