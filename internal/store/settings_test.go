package store

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

// nameOf reads a merchant's name through a cache, and counts the reads.
func nameOf(t *testing.T, s *Store, c *Settings[string, string], reads *int) string {
	t.Helper()
	name, err := c.Get("m_awa", func() (string, error) {
		*reads++
		m, err := s.Read().GetMerchant(t.Context(), "m_awa")
		return m.Name, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func rename(t *testing.T, s *Store, name string, end error) {
	t.Helper()
	err := s.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
		if _, err := tx.Raw().ExecContext(ctx, `UPDATE merchants SET name = $1 WHERE id = 'm_awa'`, name); err != nil {
			return err
		}
		return end
	})
	if !errors.Is(err, end) {
		t.Fatal(err)
	}
}

func openSettings(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSettingsAreReadAgainOnceTheyHaveChanged(t *testing.T) {
	for engine, s := range map[string]*Store{
		"sqlite": openSettings(t, filepath.Join(t.TempDir(), "p.db")), "postgres": openPGSchema(t),
	} {
		if err := s.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
			return tx.InsertMerchant(ctx, merchant("awa"))
		}); err != nil {
			t.Fatal(err)
		}
		c := NewSettings[string, string](s)
		reads := 0
		// A second may pass between any two lines: what is read once more is
		// not wrong, what is not read at all would be.
		before := nameOf(t, s, c, &reads)
		rename(t, s, "undone", errors.New("no"))
		undone := nameOf(t, s, c, &reads)
		rename(t, s, "binta", nil)
		after := nameOf(t, s, c, &reads)
		if before != "awa" || undone != "awa" || after != "binta" {
			t.Errorf("%s: %q, %q, %q", engine, before, undone, after)
		}
		if reads < 2 {
			t.Errorf("%s: %d reads", engine, reads)
		}
	}
}

func TestSettingsThatAnotherProcessChangedAreReadWithinASecond(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.db")
	ours, theirs := openSettings(t, path), openSettings(t, path)
	if err := ours.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
		return tx.InsertMerchant(ctx, merchant("awa"))
	}); err != nil {
		t.Fatal(err)
	}
	c := NewSettings[string, string](ours)
	reads := 0
	nameOf(t, ours, c, &reads)
	rename(t, theirs, "binta", nil)
	changed := time.Now()
	for nameOf(t, ours, c, &reads) != "binta" {
		if time.Since(changed) > 5*SettingsLife {
			t.Fatal("the change is not seen")
		}
		time.Sleep(SettingsLife / 50)
	}
	if reads > 10 {
		t.Errorf("%d reads: nothing is kept", reads)
	}
}

func TestOnceAChangeHasSpreadEveryNodeWorksWithIt(t *testing.T) {
	url := pgtest.Database(t)
	ours, theirs := openSettings(t, url), openSettings(t, url)
	if err := ours.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
		return tx.InsertMerchant(ctx, merchant("awa"))
	}); err != nil {
		t.Fatal(err)
	}
	c := NewSettings[string, string](theirs)
	reads := 0
	nameOf(t, theirs, c, &reads)
	rename(t, ours, "binta", nil)
	ours.Spread(t.Context())
	if name := nameOf(t, theirs, c, &reads); name != "binta" {
		t.Errorf("another node still works with %q", name)
	}
}

func TestAnErrorIsNotKept(t *testing.T) {
	s := openSettings(t, ":memory:")
	c := NewSettings[string, int](s)
	bad := errors.New("not now")
	if _, err := c.Get("k", func() (int, error) { return 0, bad }); !errors.Is(err, bad) {
		t.Fatal(err)
	}
	if n, err := c.Get("k", func() (int, error) { return 7, nil }); n != 7 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
