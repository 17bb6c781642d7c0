package mypvit

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

const linkPath = "/DEMOPVITCODE0001/link"

// newLink makes a link and returns its path without the mount.
func (s shop) newLink(body string) string {
	s.Helper()
	url, _ := s.accepted(post(linkPath, body))["url"].(string)
	path, ok := strings.CutPrefix(url, "http://passerelle.test/mypvit")
	if !ok {
		s.Fatalf("url %q", url)
	}
	return path
}

func (s shop) open(path string) *httptest.ResponseRecorder {
	return s.do(httptest.NewRequest(http.MethodGet, path, nil))
}

func TestLinkAnswersSUCCESSWithAnAddressInTheDocumentedForm(t *testing.T) {
	s := openShop(t)
	w := s.do(post(linkPath, linkJSON))
	tx := s.last()
	id := base64.RawURLEncoding.EncodeToString([]byte(tx.Checkout.Token))
	want := `{"status":"SUCCESS","status_code":"200","merchant_reference_id":"REF13090141",` +
		`"url":"http://passerelle.test/mypvit/transaction-link/` + id + `/payment"}`
	if w.Code != 200 || w.Body.String() != want {
		t.Errorf("HTTP %d\n%s\nwant\n%s", w.Code, w.Body, want)
	}
	if tx.Status != pay.StatusRequiresAction || tx.FeeBearer != pay.CustomerBears || !tx.ExpiresAt.Equal(tx.CreatedAt.Add(30*time.Minute)) {
		t.Errorf("recorded %+v", tx)
	}
	back := tx.Checkout.Returns
	if back[pay.StatusSucceeded].URL != "http://shop.test/return?outcome=success&shop=7" ||
		back[pay.StatusFailed].URL != "http://shop.test/return?outcome=failure&shop=7" || len(back[pay.StatusFailed].Fields) != 0 {
		t.Errorf("ways back %+v", back)
	}
}

func TestALinkLeadsToThePageUntilItIsUsed(t *testing.T) {
	s := openShop(t)
	path := s.newLink(linkJSON)
	for range 2 {
		w := s.open(path)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "http://passerelle.test/pay/"+s.last().Checkout.Token {
			t.Fatalf("HTTP %d to %s", w.Code, w.Header().Get("Location"))
		}
	}
	s.gateway.Pay(s.last().Checkout.Token, pay.Method{Type: pay.MobileMoney, Phone: "+24170000546", Operator: "airtel_ga"})
	s.refused(httptest.NewRequest(http.MethodGet, path, nil), 409, 5002)
}

func TestACardLinkOffersCardsAlone(t *testing.T) {
	s := openShop(t)
	s.newLink(with(linkJSON, "service", "VISA_MASTERCARD"))
	tx := s.last()
	if got := tx.Checkout.Methods; len(got) != 1 || got[0] != pay.CardMethod || tx.FrontData["operator"] != "VISA_MASTERCARD" {
		t.Errorf("methods %v, data %v", got, tx.FrontData)
	}
}

func TestARestLinkPromptsThePhoneOnceWhenOpened(t *testing.T) {
	s := openShop(t)
	path := s.newLink(with(linkJSON, "service", "RESTLINK", "failed_redirection_url_code", nil, "success_redirection_url_code", nil))
	if tx := s.last(); tx.Submitted || !tx.Checkout.Push || tx.Checkout.LockedPhone != "+24170000546" {
		t.Fatalf("before opening: %+v", tx.Checkout)
	}
	if w := s.do(httptest.NewRequest(http.MethodHead, path, nil)); w.Code != http.StatusMethodNotAllowed || s.last().Submitted {
		t.Errorf("a preview: HTTP %d, submitted %v", w.Code, s.last().Submitted)
	}
	if w := s.open(path); w.Code != http.StatusSeeOther || !s.last().Submitted {
		t.Errorf("HTTP %d, submitted %v", w.Code, s.last().Submitted)
	}
	s.refused(httptest.NewRequest(http.MethodGet, path, nil), 409, 5002)
}

func TestARestLinkExpiresUnopened(t *testing.T) {
	s := openShop(t, "link_ttl_min", "5")
	path := s.newLink(with(linkJSON, "service", "RESTLINK"))
	s.gateway.Advance(5 * time.Minute)
	s.refused(httptest.NewRequest(http.MethodGet, path, nil), 410, 6000)
	if s.last().Submitted {
		t.Error("the phone was prompted")
	}
}

func TestALinkThatNobodyGaveOutIsNotFound(t *testing.T) {
	s := openShop(t)
	for _, id := range []string{"QUNDXzAxMjM0NTY3ODlBQkM", "%25%25", "====", strings.Repeat("A", 5000)} {
		s.refused(httptest.NewRequest(http.MethodGet, "/transaction-link/"+id+"/payment", nil), 404, 4006)
	}
}

func TestARestLinkWithGiveChangeIsAPaymentWhereItIsAccepted(t *testing.T) {
	s := openShop(t, "link_give_change", "accept")
	s.newLink(with(linkJSON, "service", "RESTLINK", "transaction_type", "GIVE_CHANGE"))
	if s.last().Kind != pay.Payment {
		t.Errorf("kind %s", s.last().Kind)
	}
	s.refused(post(linkPath, with(linkJSON, "transaction_type", "GIVE_CHANGE", "reference", "REF2")), 403, 3002)
}

func TestTheReturnCarriesTheReferenceWhereThatIsChosen(t *testing.T) {
	s := openShop(t, "redirect_params", "reference")
	s.newLink(linkJSON)
	if got := s.last().Checkout.Returns[pay.StatusSucceeded].Fields["reference"]; got != "REF13090141" {
		t.Errorf("reference %q", got)
	}
}

func TestTheSampleOfTheDocumentWithItsTypingErrorWorksOnLinkAlone(t *testing.T) {
	s := openShop(t)
	s.accepted(post(linkPath, linkJSON))
	s.refused(post(restPath, with(restJSON, "customer_account_number", nil, "customer_acccount_number", "060000100")), 400, 1012)
}

func TestGetOperatorsAndFees(t *testing.T) {
	s := openShop(t)
	for path, want := range map[string]string{
		"/v2/DEMOPVITCODE0001/get-operators?countryCode=GA": `[{"code":"AIRTEL_MONEY","name":"Airtel Money","countryCode":"GA"},{"code":"MOOV_MONEY","name":"Moov Money","countryCode":"GA"}]`,
		"/v2/DEMOPVITCODE0001/get-operators?countryCode=FR": `[]`,
		feesPath: `{"amount":1000.0,"fees":25.0,"totalAmount":1025.0,"operator":"MOOV_MONEY","transactionType":"PAYMENT"}`,
	} {
		if w := s.get(path); w.Code != 200 || w.Body.String() != want {
			t.Errorf("%s: HTTP %d %s, want %s", path, w.Code, w.Body, want)
		}
	}
	s.refused(authorized(httptest.NewRequest(http.MethodGet, "/DEMOPVITCODE0001/get-fees", nil)), 404, 4000)
}

func TestAQRCodeIsAPNGOfALink(t *testing.T) {
	const path = "/v2/DEMOPVITCODE0001/generate-qr-code?accountOperationCode=ACC_0000000000001&terminalId=T1&callbackUrlCode=CBK01&amount=700"
	s := openShop(t)
	got := object(t, s.get(path).Body.Bytes())
	data, err := base64.StdEncoding.DecodeString(got["data"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(data)); err != nil || got["status"] != "SUCCESS" || got["reference_id"] != s.last().FrontReference {
		t.Errorf("%v %v", got["status"], err)
	}
	r := authorized(httptest.NewRequest(http.MethodGet, path, nil))
	r.Header.Set("Accept", "image/png")
	w := s.do(r)
	if _, err := png.Decode(w.Body); err != nil || w.Header().Get("Content-Type") != "image/png" {
		t.Errorf("%s: %v", w.Header().Get("Content-Type"), err)
	}
	if s.last().Amount != providertest.XAF(700) {
		t.Errorf("amount %v", s.last().Amount)
	}
	s.refused(authorized(httptest.NewRequest(http.MethodGet, strings.TrimSuffix(path, "&amount=700"), nil)), 400, 1012)
}
