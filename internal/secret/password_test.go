package secret

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestPasswordsVerifyAgainstTheirOwnHashOnly(t *testing.T) {
	stored, err := HashPassword(t.Context(), "demo-password")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored = %q, want argon2id at 19 MiB, t=2, p=1", stored)
	}
	if again, _ := HashPassword(t.Context(), "demo-password"); again == stored {
		t.Error("two hashes share a salt")
	}
	for password, want := range map[string]bool{"demo-password": true, "demo-passwore": false, "": false, "demo-password ": false} {
		if got, err := VerifyPassword(t.Context(), password, stored); got != want || err != nil {
			t.Errorf("VerifyPassword(%q) = %v, %v; want %v", password, got, err, want)
		}
	}
}

// The vectors are those of the argon2 reference implementation's test suite.
func TestHashesOfTheReferenceImplementationVerify(t *testing.T) {
	for _, stored := range []string{
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	} {
		if ok, err := VerifyPassword(t.Context(), "password", stored); !ok || err != nil {
			t.Errorf("VerifyPassword(%s) = %v, %v", stored, ok, err)
		}
	}
}

func TestUnreadableHashesAreErrorsNotMatches(t *testing.T) {
	for _, stored := range []string{
		"demo-password",
		"$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=2,p=0$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$",
		"$argon2id$v=19$m=256,t=2,p=1$$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	} {
		if ok, err := VerifyPassword(t.Context(), "password", stored); ok || err == nil {
			t.Errorf("VerifyPassword(%s) = %v, %v; want an error", stored, ok, err)
		}
	}
}

func TestAnAbsentAccountNeverMatches(t *testing.T) {
	if ok, err := VerifyPassword(t.Context(), "", ""); ok || err != nil {
		t.Errorf("VerifyPassword = %v, %v", ok, err)
	}
}

func TestPasswordsAreHashedOneAtATime(t *testing.T) {
	passwordTurn <- struct{}{} // someone else's turn
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := HashPassword(ctx, "demo-password")
	<-passwordTurn
	if !errors.Is(err, context.Canceled) {
		t.Errorf("HashPassword = %v, want it to wait until its context ends", err)
	}
}
