// Command passerelle is a payment gateway for French-speaking Africa, and the
// offline sandbox of the providers it speaks.
//
//	passerelle demo     plays every provider's documented requests, and shows how it went
//	passerelle dev      a gateway with its sandbox, to work against
//	passerelle serve    production
//	passerelle doctor   checks what production would run with
//	passerelle listen   forwards test events to a developer's own server
//	passerelle conform  holds any address to what the providers published
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/passerelle-pay/passerelle/pay"
)

// version is set when a release is built.
var version = "dev"

type commands struct {
	Demo      demoCommand      `cmd:"" help:"Start a gateway and its sandbox, play every provider's documented requests over real HTTP, show how it went."`
	Dev       devCommand       `cmd:"" help:"Run a gateway with its sandbox and a demo merchant, to work against."`
	Serve     serveCommand     `cmd:"" help:"Run in production."`
	Merchant  merchantCommand  `cmd:"" help:"Add and list merchants, rotate their keys, reset a password."`
	Keys      keysCommand      `cmd:"" help:"Make, rotate and retire the keys that seal credentials."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database's schema up to date."`
	Backup    backupCommand    `cmd:"" help:"Copy a SQLite database while serve runs, and check the copy."`
	Restore   restoreCommand   `cmd:"" help:"Put a backup in the place of a SQLite database that nobody has open."`
	Conform   conformCommand   `cmd:"" help:"Play the providers' published requests against any address and hold the answers to the published ones."`
	Bench     benchCommand     `cmd:"" help:"Measure whole life cycles of payments, and what the database allows at best."`
	Doctor    doctorCommand    `cmd:"" help:"Check the configuration, the database and each connection's credentials, and say what to do."`
	Reconcile reconcileCommand `cmd:"" help:"Hold a provider's statement (CSV) against the ledger."`
	Erase     eraseCommand     `cmd:"" help:"Erase a customer's personal data and keep the books."`
	Audit     auditCommand     `cmd:"" help:"Verify what people did was not tampered with."`
	Listen    listenCommand    `cmd:"" help:"Forward the test events of a running gateway to your own server."`
	Version   versionCommand   `cmd:"" help:"Print the version."`

	Config kong.ConfigFlag `help:"Read settings from this file instead of ./passerelle.yaml." placeholder:"FILE"`
}

func main() {
	tuneMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks to stop, a second one does not wait.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:]))
}

// run executes one command and returns the exit status.
func run(ctx context.Context, args []string) int {
	var c commands
	parser, err := kong.New(&c,
		kong.Name("passerelle"),
		kong.Description("One gateway for the payment aggregators of French-speaking Africa: it speaks their protocols as a server and as a client, and is their offline sandbox."),
		kong.Configuration(yamlSettings, "passerelle.yaml"),
		kong.ShortUsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, "passerelle:", err)
		return 1
	}
	parsed, err := parser.Parse(args)
	parser.FatalIfErrorf(err)
	if err := parsed.Run(); err != nil {
		report(err)
		var status exitStatus
		if errors.As(err, &status) {
			return int(status)
		}
		return 1
	}
	return 0
}

// report prints an error as people read it; one that was shown already is silent.
func report(err error) {
	if errors.Is(err, errShown) {
		return
	}
	var refusal *pay.Error
	if errors.As(err, &refusal) {
		fmt.Fprintln(os.Stderr, "passerelle:", refusal.Message)
		return
	}
	fmt.Fprintln(os.Stderr, "passerelle:", err)
}

// errShown ends a command whose output has told what went wrong.
var errShown = errors.New("already shown")

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run() error {
	fmt.Println("passerelle", version)
	return nil
}
