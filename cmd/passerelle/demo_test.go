package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/demo"
	"github.com/passerelle-pay/passerelle/provider/all"
)

// The demo is run once for all tests that look at a run of it.
var playDemo = sync.OnceValues(func() (out, progress string) {
	var stdout, stderr bytes.Buffer
	command := exec.Command("passerelle", "demo", "--json")
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return "", err.Error() + "\n" + stderr.String() + stdout.String()
	}
	return stdout.String(), stderr.String()
})

func TestTheDemoPlaysEveryProviderAndEveryRowIsAsDocumented(t *testing.T) {
	t.Parallel()
	out, progress := playDemo()
	var rows []map[string]any
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		t.Fatalf("%v\n%s", err, progress)
	}
	played := map[string]int{}
	for _, row := range rows {
		var keys []string
		for key := range row {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		if want := []string{"http_status", "ms", "ok", "operation", "outcome", "provider"}; !slices.Equal(keys, want) {
			t.Fatalf("a row has %v, want %v", keys, want)
		}
		if row["ok"] != true {
			t.Errorf("%v is not as documented", row)
		}
		name, _ := row["provider"].(string)
		played[name]++
		if operation, _ := row["operation"].(string); !strings.Contains(progress, name+"  "+operation) {
			t.Errorf("progress did not show %s, %s", name, operation)
		}
	}
	for _, p := range all.Providers() {
		if played[p.Name] == 0 || played[p.Name] != len(p.Scenes) {
			t.Errorf("%s: %d rows for %d operations", p.Name, played[p.Name], len(p.Scenes))
		}
	}
	if played["native"] == 0 {
		t.Error("the native API was not played")
	}
}

func TestTheTableHasARowPerOperationAndSaysWhatWasWrong(t *testing.T) {
	t.Parallel()
	rows := []demo.Row{
		{Provider: "native", Operation: "payment", HTTPStatus: 201, Outcome: "succeeded", Millis: 12, OK: true},
		{Provider: "cinetpay", Operation: "payment/check", HTTPStatus: 500, Outcome: "Transaction envoyée avec succès. Veuillez valider", Millis: 3, Problem: "want 200, got 500"},
	}
	var out bytes.Buffer
	table(&out, rows, 1500*time.Millisecond)
	want := `
PROVIDER  OPERATION      HTTP  OUTCOME                           TIME   
native    payment        201   succeeded                         12 ms  ✓
cinetpay  payment/check  500   Transaction envoyée avec succès…  3 ms   ✗

✗ cinetpay, payment/check: want 200, got 500
1 of 2 operations as documented, in 1.5 s
`
	if got := out.String(); got != want {
		t.Errorf("the table is\n%s\nwant\n%s", got, want)
	}
}

func TestTheTableOfAGoodRunSaysWhatToDoNext(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	table(&out, []demo.Row{{Provider: "native", Operation: "payment", HTTPStatus: 201, Outcome: "succeeded", OK: true}}, time.Second)
	if got := out.String(); !strings.Contains(got, "1 of 1 operations as documented") || !strings.Contains(got, "passerelle dev") {
		t.Errorf("the table is\n%s", got)
	}
}
