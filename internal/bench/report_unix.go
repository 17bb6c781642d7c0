//go:build unix

package bench

import "path/filepath"

// installedPostgres is the program that a temporary server runs.
func installedPostgres() (string, error) {
	bin, err := postgresPrograms()
	return filepath.Join(bin, "postgres"), err
}
