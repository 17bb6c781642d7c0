package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/secret"
)

// refused runs a command that must fail and returns what it says.
func (p production) refused(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.Command("passerelle", args...)
	command.Dir, command.Env = p.dir, append(os.Environ(), p.env...)
	out, err := command.CombinedOutput()
	if err == nil {
		t.Fatalf("passerelle %s ended well:\n%s", strings.Join(args, " "), out)
	}
	return string(out)
}

func TestAKeyringIsRotatedAndItsOldKeyRetiredWhileCredentialsGoOn(t *testing.T) {
	t.Parallel()
	p := newProduction(t)
	file := filepath.Join(p.dir, "keys")
	p.env = append(p.env, "PASSERELLE_KEYS=", "PASSERELLE_KEYS_FILE="+file)
	first, err := secret.LoadOrCreateKeyring(file)
	if err != nil {
		t.Fatal(err)
	}
	old := first.PrimaryKeyID()
	p.run(t, "merchant", "add", "Boutique Awa", "--email", "awa@example.com", "--option", "flexpay.callback_retries=3", "--json")

	if text := p.refused(t, "keys", "retire", old); !strings.Contains(text, "the one that seals") {
		t.Errorf("retiring the key in use is answered %s", text)
	}
	p.run(t, "keys", "add")
	p.run(t, "merchant", "keys", "Boutique Awa") // still under the old one
	out := p.run(t, "merchant", "keys", "Boutique Awa", "--json")
	promotedOnly, err := secret.PromoteKey(file)
	if err != nil || promotedOnly == "" {
		t.Fatalf("promote: %q, %v", promotedOnly, err)
	}
	if text := p.refused(t, "keys", "retire", old); !strings.Contains(text, "still needed") || !strings.Contains(text, "memory.value") {
		t.Errorf("retiring a key that rows need is answered %s", text)
	}
	if text := string(p.run(t, "keys", "rotate")); !strings.Contains(text, "memory.value") || !strings.Contains(text, "sealed under "+promotedOnly) {
		t.Errorf("rotating says %s", text)
	}
	p.run(t, "keys", "rotate")
	p.run(t, "keys", "retire", old)

	after, err := secret.LoadKeyring(file)
	if err != nil || after.PrimaryKeyID() != promotedOnly || after.Lookup("x", "y") != first.Lookup("x", "y") {
		t.Fatalf("the keyring is %v, %v", after, err)
	}
	gateway, err := launch(p.dir, p.env, "serve", "--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := gateway.stop(); err != nil {
			t.Errorf("stop: %v\n%s", err, gateway.Output())
		}
	}()
	if got := balances(t, gateway.URL, read(t, out).LiveKey); got != http.StatusOK {
		t.Errorf("an API key is answered %d", got)
	}
	dialect, _ := credentials(t, out, "cinetpay")
	if got := checkCinetPay(t, gateway.URL, dialect); strings.Contains(got, "AUTH_NOT_FOUND") {
		t.Errorf("a dialect's credentials are answered %s", got)
	}
}

func TestKeysInTheEnvironmentAreRotatedByHand(t *testing.T) {
	t.Parallel()
	p := newProduction(t)
	p.run(t, "merchant", "add", "Boutique Awa", "--email", "awa@example.com")
	if text := p.refused(t, "keys", "add"); !strings.Contains(text, ":next") {
		t.Errorf("adding a key is answered %s", text)
	}
	p.env = append(p.env, "PASSERELLE_KEYS="+strings.TrimSpace(string(p.run(t, "keys", "new")))+",k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
	if text := p.refused(t, "keys", "retire", "k1"); !strings.Contains(text, "still needed") {
		t.Errorf("retiring is answered %s", text)
	}
	p.run(t, "keys", "rotate")
	if text := string(p.run(t, "keys", "retire", "k1")); !strings.Contains(text, ":lookup") {
		t.Errorf("retiring says %s", text)
	}
	p.env = append(p.env, "PASSERELLE_KEYS_FILE=somewhere")
	if text := p.refused(t, "keys", "rotate"); !strings.Contains(text, "both set") {
		t.Errorf("two keyrings are answered %s", text)
	}
}
