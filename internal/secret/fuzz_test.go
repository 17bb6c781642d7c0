package secret

import (
	"strings"
	"testing"
)

func fuzzBox(f *testing.F) Box {
	f.Helper()
	box, err := ParseKeyring(NewKey())
	if err != nil {
		f.Fatal(err)
	}
	return box
}

// FuzzSealed holds that nothing opens that was not sealed, in its own place.
func FuzzSealed(f *testing.F) {
	box := fuzzBox(f)
	sealed, err := box.Seal([]byte("credential"), "connections", "row")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", sealed, sealed[:len(sealed)-1], sealed + "A", ":", "v1:", strings.Repeat("A", 1000), "\xff"} {
		f.Add(seed, "row")
	}
	f.Fuzz(func(t *testing.T, text, row string) {
		_, _ = KeyOf(text), box.NeedsReseal(text)
		if _, err := box.Open(text, "connections", row); err == nil && (text != sealed || row != "row") {
			t.Errorf("%q opens in row %q", text, row)
		}
		own, err := box.Seal([]byte(text), "connections", row)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := box.Open(own, "connections", row); err != nil || string(plain) != text {
			t.Errorf("%q comes back as %q, %v", text, plain, err)
		}
		if _, err := box.Open(own, "connections", row+"x"); err == nil {
			t.Error("opens in another row")
		}
	})
}

func FuzzSignedTokens(f *testing.F) {
	box := fuzzBox(f)
	signed := box.Sign([]byte("payload"), "purpose")
	for _, seed := range []string{"", signed, signed + "A", signed[1:], ".", "a.b.c", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := box.Verify(token, "purpose"); err == nil && token != signed {
			t.Errorf("%q verifies", token)
		}
		if _, err := box.Verify(token, "another purpose"); err == nil {
			t.Errorf("%q verifies for another purpose", token)
		}
	})
}

func FuzzKeyring(f *testing.F) {
	for _, seed := range []string{"", NewKey(), "a:b", "a:" + strings.Repeat("A", 43) + "=", "a,a", ":", "\n\n", "id:é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		box, err := ParseKeyring(text)
		if err == nil && box.Empty() {
			t.Errorf("%q is a keyring without a key", text)
		}
		if err != nil && len(text) > 30 && strings.Contains(err.Error(), text) {
			t.Error("the error quotes the keyring")
		}
	})
}

func FuzzStoredPassword(f *testing.F) {
	for _, seed := range []string{"", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA", "$argon2id$v=19$m=4294967295,t=4294967295,p=255$AA$AA", "$$$$$", "$argon2id$v=19$m=-1,t=0,p=0$$"} {
		f.Add(seed)
	}
	// Only the reading of the parameters: hashing at will is what they bound.
	f.Fuzz(func(t *testing.T, stored string) {
		p, err := parsePHC(stored)
		if err == nil && (p.memory == 0 || p.time == 0 || p.threads == 0) {
			t.Errorf("%q is %+v", stored, p)
		}
	})
}
