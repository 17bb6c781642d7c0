package reconcile_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/reconcile"
	"github.com/passerelle-pay/passerelle/pay"
)

// held is a statement whose end has not arrived yet.
type held struct {
	io.Reader
	*io.PipeReader
}

// Read implements io.Reader.
func (h held) Read(p []byte) (int, error) { return h.Reader.Read(p) }

func hold(start string) (held, *io.PipeWriter) {
	r, w := io.Pipe()
	return held{io.MultiReader(strings.NewReader(start), r), r}, w
}

func (h *house) ended(id string) reconcile.Run {
	h.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		run, err := h.Find(h.Context(), h.caller, id)
		h.must(err)
		if run.Status != reconcile.Running {
			return run
		}
		if time.Now().After(deadline) {
			h.Fatal("the run does not end")
		}
	}
}

func TestOneStatementOfAConnectionIsReadAtATime(t *testing.T) {
	t.Parallel()
	h := open(t, sqlitePath(t))
	first, rest := hold(header + line("A", "", "1", "ACCEPTED", "", noon))
	run, err := h.Start(t.Context(), h.order(), first)
	h.must(err)
	if _, err := h.Run(t.Context(), h.order(), strings.NewReader(header)); pay.KindOf(err) != pay.KindConflict {
		t.Errorf("a second one gave %v", err)
	}
	h.must(rest.Close())
	if done := h.ended(run.ID); done.Status != reconcile.Done || done.Figures.MissingHere != 1 || done.By != "awa@example.com" {
		t.Errorf("the first one ended as %+v", done)
	}
}

func TestARunThatStopsWithTheProgramIsInterruptedAndCanBeRunAgain(t *testing.T) {
	t.Parallel()
	h := open(t, sqlitePath(t))
	file, rest := hold(header + line("A", "", "1", "ACCEPTED", "", noon))
	run, err := h.Start(t.Context(), h.order(), file)
	h.must(err)
	// The process dies without a word: nothing is heard of the run any more.
	h.advance(3 * time.Minute)
	dead, err := h.Find(t.Context(), h.caller, run.ID)
	h.must(err)
	if dead.Status != reconcile.Failed || dead.Problem == nil || dead.Problem.Code != reconcile.Interrupted {
		t.Errorf("a silent run is %+v", dead)
	}
	if again := h.reconcile(header + line("A", "", "1", "ACCEPTED", "", noon)); again.Figures.New != 1 {
		t.Errorf("%+v", again.Figures)
	}
	h.must(rest.Close())
	h.ended(run.ID)
}

func TestClosingEndsWhatIsAtWorkAndTakesNothingNew(t *testing.T) {
	t.Parallel()
	h := open(t, sqlitePath(t))
	file, rest := hold(header + strings.Repeat(line("A", "", "1", "ACCEPTED", "", noon), 2000))
	run, err := h.Start(t.Context(), h.order(), file)
	h.must(err)
	closed := make(chan struct{})
	go func() { h.Close(); close(closed) }()
	_ = rest.CloseWithError(io.ErrUnexpectedEOF)
	<-closed
	if ended := h.ended(run.ID); ended.Status != reconcile.Failed {
		t.Errorf("the run ended as %+v", ended)
	}
	if _, err := h.Start(t.Context(), h.order(), io.NopCloser(strings.NewReader(header))); pay.KindOf(err) != pay.KindUnavailable {
		t.Errorf("another one gave %v", err)
	}
	if n := len(h.cases("")); n != 0 {
		t.Errorf("%d cases of a file that was not read to its end", n)
	}
}
