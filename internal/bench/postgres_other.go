//go:build !unix

package bench

import (
	"context"
	"errors"
)

// startPostgres needs a shell and a Unix socket.
func startPostgres(context.Context) (string, func() error, error) {
	return "", nil, errors.New("a PostgreSQL database is needed: give --database-url")
}
