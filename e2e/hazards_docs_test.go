package e2e_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/webhook"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/all"
)

// faultsFile is the kept list of faults, from this folder.
const faultsFile = "../docs/faults.md"

const faultsHead = `# Faults of the sandbox

Written by ` + "`go test ./e2e -run TestTheListOfFaultsIsKept -update`" + `; a test keeps it true, and another has each provider's connector survive each of them. How to arm one stands in [the sandbox](sandbox.md#faults).

*Strikes* is how often a fault strikes once it is armed. *From* is where it is known from: the provider's first document (seed), its later documents (docs), public clients (clients), or it follows from them (inferred).
`

func TestTheListOfFaultsIsKept(t *testing.T) {
	var b strings.Builder
	b.WriteString(faultsHead)
	list := func(title, name string, hazards []provider.Hazard) {
		fmt.Fprintf(&b, "\n## %s (`%s`)\n\n| fault | what happens | ce qui se passe | strikes | from |\n| --- | --- | --- | --- | --- |\n", title, name)
		seen := map[string]bool{}
		for _, h := range hazards {
			if seen[h.Name] || h.FR == "" || h.EN == "" || h.Source == "" {
				t.Errorf("%s: %s stands twice or is not described", name, h.Name)
			}
			seen[h.Name] = true
			strikes := "until disarmed"
			if h.Times > 0 {
				strikes = fmt.Sprint(h.Times)
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", h.Name, h.EN, h.FR, strikes, h.Source)
		}
	}
	for _, p := range all.Providers() {
		list(p.Title, p.Name, p.Hazards)
	}
	list("The native API", "native", webhook.Hazards())
	if *update {
		if err := os.WriteFile(faultsFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if kept, err := os.ReadFile(faultsFile); err != nil || string(kept) != b.String() {
		t.Error("docs/faults.md is not what the providers declare; -update writes it")
	}
}
