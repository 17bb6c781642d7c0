package checkout

import (
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

func TestTheTimeLeftIsWrittenForPeople(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		24*time.Hour - time.Second: "23 h 59 min", 9*time.Minute + 5*time.Second: "9 min 05 s", 42 * time.Second: "42 s", 0: "",
	} {
		if got := inWords(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestOnlyAStepThatEndsCountsDown(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 1, 6, 13, 0, 0, 0, time.UTC)
	h := handler{Config{Now: func() time.Time { return now }}}
	form := pay.Transaction{Status: pay.StatusRequiresAction, ExpiresAt: now.Add(time.Hour)}
	code := pay.Transaction{Status: pay.StatusPending, ExpiresAt: now.Add(time.Hour), NextAction: pay.NextAction{Type: pay.ShowCode, ExpiresAt: now.Add(time.Minute)}}
	over := code
	over.Status = pay.StatusFailed
	for _, c := range []struct {
		stage stage
		t     pay.Transaction
		want  time.Duration
	}{
		{stageForm, form, time.Hour},
		{stageWait, code, time.Minute},
		{stageWait, form, 0}, // submitted: our own clock ends nothing any more
		{stageResult, over, 0},
	} {
		if got := h.timeLeft(c.stage, c.t); got != c.want {
			t.Errorf("%s of %s leaves %v, want %v", c.stage, c.t.Status, got, c.want)
		}
	}
}
