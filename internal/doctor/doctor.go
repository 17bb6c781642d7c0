package doctor

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/store"
)

// Level is how much a finding matters.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	// Fail is what keeps payments from working as they should.
	Fail Level = "fail"
)

// Finding is one thing that was looked at.
type Finding struct {
	Check   string `json:"check"`
	Level   Level  `json:"level"`
	Message string `json:"message"`
	// Next says what to do about it.
	Next string `json:"next,omitempty"`
}

// Options are how far an examination goes.
type Options struct {
	// Offline calls nobody: no provider, and no name server for merchants' addresses.
	Offline bool
}

// databaseLimit bounds what the database is asked, so that one that hangs is a
// finding too.
const databaseLimit = 30 * time.Second

// Examine looks at everything that can be looked at; problems are what is wrong
// with the configuration itself.
func Examine(ctx context.Context, c app.Config, problems []error, o Options) []Finding {
	if c.Now == nil {
		c.Now = time.Now
	}
	e := &examination{config: c, offline: o.Offline}
	e.configuration(problems)
	e.addresses()
	e.certificate()
	e.networks()
	e.keys()
	e.clock()
	e.database(ctx)
	return e.findings
}

// Healthy reports whether nothing failed.
func Healthy(findings []Finding) bool {
	for _, f := range findings {
		if f.Level == Fail {
			return false
		}
	}
	return true
}

// examination is one at work.
type examination struct {
	config   app.Config
	offline  bool
	findings []Finding
}

func (e *examination) ok(check, format string, args ...any) {
	e.findings = append(e.findings, Finding{Check: check, Level: OK, Message: fmt.Sprintf(format, args...)})
}

func (e *examination) warn(check, message, next string) {
	e.findings = append(e.findings, Finding{check, Warn, message, next})
}

func (e *examination) fail(check, message, next string) {
	e.findings = append(e.findings, Finding{check, Fail, message, next})
}

// configuration lists what serve would refuse to start with.
func (e *examination) configuration(problems []error) {
	for _, p := range problems {
		e.fail("configuration", p.Error(), "set it in the environment or in passerelle.yaml; `passerelle serve --help` lists the settings")
	}
	if len(problems) == 0 {
		e.ok("configuration", "serve would start with it")
	}
}

// database opens the database and looks at what is in it.
func (e *examination) database(ctx context.Context) {
	if e.config.DatabaseURL == "" || !e.databaseThere() {
		return
	}
	opening, cancel := context.WithTimeout(ctx, databaseLimit)
	defer cancel()
	s, err := store.Open(opening, e.config.DatabaseURL, store.Options{Log: slog.New(slog.DiscardHandler), Now: e.config.Now})
	if err == nil {
		defer func() { _ = s.Close() }()
		err = s.Ping(opening)
	}
	if err != nil {
		e.fail("database", "it can't be opened: "+e.hidden(err), "check PASSERELLE_DATABASE_URL, that the server runs and that this machine may reach it")
		return
	}
	e.ok("database", "%s answers", s.Engine())
	e.durability(opening, s)
	if e.schema(opening, s) {
		e.rows(ctx, s)
	}
}

// schema reports whether the rows can be read.
func (e *examination) schema(ctx context.Context, s *store.Store) bool {
	pending, err := s.Pending(ctx)
	switch {
	case err != nil:
		e.fail("schema", "its version can't be read: "+e.hidden(err), "check that the database user may read and change tables")
		return false
	case len(pending) > 0:
		e.warn("schema", fmt.Sprintf("%d migrations are missing; the rows were not looked at", len(pending)), "run `passerelle migrate`, or start serve, which does it")
		return false
	}
	e.ok("schema", "up to date")
	return true
}
