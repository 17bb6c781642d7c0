package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestARefusedPayerTriesAgainOnTheSamePage(t *testing.T) {
	inBoth(t, "0", func(t *testing.T, s *site, l language) {
		p := s.payment()
		b := open(t, l.tag)
		b.visit(p.page)
		b.typeIn(phoneField, "066000001")
		b.press(payButton)
		b.says(l.funds, l.choose)
		b.looked("checkout-retry", l)
		b.typeIn(phoneField, "066000120")
		b.press(payButton)
		b.says(l.paid)
		p.has("succeeded")
	})
}

func TestAWrongEntryIsExplainedBesideItsField(t *testing.T) {
	t.Parallel()
	s := start(t, "0")
	p := s.payment()
	b := open(t, "fr")
	b.visit(p.page)
	b.typeIn(phoneField, "12 34")
	b.press(payButton)
	b.says("Le numéro de téléphone n'est pas valide", "Choisissez")
	b.holds(`document.activeElement.name === "phone" && document.activeElement.getAttribute("aria-describedby") === "fault"`)
	b.accessible("checkout-fault-fr")
}

func TestThePageChangesItsLanguage(t *testing.T) {
	t.Parallel()
	s := start(t, "manual")
	p := s.payment()
	b := open(t, "fr")
	b.visit(p.page)
	b.says("Choisissez")
	b.press(`nav a[lang=en]`)
	b.says("Choose how to pay", "15,000 F CFA")
	b.typeIn(phoneField, "066000120")
	b.press(payButton)
	b.says("Approve the payment on your phone") // and it stays
	b.press(`nav a[lang=fr]`)
	b.says("Validez le paiement sur votre téléphone")
}

func TestAPageOpenOnAScreenFollowsThePhoneThatScannedItsCode(t *testing.T) {
	t.Parallel()
	s := start(t, "manual")
	p := s.payment()
	desk, phone := open(t, "fr", large), open(t, "fr")
	desk.visit(p.page)
	desk.press(`.qr summary`)
	desk.accessible("checkout-qr-fr")
	phone.visit(p.page)
	phone.typeIn(phoneField, "066000120")
	phone.press(payButton)
	desk.says("Validez le paiement sur votre téléphone")
	s.call("POST", "/sandbox/v1/phones/066000120/decline", "")
	desk.says("Le paiement a été refusé")
	phone.says("Le paiement a été refusé")
}

func TestAPayerNeedsNoMouse(t *testing.T) {
	t.Parallel()
	s := start(t, "0")
	p := s.payment()
	b := open(t, "fr")
	b.visit(p.page)
	for field := 0; b.focused() != "phone"; field++ {
		if field == 10 {
			t.Fatal("the Tab key does not lead to the number")
		}
		b.do("press Tab", chromedp.KeyEvent(kb.Tab))
	}
	b.do("type", chromedp.KeyEvent("066000120"), chromedp.KeyEvent(kb.Tab))
	if at := b.focused(); at != "operator" {
		t.Errorf("after the number comes %q", at)
	}
	b.do("press Enter", chromedp.KeyEvent(kb.Enter))
	p.has("succeeded")
}

func TestAnImpatientPayerIsAskedOnce(t *testing.T) {
	t.Parallel()
	s := start(t, "manual")
	p := s.payment()
	b := open(t, "fr")
	b.visit(p.page)
	b.typeIn(phoneField, "066000120")
	b.do("press twice", chromedp.DoubleClick(payButton))
	b.says("Validez le paiement sur votre téléphone")
	if prompts, _ := s.call("GET", "/sandbox/v1/phones/066000120", "")["prompts"].([]any); len(prompts) != 1 {
		t.Errorf("the phone shows %d prompts, want 1", len(prompts))
	}
}

// Everything a payer does, in a browser that runs no script.
func TestAPayerNeedsNoScript(t *testing.T) {
	t.Parallel()
	s := start(t, "manual")
	p := s.payment()
	b := open(t, "fr", withoutScript())
	b.visit(p.page)
	b.says("Choisissez votre moyen de paiement")
	b.do("choose", chromedp.Click(`input[value=moov_ga]`))
	b.typeIn(phoneField, "066 00 01 20")
	b.press(payButton)
	b.says("Validez le paiement sur votre téléphone")
	b.keep("checkout-wait-without-script")

	phones := open(t, "fr", withoutScript(), large)
	phones.visit(s.url + "/sandbox")
	phones.says("066000120", "Payer 15 000 F CFA")
	phones.typeIn(`input[name=pin]`, "4321")
	phones.press(`.answers button`)
	phones.says("Aucune demande en attente", "vous avez payé 15 000 F CFA")
	phones.keep("phones-without-script")

	b.says("Le paiement a abouti") // the page refreshed itself, and led to the shop
	p.has("succeeded")
}
