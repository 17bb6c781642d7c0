package pay

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

var cardDay = time.Date(2026, 6, 30, 23, 0, 0, 0, time.UTC)

func TestCardsAreReadAndOnlyTheirEndsAreKept(t *testing.T) {
	card, err := ParseCard("4000-0000 0000 3220", "06/26", "123", cardDay)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := card.Mask(), (CardMask{First6: "400000", Last4: "3220", Brand: "visa", Expiry: "06/26"}); got != want {
		t.Errorf("mask is %+v, want %+v", got, want)
	}
}

func TestBadCardsAreRefusedByField(t *testing.T) {
	cases := []struct{ name, number, expiry, cvv, param string }{
		{"a number that fails the Luhn check", "4000000000003221", "12/30", "123", "card.number"},
		{"a number that is too short", "400000000000", "12/30", "123", "card.number"},
		{"letters", "4000x00000003220", "12/30", "123", "card.number"},
		{"last month", "4000000000003220", "05/26", "123", "card.expiry"},
		{"a thirteenth month", "4000000000003220", "13/30", "123", "card.expiry"},
		{"no slash", "4000000000003220", "1230", "123", "card.expiry"},
		{"two digits of CVV", "4000000000003220", "12/30", "12", "card.cvv"},
		{"no CVV", "4000000000003220", "12/30", "", "card.cvv"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseCard(c.number, c.expiry, c.cvv, cardDay)
			var refusal *Error
			if !errors.As(err, &refusal) || refusal.Param != c.param {
				t.Fatalf("got %v, want a refusal of %s", err, c.param)
			}
			if strings.Contains(err.Error(), c.number) {
				t.Errorf("the refusal repeats the number: %v", err)
			}
		})
	}
}

func TestSecretsNeverPrint(t *testing.T) {
	const text = "4000000000003220"
	card := Card{Number: text, CVV: "123", Expiry: "12/30"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("card", "card", card, "number", card.Number)
	b, err := json.Marshal(card)
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{fmt.Sprint(card), fmt.Sprintf("%+v %#v %s %q", card, card, card.Number, card.Number), string(b), log.String()} {
		if strings.Contains(out, text) || strings.Contains(out, "123") {
			t.Errorf("a secret printed: %s", out)
		}
	}
}
