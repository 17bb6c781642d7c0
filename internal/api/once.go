package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// maxKey bounds an idempotency key, in bytes.
const maxKey = 255

// replayed marks an answer that was given before.
const replayed = "Idempotent-Replayed"

// once runs a request, or answers it as its idempotency key was answered
// before. Requests with one key wait for the first of them.
func (s *server) once(w *kept, r *http.Request, c *call, body []byte) {
	key, keyed, err := idempotencyKey(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	if !keyed {
		s.run(w, r, body)
		return
	}
	for {
		c.claim = s.Gateway.NewClaim(c.caller, key, r.Method, r.URL.Path, body)
		c.state = unclaimed
		if s.answeredBefore(w, r, c) {
			return
		}
		s.run(w, r, body)
		switch c.state {
		case contended:
			w.reset()
			continue
		case unclaimed:
			// The refusal may come from what a twin of this request has done
			// since the look: then the twin's answer is the right one.
			twin := newKept()
			if refused := w.status >= 400 && w.status < 500; refused && s.answeredBefore(twin, r, c) {
				*w = *twin
			}
			return
		}
		s.settle(r.Context(), c, w)
		return
	}
}

func idempotencyKey(r *http.Request) (key string, keyed bool, err error) {
	values, present := r.Header["Idempotency-Key"]
	if r.Method != http.MethodPost || !present {
		return "", false, nil
	}
	if len(values) != 1 || values[0] == "" || len(values[0]) > maxKey {
		return "", false, pay.Invalid("Idempotency-Key", "an idempotency key has 1 to 255 characters")
	}
	return values[0], true, nil
}

// answeredBefore answers from what the key is known for, if anything.
func (s *server) answeredBefore(w *kept, r *http.Request, c *call) bool {
	replay, transaction, err := s.Gateway.Look(r.Context(), c.claim)
	switch {
	case err != nil:
		s.refuse(w, r, err)
	case replay != nil:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set(replayed, "true")
		w.WriteHeader(replay.Status)
		_, _ = w.Write(replay.Body)
	case transaction != "":
		s.answerState(w, r, c, transaction)
	default:
		return false
	}
	return true
}

// answerState answers for a request that died after its commit: with the
// object as it is now.
func (s *server) answerState(w *kept, r *http.Request, c *call, id string) {
	view, err := s.present(r.Context(), c, id)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set(replayed, "true")
	w.WriteHeader(http.StatusCreated)
	if err := s.api.Marshal(w, "application/json", view); err != nil {
		panic(err)
	}
}

// present is what an id shows now: a batch, a link or a transaction.
func (s *server) present(ctx context.Context, c *call, id string) (any, error) {
	if strings.HasPrefix(id, gateway.PrefixBatch+"_") {
		b, err := s.Gateway.FindBatch(ctx, c.caller, id)
		if err != nil {
			return nil, err
		}
		return renderBatch(b), nil
	}
	t, err := s.Gateway.Find(ctx, c.caller, provider.Search{ID: id})
	if err != nil {
		return nil, err
	}
	if isLink(t) {
		return s.link(t), nil
	}
	return render(t), nil
}

// settle stores the answer under the key before it is sent, or frees a key
// whose request changed nothing. The work is done, whoever has left meanwhile.
func (s *server) settle(ctx context.Context, c *call, w *kept) {
	ctx = context.WithoutCancel(ctx)
	var err error
	switch {
	case w.status < http.StatusBadRequest:
		err = s.Gateway.Answered(ctx, c.claim, w.status, w.body.Bytes())
	case c.state == claimedFirst:
		err = s.Gateway.Release(ctx, c.claim)
	}
	if err != nil {
		// The key's lease runs out and a repeat hears the present state.
		s.Log.ErrorContext(ctx, "idempotency key could not be settled", "request_id", c.id, "error", err)
	}
}
