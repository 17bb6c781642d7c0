package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// spoken is how a dialect tells a merchant of a fate: its own status, and the
// notifications that arrive, in order.
type spoken struct {
	status string
	notes  []string
}

func repeated(n int, note string) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = note
	}
	return list
}

// speaker drives one dialect as its merchant and its customer.
type speaker struct {
	front string
	// number writes a customer's number, given its last four digits.
	number func(lastFour string) string
	// pay asks for a payment and has the customer pay.
	pay func(t *testing.T, s *stage, reference, number string)
	// payCard has the customer pay by card; it returns the page's token.
	payCard func(t *testing.T, s *stage, reference, card string) string
	// status asks the dialect what became of it.
	status func(t *testing.T, s *stage, reference string) string
	// notes are the final statuses that the merchant was notified of.
	notes func(t *testing.T, s *stage, reference string) []string
	fates map[string]spoken
	cards map[string]spoken
}

func speakers() []speaker {
	return []speaker{
		{
			front: "mypvit", number: func(lastFour string) string { return "07400" + lastFour },
			pay: payMyPVit, payCard: payMyPVitByCard, status: mypvitStatus, notes: mypvitNotes,
			// wire: mypvit §4.1, a failure has no reason.
			fates: map[string]spoken{
				"0001": {"FAILED", []string{"FAILED"}}, "0002": {"FAILED", []string{"FAILED"}}, "0003": {"FAILED", []string{"FAILED"}},
				"0004": {"FAILED", []string{"FAILED"}}, "0005": {"FAILED", []string{"FAILED"}}, "0006": {"FAILED", []string{"FAILED"}},
				"0007": {"SUCCESS", []string{"SUCCESS"}}, "0008": {"SUCCESS", []string{"FAILED", "SUCCESS"}},
				"0009": {"SUCCESS", repeated(3, "SUCCESS")}, "0010": {"SUCCESS", nil}, "0100": {"SUCCESS", []string{"SUCCESS"}},
			},
			cards: map[string]spoken{
				"4000000000000002": {"FAILED", []string{"FAILED"}}, "4000000000009995": {"FAILED", []string{"FAILED"}},
				"4000000000003220": {"SUCCESS", []string{"SUCCESS"}}, "4242424242424242": {"SUCCESS", []string{"SUCCESS"}},
			},
		},
		{
			front: "cinetpay", number: func(lastFour string) string { return "+22507000" + "0" + lastFour },
			pay: payCinetPay, payCard: payCinetPayByCard, status: cinetpayStatus, notes: cinetpayNotes,
			// wire: cinetpay §4.1, code and message.
			fates: map[string]spoken{
				"0001": {"602", []string{"INSUFFISENT_BALANCE"}}, "0002": {"600", []string{"PAYMENT_FAILED"}},
				"0003": {"604", []string{"OTP_CODE_ERROR"}}, "0004": {"625", []string{"ABONNEMENT_OR_TRANSACTIONS_EXPIRED"}},
				"0006": {"804", []string{"OPERATOR_UNAVAILABLE"}}, "0007": {"00", []string{"SUCCES"}},
				"0005": {"808", []string{"DAILY_MAX_AMOUNT_TRANSACTION_REACHED"}},
				"0008": {"00", []string{"INCORRECT_SETTINGS", "SUCCES"}},
				"0009": {"00", repeated(3, "SUCCES")}, "0010": {"00", nil}, "0100": {"00", []string{"SUCCES"}},
			},
			cards: map[string]spoken{
				"4000000000000002": {"600", []string{"PAYMENT_FAILED"}}, "4000000000009995": {"602", []string{"INSUFFISENT_BALANCE"}},
				"4000000000003220": {"00", []string{"SUCCES"}}, "4242424242424242": {"00", []string{"SUCCES"}},
			},
		},
	}
}

func TestEachPublishedNumberMeetsItsFateInEachDialect(t *testing.T) {
	for _, d := range speakers() {
		for _, delay := range []string{"0", "50ms"} {
			t.Run(d.front+", customers answer after "+delay, func(t *testing.T) {
				s := startStage(t, delay)
				for _, f := range fates {
					if _, ok := d.fates[f.lastFour]; ok {
						d.pay(t, s, "D"+f.lastFour, d.number(f.lastFour))
					}
				}
				if delay != "0" {
					eventually(t, "the late success", func() bool { return s.payment(t, "D0008")["status"] == "succeeded" })
				}
				s.rest(t)
				for _, f := range fates {
					want, ok := d.fates[f.lastFour]
					if !ok {
						continue
					}
					reference := "D" + f.lastFour
					s.ends(t, reference, f.status, f.reason)
					d.tells(t, s, reference, want)
					// What entered through a dialect is told in that dialect alone.
					if got := s.types(t, reference); len(got) != 0 {
						t.Errorf("%s: the native endpoint got %v", f.lastFour, got)
					}
				}
			})
		}
	}
}

func TestEachPublishedCardMeetsItsFateInEachDialect(t *testing.T) {
	for _, d := range speakers() {
		t.Run(d.front, func(t *testing.T) {
			s := startStage(t, "50ms")
			for card := range d.cards {
				token := d.payCard(t, s, "C"+card[12:], card)
				if !strings.HasSuffix(card, "3220") {
					continue
				}
				got := request{http.MethodPost, s.URL + "/sandbox/v1/checkouts/" + token + "/challenge", `{"approve":true}`, http.Header{}}.must(t)
				if got.status != http.StatusOK {
					t.Errorf("3-D Secure: %v", got)
				}
			}
			s.rest(t)
			for card, want := range d.cards {
				d.tells(t, s, "C"+card[12:], want)
			}
		})
	}
}

func (d speaker) tells(t *testing.T, s *stage, reference string, want spoken) {
	t.Helper()
	if got := d.status(t, s, reference); got != want.status {
		t.Errorf("%s: %s says %s, want %s", reference, d.front, got, want.status)
	}
	if got := d.notes(t, s, reference); fmt.Sprint(got) != fmt.Sprint(want.notes) {
		t.Errorf("%s: %s notified %v, want %v", reference, d.front, got, want.notes)
	}
}

func payMyPVit(t *testing.T, s *stage, reference, number string) {
	t.Helper()
	body := strings.NewReplacer("UNUSED", reference, "066000100", number).Replace(mypvitOrder)
	got := mypvitRequest(s.URL, "DEMOPVITCODE0001/rest", body).must(t)
	if got.status != http.StatusOK || fields(t, got.body)["status"] != "PENDING" {
		t.Fatalf("rest: %v", got)
	}
}

func payMyPVitByCard(t *testing.T, s *stage, reference, card string) string {
	t.Helper()
	body := strings.NewReplacer("UNUSED", reference, "RESTFUL", "VISA_MASTERCARD", `"agent"`,
		`"failed_redirection_url_code":"KOR01","success_redirection_url_code":"OKR01","agent"`).Replace(mypvitOrder)
	got := mypvitRequest(s.URL, "DEMOPVITCODE0001/link", body).must(t)
	page, _ := fields(t, got.body)["url"].(string)
	return typeCard(t, s, page, card)
}

func typeCard(t *testing.T, s *stage, page, card string) string {
	t.Helper()
	token := tokenOf(t, page)
	payHosted(t, s.URL, page, `{"method":"card","number":"`+card+`","expiry":"12/39","cvv":"123"}`)
	return token
}

func mypvitStatus(t *testing.T, s *stage, reference string) string {
	t.Helper()
	query := url.Values{"transactionId": {reference}, "accountOperationCode": {"ACC_0000000000001"}, "transactionOperation": {"PAYMENT"}}
	r := mypvitRequest(s.URL, "DEMOPVITCODE0001/status?"+query.Encode(), "").withMethod(http.MethodGet)
	status, _ := fields(t, r.must(t).body)["status"].(string)
	return status
}

func mypvitNotes(t *testing.T, s *stage, reference string) (list []string) {
	t.Helper()
	for _, a := range s.shop.all("/mypvit") {
		if o := fields(t, a.body); o["merchantReferenceId"] == reference {
			list = append(list, fmt.Sprint(o["status"]))
		}
	}
	return list
}

func initCinetPay(t *testing.T, s *stage, reference string) string {
	t.Helper()
	body := strings.NewReplacer("UNUSED", reference, "http://127.0.0.1:1/notify", s.shop.URL+"/cinetpay").Replace(cinetpayOrder)
	got := cinetpayRequest(s.URL, "/v2/payment", body).must(t)
	data, _ := fields(t, got.body)["data"].(map[string]any)
	page, _ := data["payment_url"].(string)
	if page == "" {
		t.Fatalf("initialise: %v", got)
	}
	return page
}

func payCinetPay(t *testing.T, s *stage, reference, number string) {
	t.Helper()
	payHosted(t, s.URL, initCinetPay(t, s, reference), `{"method":"mobile_money","phone":"`+number+`"}`)
}

func payCinetPayByCard(t *testing.T, s *stage, reference, card string) string {
	t.Helper()
	return typeCard(t, s, initCinetPay(t, s, reference), card)
}

func cinetpayStatus(t *testing.T, s *stage, reference string) string {
	t.Helper()
	body := `{"apikey":"demo-cinetpay-apikey","site_id":"100001","transaction_id":"` + reference + `"}`
	code, _ := fields(t, cinetpayRequest(s.URL, "/v2/payment/check", body).must(t).body)["code"].(string)
	return code
}

// cinetpayNotes leaves out what is not final: CinetPay tells of every change.
func cinetpayNotes(t *testing.T, s *stage, reference string) (list []string) {
	t.Helper()
	for _, a := range s.shop.all("/cinetpay") {
		form, err := url.ParseQuery(a.body)
		if err != nil {
			t.Fatal(err)
		}
		if note := form.Get("cpm_error_message"); form.Get("cpm_trans_id") == reference && !strings.HasPrefix(note, "WAITING") {
			list = append(list, note)
		}
	}
	return list
}
