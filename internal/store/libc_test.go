package store_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"
)

// modernc.org/sqlite is C translated for one version of modernc.org/libc. With
// any other it may compile and then corrupt memory, so ours must be the one
// that sqlite's own go.mod requires.
func TestLibcIsTheVersionThatSQLiteWasTranslatedFor(t *testing.T) {
	var libc, sqlite struct{ Version, Dir string }
	goJSON(t, &libc, "list", "-m", "-json", "modernc.org/libc")
	goJSON(t, &sqlite, "list", "-m", "-json", "modernc.org/sqlite")
	var mod struct {
		Require []struct{ Path, Version string }
	}
	goJSON(t, &mod, "mod", "edit", "-json", filepath.Join(sqlite.Dir, "go.mod"))
	for _, r := range mod.Require {
		if r.Path != "modernc.org/libc" {
			continue
		}
		if r.Version != libc.Version {
			t.Errorf("go.mod selects libc %s, sqlite %s needs %s", libc.Version, sqlite.Version, r.Version)
		}
		return
	}
	t.Error("sqlite's go.mod names no modernc.org/libc")
}

func goJSON(t *testing.T, into any, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if err != nil {
		t.Fatalf("go %v: %v", args, err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatalf("go %v: %v", args, err)
	}
}
