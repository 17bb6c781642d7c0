package browser_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// asked makes a payment that shows on a phone.
func (s *site) asked(number string) payment {
	s.Helper()
	s.last++
	made := s.call("POST", "/v1/payments", fmt.Sprintf(
		`{"reference":"telephone-%d","amount":2500,"currency":"XAF","method":{"type":"mobile_money","phone":%q}}`, s.last, number))
	return payment{site: s, id: made["id"].(string)}
}

func screen(number string) string { return "#phone-" + number + " " }

func TestPhonesAnswerSeveralPaymentsAtOnce(t *testing.T) {
	t.Parallel()
	for _, l := range []struct{ tag, open, none, approve string }{
		{"fr", "Ouvrir un téléphone", "Aucune demande en attente", "Laisser expirer"},
		{"en", "Open a phone", "No request is waiting", "Let it time out"},
	} {
		t.Run(l.tag, func(t *testing.T) {
			t.Parallel()
			s := start(t, "manual")
			b := open(t, l.tag, large)
			b.visit(s.url + "/sandbox")
			b.says(l.open)
			// A number shows before it was ever asked.
			b.typeIn(`input[name=number]`, "066000120")
			b.press(`form.open button`)
			b.says("+24166000120", l.none)

			approved, declined, expired := s.asked("+24166000120"), s.asked("+24177000121"), s.asked("+24177000122")
			b.says("077000121", "077000122", "Payer 2 500 F CFA", l.approve) // without a reload
			b.holds(`document.querySelectorAll(".ussd").length === 3`)
			b.accessible("phones-asked-" + l.tag)
			for _, digit := range []string{"4", "3", "2", "1"} {
				b.press(screen("24166000120") + `.pad button[aria-label$="` + digit + `"]`)
			}
			b.press(screen("24166000120") + `.answers button`)
			approved.has("succeeded")
			b.says("vous avez payé 2 500 F CFA")
			b.press(screen("24177000121") + `button.no`)
			declined.has("failed")
			b.press(screen("24177000122") + `button.quiet`)
			expired.has("failed")
			b.holds(`document.querySelectorAll(".ussd").length === 0`)
			for p, want := range map[payment]string{declined: "declined", expired: "expired"} {
				failure, _ := p.read()["failure"].(map[string]any)
				if failure["reason"] != want {
					t.Errorf("failed with %v, want %s", failure, want)
				}
			}
			b.keep("phones-answered-" + l.tag)
		})
	}
}

func TestAPINOfZeroDeclinesAsThePromptSays(t *testing.T) {
	t.Parallel()
	s := start(t, "manual")
	p := s.asked("+24166000120")
	b := open(t, "fr", large)
	b.visit(s.url + "/sandbox")
	b.typeIn(screen("24166000120")+`input[name=pin]`, "0")
	b.press(screen("24166000120") + `.answers button`)
	p.has("failed")
}

func TestHalfAPINOutlivesWhatHappensOnOtherPhones(t *testing.T) {
	t.Parallel()
	s := start(t, "manual")
	s.asked("+24166000120")
	b := open(t, "fr", large)
	b.visit(s.url + "/sandbox")
	b.typeIn(screen("24166000120")+`input[name=pin]`, "12")
	s.asked("+24177000121")
	b.says("077000121")
	b.holds(`document.querySelector("#phone-24166000120 input[name=pin]").value === "12"`)
}

func TestTheInboxIsReadable(t *testing.T) {
	t.Parallel()
	s := start(t, "0")
	b := open(t, "fr", large)
	b.visit(s.url + "/sandbox")
	b.says("Rien n'est arrivé")
	s.call("POST", "/sandbox/inbox/notifications", `{"code":200,"client":{"nom":"<b>Awa</b>"}}`)
	b.says("POST /notifications")
	b.press(`.letter summary`)
	b.says("\"client\": {\n", `"nom": "<b>Awa</b>"`)
	b.accessible("phones-inbox-fr")
	b.press(`#inbox form button`)
	b.says("Rien n'est arrivé")
}

func TestAFaultIsArmedAndDisarmedOnThePage(t *testing.T) {
	t.Parallel()
	s := start(t, "0")
	for name, setup := range map[string][]chromedp.Action[chromedp.Void]{
		"with script": {small}, "without script": {small, withoutScript()},
	} {
		b := open(t, "fr", setup...)
		b.visit(s.url + "/sandbox")
		first := `details.faults tbody tr:first-child button`
		b.press(`details.faults summary`)
		b.press(first)
		b.says("armée", "coups : 0")
		if armed := s.armed(); armed != 1 {
			t.Fatalf("%s: %d faults are armed", name, armed)
		}
		b.holds(`document.documentElement.scrollWidth <= innerWidth`) // the table scrolls by itself
		b.press(first)
		b.holds(`!document.body.innerText.includes("coups : 0")`)
		if armed := s.armed(); armed != 0 {
			t.Fatalf("%s: %d faults are armed still", name, armed)
		}
	}
}

// armed counts the faults that would strike.
func (s *site) armed() int {
	s.Helper()
	list, _ := s.call("GET", "/sandbox/v1/faults", "")["armed"].([]any)
	return len(list)
}

func TestANumberThatIsNoneIsExplained(t *testing.T) {
	t.Parallel()
	s := start(t, "0")
	b := open(t, "fr", large)
	b.visit(s.url + "/sandbox")
	b.typeIn(`input[name=number]`, "12")
	b.press(`form.open button`)
	b.says("Ce n'est pas un numéro mobile")
	b.accessible("phones-fault-fr")
	b.press(`a[href*="number=%2B24166000001"]`)
	b.says("+24166000001")
}
