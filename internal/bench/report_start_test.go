package bench

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

// asServe has a process of this test stand in for `serve`.
const asServe = "BENCH_TEST_AS_SERVE=1"

func servingTest(t *testing.T) starter {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return starter{program: program, args: []string{"-test.run=^TestServesForAnotherProcess$"}, env: []string{asServe}, idle: 50 * time.Millisecond}
}

// TestServesForAnotherProcess is no test by itself: see servingTest.
func TestServesForAnotherProcess(t *testing.T) {
	name, value, _ := strings.Cut(asServe, "=")
	if os.Getenv(name) != value {
		t.Skip("run by TestAStartIsMeasured")
	}
	keys, err := secret.ParseKeyring(os.Getenv("PASSERELLE_KEYS"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	running, err := app.Start(ctx, app.Config{
		Addr: os.Getenv("PASSERELLE_ADDR"), AdminAddr: os.Getenv("PASSERELLE_ADMIN_ADDR"), PublicURL: os.Getenv("PASSERELLE_PUBLIC_URL"),
		DatabaseURL: os.Getenv("PASSERELLE_DATABASE_URL"), Keys: keys, OperatorDelay: "0",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := running.Wait(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestAStartIsMeasured(t *testing.T) {
	onBoth(t, func(t *testing.T, engine string) {
		c := usual(engine)
		if engine == Postgres {
			c.DatabaseURL = pgtest.Database(t)
		}
		r, err := measureStarts(t.Context(), c, servingTest(t), 2)
		if err != nil || r.Starts != 2 || r.Store != engine || r.Ready <= 0 {
			t.Errorf("%+v, %v", r, err)
		}
		if runtime.GOOS == "linux" && r.IdleMemory < 5 {
			t.Errorf("a gateway takes %v MB", r.IdleMemory)
		}
	})
}

func TestAProgramThatDoesNotServeIsToldOf(t *testing.T) {
	s := servingTest(t)
	s.env = nil // so that it ends at once
	if r, err := measureStarts(t.Context(), usual(SQLite), s, 1); err == nil || !strings.Contains(err.Error(), errEnded.Error()) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestResidentMemoryIsReadInMegabytes(t *testing.T) {
	if got := residentMemory("Name:\tpasserelle\nVmHWM:\t  4096 kB\nVmRSS:\t  2048 kB\n"); got != 2 {
		t.Errorf("got %v", got)
	}
	if got := residentMemory("Name:\tpasserelle\n"); got != 0 {
		t.Errorf("got %v", got)
	}
}
