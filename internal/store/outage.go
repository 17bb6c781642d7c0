package store

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Unreachable tells an error that says that PostgreSQL was not there, or went
// away: the same may work soon, at the same server or at one that takes over.
// What was under way when it went may have been committed.
func Unreachable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return strings.HasPrefix(pg.Code, "08") || unreachableCodes[pg.Code]
	}
	var connect *pgconn.ConnectError
	var wire *net.OpError
	return errors.As(err, &connect) || errors.As(err, &wire) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF)
}

// unreachableCodes are those of PostgreSQL's appendix A with which a server
// goes, has not yet come, or is a standby.
var unreachableCodes = map[string]bool{
	"57P01": true, // admin_shutdown, also of those who outlive the postmaster
	"57P02": true, // crash_shutdown
	"57P03": true, // cannot_connect_now
	"25006": true, // read_only_sql_transaction
}
