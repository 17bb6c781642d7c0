package listen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/passerelle-pay/passerelle/pay"
)

const (
	// pollEvery is the pause between two looks for events.
	pollEvery = time.Second
	// callLimit bounds one request, to the gateway or to the developer's server.
	callLimit = 15 * time.Second
	// testPrefix starts the keys that open test mode only.
	testPrefix = "sk_test_"
)

// retries are the pauses before a failed forward is tried again.
var retries = []time.Duration{time.Second, 2 * time.Second, 5 * time.Second}

// Config is what forwarding needs.
type Config struct {
	// Gateway is the address of the running gateway, Key one of its test keys.
	Gateway string
	Key     pay.Secret
	// Forward is where events go, Secret what signs them (whsec_…).
	Forward string
	Secret  pay.Secret
	// Out gets a line for each event.
	Out io.Writer
	Now func() time.Time
	// Pause waits, until ctx ends at most; nil is the clock.
	Pause func(ctx context.Context, d time.Duration) error
}

// forwarder is a Config at work.
type forwarder struct {
	Config
	http   *http.Client
	signer *standardwebhooks.Webhook
	seen   seen
	// away: the gateway did not answer the last time.
	away bool
}

// Run forwards until ctx ends, which is no error. A key or an address that can't
// work is one.
func Run(ctx context.Context, c Config) error {
	if err := c.check(); err != nil {
		return err
	}
	signer, err := standardwebhooks.NewWebhook(c.Secret.Reveal())
	if err != nil {
		return errors.New("the signing secret is whsec_ and base64")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Pause == nil {
		c.Pause = pause
	}
	c.Gateway = strings.TrimRight(c.Gateway, "/")
	f := &forwarder{Config: c, signer: signer, http: &http.Client{
		Timeout:       callLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	defer f.http.CloseIdleConnections()
	err = f.follow(ctx)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (c Config) check() error {
	if !strings.HasPrefix(c.Key.Reveal(), testPrefix) {
		return errors.New("only a test key can be listened with: it begins with " + testPrefix)
	}
	for name, address := range map[string]string{"--url": c.Gateway, "--forward": c.Forward} {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("%s is an http or https address such as http://127.0.0.1:3000/webhooks", name)
		}
	}
	return nil
}

// follow forwards what happens from now on.
func (f *forwarder) follow(ctx context.Context) error {
	started := false
	for {
		events, err := f.look(ctx)
		var refused *refusal
		switch {
		case errors.As(err, &refused):
			return refused
		case err != nil:
			f.lost(err)
		case !started:
			started = true
			f.found()
			f.line("Listening for test events of %s", f.Gateway)
		default:
			f.found()
			for _, e := range events {
				if err := f.forward(ctx, e); err != nil {
					return err
				}
			}
		}
		if err := f.Pause(ctx, pollEvery); err != nil {
			return err
		}
	}
}

func (f *forwarder) lost(err error) {
	if !f.away {
		f.line("%s  the gateway does not answer (%v); waiting for it", f.clock(), err)
	}
	f.away = true
}

func (f *forwarder) found() {
	if f.away {
		f.line("%s  the gateway answers again", f.clock())
	}
	f.away = false
}

func (f *forwarder) clock() string { return f.Now().Format("15:04:05") }

// line prints one line; a terminal that is gone loses it.
func (f *forwarder) line(format string, args ...any) { _, _ = fmt.Fprintf(f.Out, format+"\n", args...) }

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
