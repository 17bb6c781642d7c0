//go:build !unix

package bench

import "errors"

// installedPostgres is never run here: see startPostgres.
func installedPostgres() (string, error) {
	return "", errors.New("a PostgreSQL database is needed: give --database-url")
}
