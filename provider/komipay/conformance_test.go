package komipay

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

func TestConformance(t *testing.T) {
	// The suite builds requests from the issued credentials alone; a token has to
	// be asked for, so the dialect under test is caught as it is made.
	var current provider.Dialect
	p := Provider()
	p.Speak = func(g provider.Gateway) provider.Dialect {
		current = speak(g)
		return current
	}
	loggedIn := says(200, published(t, "token_answer.json"))
	providertest.Run(t, providertest.Case{
		Provider: p, Values: connectionValues(""), AddressFields: []string{fieldTokenBase},
		Order: order(pay.MobileMoney, "airtel_ne"),
		Preliminary: func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, opToken) {
				return false
			}
			loggedIn(w, r)
			return true
		},
		Absent:   says(200, `{"code":404,"statut":false,"message":"Transaction introuvable","transactionStatus":"notFound","data":{"transactionStatus":"notFound"}}`),
		Requests: conformanceRequests(t, &current),
		Shape:    refusalShape,
	})
}

func conformanceRequests(t *testing.T, current *provider.Dialect) []providertest.Request {
	with := func(operation string, body map[string]any) func(map[string]string) *http.Request {
		return func(map[string]string) *http.Request {
			s := &shop{T: t, dialect: *current}
			s.token = s.logIn(demoLogin, demoPassword, demoAPIKey)
			return s.authorized(operation, body)
		}
	}
	wrongToken := func(r *http.Request) *http.Request {
		r.Header.Set("Authorization", "Bearer wrong")
		return r
	}
	return []providertest.Request{
		{Name: opToken, Build: func(issued map[string]string) *http.Request {
			return request(basePath+"/"+opToken, map[string]any{
				"login": issued["login"], "password": issued["password"], "api_key": issued["api_key"],
			})
		}},
		{Name: opCollect + " of a transfer company", Spoil: wrongToken, Build: with(opCollect, sta(t))},
		{Name: opCollect + " of a card", Spoil: wrongToken, Build: with(opCollect, card(t))},
		{Name: opStatus, Spoil: wrongToken, Build: with(opStatus, statusBody("KP-693-B2C-00000000"))},
		{Name: opEncryptCVV, Spoil: wrongToken, Build: with(opEncryptCVV, map[string]any{"api_key": demoAPIKey, "cvv_number": "482"})},
		{Name: opSecurityCode, Spoil: wrongToken, Build: with(opSecurityCode, map[string]any{
			"mobile_money": ZeynaTransfert, "numero_telephone": "+22790000100", "api_key": demoAPIKey,
		})},
	}
}

// refusalShape checks for the three fields, or for the empty body of a bad token.
func refusalShape(status int, header http.Header, body []byte) error {
	if status == http.StatusUnauthorized && len(body) == 0 {
		return nil
	}
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		return err
	}
	message, _ := fields["message"].(string)
	if fields["code"] != float64(status) || fields["statut"] != false || message == "" || len(fields) != 3 {
		return errors.New("not code, statut and message")
	}
	if header.Get("Content-Type") != "application/json; charset=utf-8" {
		return errors.New("not JSON in UTF-8")
	}
	return nil
}

func TestTheDescriptorTellsKomiPaysTimes(t *testing.T) {
	p := Provider()
	if p.CallTimeout.Seconds() != 310 || p.Recheck[pay.Expired].Hours() != 24 || len(p.Abandon) != 0 {
		t.Errorf("call %v, recheck %v, abandon %v", p.CallTimeout, p.Recheck, p.Abandon)
	}
	var total time.Duration
	for _, d := range p.Polls[:len(p.Polls)-1] {
		if d.Seconds() != 6 {
			t.Errorf("a poll after %v", d)
		}
		total += d
	}
	if total != 6*time.Minute || p.Polls[len(p.Polls)-1].Minutes() != 5 {
		t.Errorf("%v of short polls, then %v", total, p.Polls[len(p.Polls)-1])
	}
}

func TestTheCurlCommandPlaysTheSeedsRequest(t *testing.T) {
	command := Provider().Curl("http://127.0.0.1:8080/komipay", map[string]string{
		"login": demoLogin, "password": demoPassword, "api_key": demoAPIKey,
	})
	for _, part := range []string{
		"http://127.0.0.1:8080/komipay/APIs/mobile_money.php/generateToken ",
		"http://127.0.0.1:8080/komipay/APIs/mobile_money.php/customers-api-kp/v1/b2c_standard ", demoAPIKey, `"montant_a_payer":"5 000"`,
	} {
		if !strings.Contains(command, part) {
			t.Errorf("%s is not in %s", part, command)
		}
	}
}
