package sandbox

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
)

func TestBothLanguagesHaveTheSameWords(t *testing.T) {
	t.Parallel()
	for key := range french {
		if english[key] == "" {
			t.Errorf("%s is not in English", key)
		}
	}
	for key := range english {
		if french[key] == "" {
			t.Errorf("%s is not in French", key)
		}
	}
	keys := []string{"kind." + string(pay.Payment), "kind." + string(pay.Payout), "kind." + string(pay.Refund)}
	for _, status := range []string{statusPrompted, statusOTP, statusChallenge, statusProcessing, statusSucceeded, statusFailed, statusCanceled} {
		keys = append(keys, "status."+status)
	}
	for end := range byLastFour {
		keys = append(keys, "trial."+end)
	}
	for _, key := range keys {
		if french[key] == "" {
			t.Errorf("%s has no words", key)
		}
	}
}

func TestABodyIsSetOutByWhatItIs(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded; charset=utf-8"
	for _, c := range []struct{ body, contentType, want string }{
		{`{"a":[1,2]}`, "text/plain", "{\n  \"a\": [\n    1,\n    2\n  ]\n}"},
		{"cpm_trans_id=A+1&montant=1%20000", form, "cpm_trans_id = A 1\nmontant = 1 000"},
		{"<a><b>1</b></a>", "application/xml", "<a><b>1</b></a>"},
		{"a=%zz", form, "a=%zz"},
		{"", form, ""},
	} {
		if got := pretty(c.body, c.contentType); got != c.want {
			t.Errorf("%q is shown as %q, want %q", c.body, got, c.want)
		}
	}
}

func TestAnOpenedNumberStaysInTheAddress(t *testing.T) {
	t.Parallel()
	c := control{Sandbox: New(Config{})}
	for _, x := range []struct{ query, want string }{
		{"country=GA&number=066+00+01+20&lang=en", "/sandbox?country=GA&lang=en&phone=%2B24166000120#phone-24166000120"},
		{"number=%2B243812345678&phone=%2B24166000120", "/sandbox?phone=%2B243812345678&phone=%2B24166000120#phone-243812345678"},
		{"number=%2B24166000120&phone=%2B24166000120&phone=evil", "/sandbox?phone=%2B24166000120#phone-24166000120"},
		{"country=GA&number=12", "/sandbox?country=GA&fault=number&lang=&number=12#open"},
	} {
		w := httptest.NewRecorder()
		c.openPhone(w, httptest.NewRequest("GET", "/sandbox/open?"+x.query, nil))
		if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != x.want {
			t.Errorf("%s leads to %d %q, want %q", x.query, w.Code, got, x.want)
		}
	}
}

func TestEveryTestNumberIsListedAndCanBeOpened(t *testing.T) {
	t.Parallel()
	list := trials(nil, english)
	if len(list) != len(byLastFour)+1 {
		t.Errorf("%d are listed", len(list))
	}
	for _, x := range list {
		if _, err := phone.Parse(trialStem+x.Number, ""); err != nil || x.Effect == "" {
			t.Errorf("%s: %v, %q", x.Number, err, x.Effect)
		}
	}
	if !slices.IsSortedFunc(list[1:], func(a, b trial) int { return slices.Compare([]byte(a.Number), []byte(b.Number)) }) {
		t.Error("the numbers are in no order")
	}
}
