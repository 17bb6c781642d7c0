package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/passerelle-pay/passerelle/internal/doctor"
)

type doctorCommand struct {
	serveCommand
	Offline bool `help:"Call no provider and no name server."`
	JSON    bool `name:"json" help:"Print the findings as JSON."`
}

// Help is shown by `passerelle doctor --help`.
func (doctorCommand) Help() string {
	return `Looks at the settings that serve would run with, at the database, its schema and
disk, the keys and what they seal, the clock, the certificate, the addresses of
merchants' webhooks, and tries each live connection by a call that moves nothing.
Takes the settings of serve; can run beside it. The exit status is 1 if anything fails.`
}

// Run prints what was found.
func (d doctorCommand) Run(ctx context.Context) error {
	config, problems := d.judged()
	findings := doctor.Examine(ctx, config, flat(errors.Join(problems...)), doctor.Options{Offline: d.Offline})
	if d.JSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		report := struct {
			OK       bool             `json:"ok"`
			Findings []doctor.Finding `json:"findings"`
		}{doctor.Healthy(findings), findings}
		if err := encoder.Encode(report); err != nil {
			return fmt.Errorf("write findings: %w", err)
		}
	} else {
		printFindings(os.Stdout, findings)
	}
	if !doctor.Healthy(findings) {
		return errShown
	}
	return nil
}

// flat lists the single errors of a joined one.
func flat(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var list []error
	for _, e := range joined.Unwrap() {
		list = append(list, flat(e)...)
	}
	return list
}

func printFindings(w io.Writer, findings []doctor.Finding) {
	p := printer{w}
	count := map[doctor.Level]int{}
	for _, f := range findings {
		count[f.Level]++
		p.line("%-4s  %-20s  %s", f.Level, f.Check, f.Message)
		if f.Next != "" {
			p.line("%-4s  %-20s  → %s", "", "", f.Next)
		}
	}
	p.line("\n%d ok, %d to look at, %d failed", count[doctor.OK], count[doctor.Warn], count[doctor.Fail])
}
