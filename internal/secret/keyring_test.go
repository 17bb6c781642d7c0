package secret

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAKeyIsLearntBeforeItSealsAndRetiredAfterIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	load := func() Box {
		t.Helper()
		box, err := LoadKeyring(path)
		must(err)
		return box
	}
	first, err := LoadOrCreateKeyring(path)
	must(err)
	old := first.PrimaryKeyID()
	sealed, err := first.Seal([]byte("credential"), "place")
	must(err)

	id, err := AddKey(path)
	must(err)
	waiting := load()
	if id == old || waiting.PrimaryKeyID() != old {
		t.Errorf("the primary is %s, of the old %s and the new %s", waiting.PrimaryKeyID(), old, id)
	}
	if _, err := AddKey(path); err == nil || !strings.Contains(err.Error(), id) {
		t.Errorf("a second key was made to wait: %v", err)
	}

	promoted, err := PromoteKey(path)
	must(err)
	if again, err := PromoteKey(path); promoted != id || again != "" || err != nil {
		t.Errorf("promoted %q, then %q, %v", promoted, again, err)
	}
	rotated := load()
	resealed, err := rotated.Seal([]byte("credential"), "place")
	must(err)
	if KeyOf(resealed) != id || !rotated.NeedsReseal(sealed) || rotated.NeedsReseal(resealed) {
		t.Errorf("sealed under %s, then under %s", KeyOf(sealed), KeyOf(resealed))
	}
	// Who has only learnt the key, and who seals with it, open each other's.
	for _, box := range []Box{waiting, rotated} {
		for _, text := range []string{sealed, resealed} {
			if plain, err := box.Open(text, "place"); err != nil || string(plain) != "credential" {
				t.Errorf("%v opens %s: %q, %v", box, KeyOf(text), plain, err)
			}
		}
	}

	must(RetireKey(path, old))
	last := load()
	if _, err := last.Open(sealed, "place"); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a retired key opens: %v", err)
	}
	if last.Lookup("x", "test") != first.Lookup("x", "test") {
		t.Error("look-up hashes have changed")
	}
	for _, no := range []string{id, old, "nobody", ""} {
		if err := RetireKey(path, no); err == nil {
			t.Errorf("%q was retired", no)
		}
	}
	info, err := os.Stat(path)
	must(err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v", info.Mode())
	}
}

func TestOnlyAKeyInTheMiddleLeavesTheKeyring(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	text := NewKey() + "\n" + NewKey() + "\n" + NewKey()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ids := strings.Fields(text)
	for i := range ids {
		ids[i], _, _ = strings.Cut(ids[i], ":")
	}
	if err := RetireKey(path, ids[1]); err != nil {
		t.Fatal(err)
	}
	box, err := LoadKeyring(path)
	if err != nil || box.String() != "secret.Box("+ids[0]+","+ids[2]+")" {
		t.Errorf("%v, %v", box, err)
	}
}

func TestAKeyringMustSealAndItsWordsStandWhereTheyMean(t *testing.T) {
	one, two := NewKey(), NewKey()
	for name, text := range map[string]string{
		"nothing seals":         one + ":next," + two + ":lookup",
		"the last waits":        one + "," + two + ":next",
		"the first only hashes": one + ":lookup," + two,
		"only hashes":           one + ":lookup",
		"another word":          one + ":old," + two,
	} {
		if _, err := ParseKeyring(text); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
