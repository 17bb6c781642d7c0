package browser_test

import (
	"testing"
)

// language is one the pages speak, with what they say in it.
type language struct {
	tag, amount, choose, approve, paid, funds, otp, wrong, challenge, declined, shop string
}

var languages = []language{
	{
		"fr", "15 000 F CFA", "Choisissez votre moyen de paiement", "Validez le paiement sur votre téléphone",
		"Le paiement a abouti", "Le solde est insuffisant", "Entrez le code de confirmation", "Le code saisi est incorrect",
		"Authentification 3-D Secure", "Le paiement a été refusé", "Retour à la boutique",
	},
	{
		"en", "15,000 F CFA", "Choose how to pay", "Approve the payment on your phone",
		"The payment succeeded", "The balance is too low", "Enter the confirmation code", "The code entered is wrong",
		"3-D Secure authentication", "The payment was declined", "Back to the shop",
	},
}

const (
	payButton  = `details[open].method button`
	phoneField = `details[open].method input[name=phone]`
	cardTab    = `details.method:has(input[name=number]) summary`
)

func inBoth(t *testing.T, delay string, play func(*testing.T, *site, language)) {
	t.Parallel()
	s := start(t, delay)
	for _, l := range languages {
		t.Run(l.tag, func(t *testing.T) {
			t.Parallel()
			mine := &site{T: t, url: s.url, last: len(l.tag) * int(l.tag[0]) * 1000}
			play(t, mine, l)
		})
	}
}

func TestAPayerPaysByMobileMoneyAndComesBackToTheShop(t *testing.T) {
	inBoth(t, "manual", func(t *testing.T, s *site, l language) {
		p := s.payment()
		b := open(t, l.tag)
		b.visit(p.page)
		b.says(l.amount, l.choose, "Airtel Money")
		b.typeIn(phoneField, "066 00 01 "+map[string]string{"fr": "20", "en": "21"}[l.tag])
		// The number suggests its operator.
		b.holds(`document.querySelector("input[name=operator]:checked").value === "moov_ga"`)
		b.accessible("checkout-form-" + l.tag)
		b.press(payButton)
		b.says(l.approve, "Moov Money")
		b.looked("checkout-wait", l)
		s.call("POST", "/sandbox/v1/phones/+241660001"+map[string]string{"fr": "20", "en": "21"}[l.tag]+"/approve", "")
		b.says(l.paid) // the page went on by itself, to the shop
		p.has("succeeded")
		b.visit(p.page)
		b.says(l.amount, l.shop)
		b.looked("checkout-paid", l)
	})
}

func TestACardHolderPassesOrFails3DSecure(t *testing.T) {
	inBoth(t, "0", func(t *testing.T, s *site, l language) {
		for _, answer := range []string{"approve", "decline"} {
			p := s.payment()
			b := open(t, l.tag)
			b.visit(p.page)
			b.press(cardTab)
			b.typeIn(`input[name=number]`, "4000 0000 0000 3220")
			b.typeIn(`input[name=expiry]`, "12/40")
			b.typeIn(`input[name=cvv]`, "123")
			if answer == "approve" {
				b.looked("checkout-card", l)
			}
			b.press(payButton)
			b.says(l.challenge, "3220")
			if answer == "approve" {
				b.looked("checkout-3ds", l)
			}
			b.press(`button[value=` + answer + `]`)
			if answer == "approve" {
				p.has("succeeded")
				b.says(l.paid)
				continue
			}
			b.says(l.declined)
		}
	})
}

func TestAOneTimePasswordIsEntered(t *testing.T) {
	inBoth(t, "0", func(t *testing.T, s *site, l language) {
		for _, code := range []string{"1234", "9999"} {
			p := s.payment()
			b := open(t, l.tag)
			b.visit(p.page)
			b.typeIn(phoneField, "066000011")
			b.press(payButton)
			b.says(l.otp)
			if code == "1234" {
				b.looked("checkout-otp", l)
			}
			b.typeIn(`input[name=otp]`, code)
			b.press(`form[action*="/otp"] button`)
			if code == "1234" {
				p.has("succeeded")
				b.says(l.paid)
				continue
			}
			b.says(l.wrong)
		}
	})
}
