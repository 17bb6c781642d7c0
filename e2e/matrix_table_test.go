package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/app"
)

// texts reads one column of some rows.
func texts(t *testing.T, g *app.Running, query string, args ...any) []string {
	t.Helper()
	rows, err := g.App.Store.RawRead().QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return list
}

const matrixHead = `# Every front by every rail

Written by ` + "`make matrix`" + `; a test keeps it true.

A row is the API that a merchant's program speaks, a column what the payment leaves by. Each pair was played over real HTTP between two gateways, the second in the provider's place, through four scenes:

1. **Success**: told to the merchant once, in the API it speaks; charged once.
2. **Refusal** by the operator: told; nothing charged.
3. **Unknown, then success**: the answer to the call that takes the money gets lost (on a provider's page: the answer to the question what became of it). The payment stays open, is never sent again, and ends as the success it was.
4. **Repeated notifications** from the provider, three of each: told once, charged once. In the sandbox column, where the number 0009 repeats the merchant's own notification, the dialects tell it three times, as documented.

A payment that the rail can't carry is refused with a *capability* error in the front's own shape before anything is recorded. That holds for a pair without a pass, and for any other request of the front that its rail can't carry: a currency it does not have, a phone prompt where it has only a page.

`

const matrixFoot = `
How a pair passes:

- **push**: the request names the phone, which is asked for the PIN.
- **page**: the customer chooses on our page. **card page** offers cards alone, **card** has the card in the request.
- **by redirect**: the customer finishes on the provider's page.
`

// markdown is the table as it is kept.
func (m *matrix) markdown() string {
	var b strings.Builder
	b.WriteString(matrixHead)
	b.WriteString("| front ↓ rail → |")
	for _, r := range m.rails {
		b.WriteString(" " + r.name + " |")
	}
	b.WriteString("\n| --- |" + strings.Repeat(" --- |", len(m.rails)) + "\n")
	var notes []string
	passed := 0
	for _, f := range m.fronts {
		b.WriteString("| **" + f.name + "** |")
		for _, r := range m.rails {
			c := m.at(f, r)
			b.WriteString(" " + c.String())
			if c.plan.reason == "" {
				passed++
			}
			if note := r.note[f.name]; note != "" && c.plan.reason == "" {
				notes = append(notes, note)
				fmt.Fprintf(&b, " (%d)", len(notes))
			}
			b.WriteString(" |")
		}
		b.WriteString("\n")
	}
	for i, note := range notes {
		fmt.Fprintf(&b, "\n(%d) %s.\n", i+1, note)
	}
	total := len(m.fronts) * len(m.rails)
	fmt.Fprintf(&b, "\nOf %d pairs %d pass and %d can carry nothing, for the reason given.\n", total, passed, total-passed)
	b.WriteString(matrixFoot)
	return b.String()
}

func (c cell) String() string {
	switch {
	case c.plan.reason != "":
		return c.plan.reason
	case c.failed:
		return "FAIL"
	case c.plan.hosted:
		return "pass: " + c.plan.way.name + ", by redirect, " + string(c.plan.currency)
	}
	return "pass: " + c.plan.way.name + ", " + string(c.plan.currency)
}

// plain is the table for a terminal, with the reasons below it.
func (m *matrix) plain() string {
	var b, reasons strings.Builder
	fmt.Fprintf(&b, "%-10s", "")
	for _, r := range m.rails {
		fmt.Fprintf(&b, "%-10s", r.name)
	}
	b.WriteString("\n")
	n := 0
	for _, f := range m.fronts {
		fmt.Fprintf(&b, "%-10s", f.name)
		for _, r := range m.rails {
			c := m.at(f, r)
			word := "pass"
			switch {
			case c.plan.reason != "":
				n++
				word = fmt.Sprintf("(%d)", n)
				fmt.Fprintf(&reasons, "(%d) %s by %s: %s\n", n, f.name, r.name, c.plan.reason)
			case c.failed:
				word = "FAIL"
			}
			fmt.Fprintf(&b, "%-10s", word)
		}
		b.WriteString("\n")
	}
	return b.String() + reasons.String()
}
