package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/provider"
)

// call is one request: who makes it and what becomes of its idempotency key.
type call struct {
	id     string
	caller provider.Caller
	// route is the pattern that matched, for the access log.
	route string
	// claim is the idempotency key's, nil without one.
	claim *gateway.Claim
	state claimState
}

// claimState says what has become of a call's claim.
type claimState int

const (
	// unclaimed: nothing was written under the key.
	unclaimed claimState = iota
	// claimedFirst: the key was taken before the work; a refusal frees it.
	claimedFirst
	// committed: the key was written in the commit of what it guards.
	committed
	// contended: somebody else took the key meanwhile.
	contended
)

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf finds the request's call; outside of one there is an empty call.
func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// answer is a JSON answer.
type answer[T any] struct{ Body T }

// operation is a huma operation and how it treats idempotency keys.
type operation struct {
	huma.Operation
	// commits: the handler hands its claim on to be written in the commit of
	// what it makes. Other POSTs take the key before they work.
	commits bool
}

// on registers an operation whose answer has a body.
func on[I, O any](s *server, op operation, handler func(context.Context, *call, *I) (O, error)) {
	huma.Register(s.api, s.documented(op), func(ctx context.Context, in *I) (*answer[O], error) {
		var body O
		err := s.guarded(ctx, op, func(c *call) error {
			var err error
			body, err = handler(ctx, c, in)
			return err
		})
		if err != nil {
			return nil, err
		}
		return &answer[O]{body}, nil
	})
}

// onSilent registers an operation that answers 204.
func onSilent[I any](s *server, op operation, handler func(context.Context, *call, *I) error) {
	huma.Register(s.api, s.documented(op), func(ctx context.Context, in *I) (*struct{}, error) {
		return nil, s.guarded(ctx, op, func(c *call) error { return handler(ctx, c, in) })
	})
}

// guarded runs a handler under the call's claim.
func (s *server) guarded(ctx context.Context, op operation, work func(*call) error) error {
	c := callOf(ctx)
	if c.claim != nil && !op.commits {
		if err := s.Gateway.TakeClaim(ctx, c.claim); err != nil {
			return s.failed(ctx, c, err)
		}
		c.state = claimedFirst
	}
	if err := work(c); err != nil {
		return s.failed(ctx, c, err)
	}
	if c.claim != nil && op.commits {
		c.state = committed
	}
	return nil
}

func (s *server) failed(ctx context.Context, c *call, err error) error {
	if errors.Is(err, gateway.ErrIdempotencyTaken) {
		c.state = contended
		return newProblem(http.StatusConflict, "in_progress", "another request with this key is at work")
	}
	return s.problemOf(ctx, err)
}
