package main

import (
	"context"
	"fmt"
	"os"

	"github.com/passerelle-pay/passerelle/internal/listen"
	"github.com/passerelle-pay/passerelle/internal/webhook"
	"github.com/passerelle-pay/passerelle/pay"
)

type listenCommand struct {
	Forward string `help:"Address of your own server." required:"" placeholder:"URL"`
	URL     string `name:"url" help:"Address of the running gateway." default:"http://127.0.0.1:8080"`
	Key     string `help:"Test key of the merchant." default:"sk_test_demo" env:"PASSERELLE_TEST_KEY"`
	Secret  string `help:"Secret that signs what is forwarded; a new one is made, and printed, when it is left out." env:"PASSERELLE_LISTEN_SECRET" placeholder:"WHSEC"`
}

// Help is shown by `passerelle listen --help`.
func (listenCommand) Help() string {
	return `Forwards the test events of a running gateway to your own server, signed as webhooks
are (Standard Webhooks): the gateway needs no way to that server.

  passerelle dev
  passerelle listen --forward http://127.0.0.1:3000/webhooks

Only events from now on are sent, oldest first, one line for each with your server's
answer. One that is not taken (2xx) is tried again a few times. Ctrl-C stops it.`
}

// Run forwards until a signal.
func (l listenCommand) Run(ctx context.Context) error {
	secret := pay.Secret(l.Secret)
	if secret == "" {
		secret = webhook.NewSecret()
		fmt.Printf("Signing secret  %s\n", secret.Reveal())
	}
	fmt.Printf("Forwarding to   %s\n", l.Forward)
	return listen.Run(ctx, listen.Config{Gateway: l.URL, Key: pay.Secret(l.Key), Forward: l.Forward, Secret: secret, Out: os.Stdout})
}
