package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Machine tells what this one is, as far as the system says: the model of its
// processor, how many cores, its memory, and whether some cores are not ours.
func Machine() string {
	text := machine()
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if model := processorModel(string(info)); model != "" {
			text = model + ", " + text
		}
	}
	if used := runtime.GOMAXPROCS(0); used < runtime.NumCPU() {
		text += fmt.Sprintf(", GOMAXPROCS %d", used)
	}
	return text
}

// processorModel is the first processor's; not every architecture tells.
func processorModel(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		name, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(name) == "model name" {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	return ""
}

// postgresVersion is that of the server that was measured: the one of a URL, or
// else the one that is installed here.
func postgresVersion(ctx context.Context, database string) (version string, err error) {
	if database == "" {
		program, err := installedPostgres()
		if err != nil {
			return "", err
		}
		out, err := exec.CommandContext(ctx, program, "--version").Output()
		if err != nil {
			return "", fmt.Errorf("ask PostgreSQL for its version: %w", err)
		}
		return shortVersion(strings.TrimPrefix(string(out), "postgres (PostgreSQL) ")), nil
	}
	conn, err := pgx.Connect(ctx, database)
	if err == nil {
		err = conn.QueryRow(ctx, "SHOW server_version").Scan(&version)
		err = errors.Join(err, conn.Close(ctx))
	}
	if err != nil {
		return "", fmt.Errorf("ask PostgreSQL for its version: %w", err)
	}
	return shortVersion(version), nil
}

// shortVersion leaves out who packaged it: `17.2 (Debian 17.2-1)`.
func shortVersion(text string) string {
	number, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	return number
}
