package app_test

import (
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

func TestNodesOnOnePostgreSQLGoByItsClockWhateverTheirOwnSays(t *testing.T) {
	keys, err := secret.ParseKeyring(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	url := pgtest.Database(t)
	for _, off := range []time.Duration{-time.Minute, time.Minute} {
		node, err := app.Start(t.Context(), app.Config{
			Addr: "127.0.0.1:0", DatabaseURL: url, Keys: keys, OperatorDelay: "manual", Now: func() time.Time { return time.Now().Add(off) },
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, now := range map[string]func() time.Time{"gateway": node.App.Gateway.Now, "webhooks": node.App.Webhooks.Now, "store": node.App.Store.Now} {
			if wrong := time.Since(now()).Abs(); wrong > 30*time.Second {
				t.Errorf("the %s of a node that is off by %s goes wrong by %s", name, off, wrong)
			}
		}
		if err := node.Drain(); err != nil {
			t.Fatal(err)
		}
	}
}
