package mypvit

import (
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

func TestAuthenticationIsRefusedWithTheChosenStatus(t *testing.T) {
	s := openShop(t, "auth_failed_status", "401")
	s.refused(renewal("wrong"), 401, 3100)
}

func TestAMissingParameterHasTheChosenCode(t *testing.T) {
	s := openShop(t, "missing_param_code", "10003")
	s.refused(post(restPath, with(restJSON, "amount", nil)), 400, 10003)
}

func TestFreeInfoKeepsToLettersDigitsDashAndSpace(t *testing.T) {
	for _, text := range []string{"été", "a+b", "#1", "a_b", "١٢"} {
		openShop(t).refused(post(restPath, with(restJSON, "free_info", text)), 422, 8000)
		openShop(t, "free_info_charset", "any").accepted(post(restPath, with(restJSON, "free_info", text)))
	}
	openShop(t, "free_info_charset", "any").refused(post(restPath, with(restJSON, "free_info", "sixteen letters!")), 422, 8000)
}

func TestTheOperatorOfV2IsCheckedAgainstTheNumber(t *testing.T) {
	body := with(restJSON, "amount", 500, "operator_code", "GAB_AIRTEL")
	openShop(t).refused(post("/v2"+restPath, body), 403, 3017)
	openShop(t, "operator_code_check", "ignore").accepted(post("/v2"+restPath, body))
	openShop(t).accepted(post("/v2"+restPath, with(body, "customer_account_number", "074000100")))
}

func TestV2HasALeastAmountOfItsOwn(t *testing.T) {
	body := with(restJSON, "amount", 499, "operator_code", "MOOV_MONEY")
	openShop(t).refused(post("/v2"+restPath, body), 403, 3018)
	openShop(t, "v2_min_amount", "499").accepted(post("/v2"+restPath, body))
	openShop(t).accepted(post("/v2"+restPath, with(body, "amount", 500)))
}

func TestCodesOfOtherOperationsAreRefusedWhereThatIsChosen(t *testing.T) {
	for option, status := range map[string]int{"false": 200, "true": 404} {
		s := openShop(t)
		other, err := providertest.Issue(t.Context(), s.dialect, provider.IssueOrder{
			MerchantID: "other001", Mode: pay.Test, Options: map[string]string{"strict_url_codes": option},
		})
		if err != nil {
			t.Fatal(err)
		}
		ask := func(code string) int {
			r := httptest.NewRequest("GET", "/"+code+"/balance?accountOperationCode="+other["account"], nil)
			r.Header.Set("X-Secret", other["secret"])
			return s.do(r).Code
		}
		if got := ask(other["code_url_balance"]); got != 200 {
			t.Errorf("%s: its own code answers HTTP %d", option, got)
		}
		if got := ask(other["code_url"]); got != status {
			t.Errorf("%s: the code of rest answers HTTP %d", option, got)
		}
	}
}

func TestTheOwnerOfTheOperatorFeeHasTwoNames(t *testing.T) {
	openShop(t).accepted(post(restPath, with(restJSON, "owner_charge_operator", nil, "operator_owner_charge", "CUSTOMER")))
	openShop(t).accepted(post(restPath, with(restJSON, "operator_owner_charge", "MERCHANT")))
	openShop(t).refused(post(restPath, with(restJSON, "operator_owner_charge", "CUSTOMER")), 422, 8000)
}

func TestAnOverdueTransactionIsAmbiguousWhereThatIsChosen(t *testing.T) {
	for option, want := range map[string]string{"PENDING": "PENDING", "AMBIGUOUS": "AMBIGUOUS"} {
		s := openShop(t, "overdue_status", option)
		s.gateway.OnCreate = func(tx *pay.Transaction) { tx.Overdue = true }
		s.accepted(post(restPath, restJSON))
		w := s.get("/DEMOPVITCODE0001/status?transactionId=REF08190271&accountOperationCode=ACC_0000000000001&transactionOperation=PAYMENT")
		if got := object(t, w.Body.Bytes()); got["status"] != want {
			t.Errorf("%v", got)
		}
	}
}

func TestAGiveChangeStillOpenAfterTenSecondsAnswersPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		start := time.Now()
		got := s.accepted(post(restPath, with(restJSON, "transaction_type", "GIVE_CHANGE")))
		if waited := time.Since(start); waited != 10*time.Second || got["status"] != "PENDING" {
			t.Errorf("%v after %v", got["status"], waited)
		}
	})
}

func TestAGiveChangeAnswersAsSoonAsItIsSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		go func() {
			time.Sleep(3 * time.Second)
			s.gateway.Settle(s.gateway.Transactions()[0].ID, pay.OutcomeSucceeded, pay.Failure{})
		}()
		start := time.Now()
		got := s.accepted(post(restPath, with(restJSON, "transaction_type", "GIVE_CHANGE")))
		if waited := time.Since(start); waited != 3*time.Second || got["status"] != "SUCCESS" {
			t.Errorf("%v after %v", got["status"], waited)
		}
	})
}
