package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/passerelle-pay/passerelle/provider/all"
	"github.com/passerelle-pay/passerelle/provider/providertest/lemurpay"
)

// TestASixthProviderTakesOneFolderAndOneLine puts a made-up provider beside the
// others by one line, and then holds it to the matrix's scenes, on both sides.
func TestASixthProviderTakesOneFolderAndOneLine(t *testing.T) {
	sixth := lemurpay.Provider()
	list := append(all.Providers(), &sixth) // the one line

	c := startColumn(t, rail{
		name: sixth.Name, title: sixth.Title, descriptor: &sixth,
		bases:  map[string]string{"base_url": "/" + sixth.Name},
		submit: []string{"/payments"}, status: []string{"/payments/"},
	}, list)
	fronts := []front{nativeFront(), lemurpayFront().of(&sixth)}
	for _, f := range fronts {
		c.refuses(t, f)
	}
	for _, f := range append(fronts, cinetpayFront().of(descriptor(t, "cinetpay"))) {
		if got := c.carries(t, f); got.plan.reason != "" {
			t.Errorf("%s by %s: %s", f.name, sixth.Name, got.plan.reason)
		}
	}

	other := wires["cinetpay"]
	other.name, other.descriptor = "cinetpay", descriptor(t, "cinetpay")
	t.Run("as a front alone, by a rail that has a page only", func(t *testing.T) {
		startColumn(t, other, list).refuses(t, fronts[1])
	})
}

// lemurpayFront drives the made-up provider (provider/providertest/lemurpay).
func lemurpayFront() front {
	return front{
		at: "/lemurpay", ways: []way{byPush},
		ask: func(ctx context.Context, s seller, p purchase) (answer, error) {
			body := fmt.Sprintf(`{"id":%q,"amount":%d,"phone":%q}`, p.reference, p.amount.Minor, p.payer)
			return s.post("/payments", "application/json", body, "Authorization", "Key "+s.has["key"]).send(ctx)
		},
		taken: func(p purchase, a answer) (receipt, error) {
			o, err := a.object()
			return receipt{purchase: p}, errors.Join(err, want("id", text(o, "id"), p.reference))
		},
		outcome: func(ctx context.Context, s seller, r receipt) (outcome, error) {
			a, err := s.get("/payments/"+r.reference, "Authorization", "Key "+s.has["key"]).send(ctx)
			if err != nil {
				return "", err
			}
			o, err := a.object()
			return among(text(o, "state"), []string{"paid"}, []string{"refused"}), err
		},
		// The notification says nothing, so the merchant asks.
		heard: func(s seller, n arrived) (string, outcome, error) {
			o, err := answer{media: "application/json", body: n.body}.object()
			if err != nil {
				return "", "", err
			}
			a, err := s.get("/payments/"+text(o, "id"), "Authorization", "Key "+s.has["key"]).send(context.Background())
			if err != nil {
				return "", "", err
			}
			found, err := a.object()
			return text(o, "id"), among(text(found, "state"), []string{"paid"}, []string{"refused"}), err
		},
		incapable: func(a answer) error {
			o, err := a.object()
			if a.status != http.StatusUnprocessableEntity {
				err = errors.Join(err, fmt.Errorf("HTTP %d", a.status))
			}
			return errors.Join(err, want("error", text(o, "error"), "not_possible"))
		},
	}
}
