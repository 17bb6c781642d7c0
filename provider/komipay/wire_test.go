package komipay

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// published reads a transcript of testdata.
func published(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTheCipherReadsAndWritesThePublishedVectors(t *testing.T) {
	var file struct {
		Vectors []struct {
			Key        string `json:"key"`
			IV         string `json:"iv_hex"`
			Plaintext  string `json:"plaintext"`
			Ciphertext string `json:"ciphertext"`
		} `json:"vectors"`
	}
	if err := json.Unmarshal([]byte(published(t, "cipher_vectors.json")), &file); err != nil || len(file.Vectors) != 5 {
		t.Fatalf("%d vectors: %v", len(file.Vectors), err)
	}
	for _, v := range file.Vectors {
		iv, _ := hex.DecodeString(v.IV)
		if got, err := cipherKey(v.Key).encryptWith(iv, v.Plaintext); err != nil || got != v.Ciphertext {
			t.Errorf("%q is encrypted as %s (%v)", v.Plaintext, got, err)
		}
		if got, err := cipherKey(v.Key).decrypt(v.Ciphertext); err != nil || got != v.Plaintext {
			t.Errorf("%s is decrypted as %q (%v)", v.Ciphertext, got, err)
		}
	}
}

func TestTwoEncryptionsOfOneCVVDiffer(t *testing.T) {
	one, _ := demoCipherKey.encrypt("482")
	two, _ := demoCipherKey.encrypt("482")
	if one == two {
		t.Error("the IV is not random")
	}
}

func TestWhatIsNotEncryptedUnderTheKeyIsRefused(t *testing.T) {
	good, _ := demoCipherKey.encrypt("482")
	for name, text := range map[string]string{
		"nothing": "", "the CVV itself": "482", "not base64": "%%%", "an IV alone": "AAECAwQFBgcICQoLDA0ODw==",
		"half of it": good[:len(good)/2], "another layout": "AAECAwQFBgcICQoLDA0OD2ZmZmY=",
	} {
		if got, err := demoCipherKey.decrypt(text); err == nil {
			t.Errorf("%s is decrypted as %q", name, got)
		}
	}
	if got, err := cipherKey(strings.Repeat("k", 32)).decrypt(good); err == nil && got == "482" {
		t.Error("another key decrypts it")
	}
}

func TestAmountsAreReadWithAnyKindOfSpace(t *testing.T) {
	for raw, want := range map[string]int64{
		`"5 000"`: 5000, `"25 000"`: 25000, `"5000"`: 5000, `5000`: 5000, `5000.0`: 5000, `"1 000 000"`: 1000000,
		"\"5\u00a0000\"": 5000, "\"5\u2009000\"": 5000, "\"5\u202f000\"": 5000, `" 5000 "`: 5000,
	} {
		if got, err := parseAmount(json.RawMessage(raw)); err != nil || got != money.New(want, money.XOF) {
			t.Errorf("%s is read as %v (%v)", raw, got, err)
		}
	}
	for _, raw := range []string{
		`"5 000,5"`, `"5 000.0"`, `"5000.0"`, `5000.5`, `"-5"`, `-5`, `"+5"`, `0`, `"0"`, `""`, `"  "`, `5e3`, `null`,
		`true`, `[5000]`, `"99999999999999999999"`, "\"5\u2003000\"", `"٥٠٠"`,
	} {
		if got, err := parseAmount(json.RawMessage(raw)); err == nil {
			t.Errorf("%s is read as %v", raw, got)
		}
	}
}

func TestNumbersOfNigerAreReadInEveryForm(t *testing.T) {
	for _, text := range []string{"90000100", "22790000100", "0022790000100", "+22790000100", "90 00 01 00", "+227 90 00 01 00"} {
		if n, err := parsePhone(text); err != nil || n.E164() != "+22790000100" {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"", "9000010", "+33600000100", "+24166000100", "+22722790000100", "abc"} {
		if _, err := parsePhone(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	if n, err := normalPhone("+22722790000100"); err != nil || n.E164() != "+22790000100" {
		t.Errorf("a doubled country code is not mended: %v", err)
	}
}

func TestTimeZonesTurnIntoEMVsMinutesAndBack(t *testing.T) {
	for hours, minutes := range map[string]string{"1": "-60", "0": "0", "-3": "180", "5.5": "-330"} {
		if got, ok := zoneToEMV(hours); !ok || got != minutes {
			t.Errorf("%s hours are %s minutes", hours, got)
		}
		if got := zoneFromEMV(minutes); got != hours {
			t.Errorf("%s minutes are %s hours", minutes, got)
		}
	}
	for _, hours := range []string{"", "x", "15", "NaN", "Inf"} {
		if got, ok := zoneToEMV(hours); ok {
			t.Errorf("%q is taken as %s", hours, got)
		}
	}
}

// outcome is a class of the wire contract's tables.
type outcome struct {
	pay.Outcome
	pay.Reason
}

var (
	succeeded = outcome{pay.OutcomeSucceeded, ""}
	pending   = outcome{pay.OutcomePending, ""}
	unknown   = outcome{pay.OutcomeUnknown, ""}
)

func failed(r pay.Reason) outcome { return outcome{pay.OutcomeFailed, r} }

// TestCollectAnswersAreReadByStatutAndCode has the rows of wire: komipay §4.1.
func TestCollectAnswersAreReadByStatutAndCode(t *testing.T) {
	cases := []struct {
		name, body       string
		telco, sta, card outcome
	}{
		{"true with 200", `{"code":200,"statut":true}`, succeeded, pending, unknown},
		{"true with 201", `{"code":201,"statut":true,"etat":"SUCCESS"}`, succeeded, pending, succeeded},
		{"true with Success", `{"code":200,"statut":true,"transactionStatus":"Success"}`, succeeded, pending, succeeded},
		{"true with Echec", `{"code":200,"statut":true,"transactionStatus":"Echec","message":"x"}`, unknown, pending, failed(pay.Declined)},
		{"true with notFound", `{"code":200,"statut":true,"transactionStatus":"notFound"}`, unknown, pending, unknown},
		{"true with words that disagree", `{"code":200,"statut":true,"transactionStatus":"Success","etat":"ECHEC"}`, unknown, pending, unknown},
		{"true with an undocumented status beside etat", `{"code":200,"statut":true,"transactionStatus":"Done","etat":"SUCCESS"}`, unknown, pending, unknown},
		{"true with etat ATTENTE", `{"code":200,"statut":true,"etat":"ATTENTE"}`, pending, pending, pending},
		{"true with etat ECHEC", `{"code":200,"statut":true,"etat":"ECHEC","message":"x"}`, unknown, pending, failed(pay.Declined)},
		{"true with an undocumented etat", `{"code":200,"statut":true,"etat":"PEUT-ETRE"}`, unknown, pending, unknown},
		{"true with 400", `{"code":400,"statut":true}`, unknown, unknown, unknown},
		{"TS", `{"code":200,"statut":"TS"}`, succeeded, succeeded, succeeded},
		{"TS with 400", `{"code":400,"statut":"TS"}`, unknown, unknown, unknown},
		{"TF", `{"code":400,"statut":"TF","message":"x"}`, failed(pay.Declined), failed(pay.Declined), failed(pay.Declined)},
		{"TF with 200", `{"code":200,"statut":"TF","message":"plafond"}`, failed(pay.LimitReached), failed(pay.LimitReached), failed(pay.LimitReached)},
		{"TE", `{"code":400,"statut":"TE","message":"x"}`, failed(pay.Expired), failed(pay.Expired), failed(pay.Expired)},
		{"TIP", `{"code":200,"statut":"TIP"}`, pending, pending, pending},
		{"TA", `{"code":200,"statut":"TA"}`, unknown, unknown, unknown},
		{"false", `{"code":400,"statut":false,"message":"x"}`, failed(pay.ProviderError), failed(pay.ProviderError), failed(pay.Declined)},
		{"null", `{"code":200,"statut":null}`, unknown, unknown, unknown},
		{"absent", `{"code":200}`, unknown, unknown, unknown},
		{"the text true", `{"code":200,"statut":"true"}`, unknown, unknown, unknown},
		{"a number", `{"code":200,"statut":1}`, unknown, unknown, unknown},
		{"all null", `{"code":null,"statut":null,"message":null}`, unknown, unknown, unknown},
		{"code null", `{"code":null,"statut":true}`, unknown, unknown, unknown},
		{"code as text", `{"code":"200","statut":true}`, unknown, unknown, unknown},
		{"code 401", `{"code":401,"statut":false,"message":"Cle API invalide"}`, failed(pay.AuthFailed), failed(pay.AuthFailed), failed(pay.AuthFailed)},
		{"code 403", `{"code":403,"statut":false}`, failed(pay.AuthFailed), failed(pay.AuthFailed), failed(pay.AuthFailed)},
		{"code 404", `{"code":404,"statut":false}`, unknown, unknown, unknown},
		{"code 500", `{"code":500,"statut":false}`, unknown, unknown, unknown},
		{"code 500 with TF", `{"code":500,"statut":"TF"}`, unknown, unknown, unknown},
		{"the seed's shape", published(t, "sta_answer_seed.json"), pending, pending, pending},
		{"the seed's shape, refused", `{"success":false,"transactionReference":"KP-000-B2C-00000001"}`, failed(pay.Declined), failed(pay.Declined), failed(pay.Declined)},
		{"the seed's shape, broken", `{"success":"yes","transactionReference":"KP-000-B2C-00000001"}`, unknown, unknown, unknown},
		{"the seed's refusal", published(t, "telco_refusal.json"), failed(pay.InsufficientFunds), failed(pay.InsufficientFunds), failed(pay.InsufficientFunds)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a, err := readAnswer(200, []byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			for family, want := range map[Family]outcome{Telco: c.telco, STA: c.sta, CardFamily: c.card} {
				if got, reason := classifyCollect(family, a); (outcome{got, reason}) != want {
					t.Errorf("family %d: %s %s, want %v", family, got, reason, want)
				}
			}
		})
	}
}

// TestStatusAnswersAreReadByTheirState has the rows of wire: komipay §4.1–4.3.
func TestStatusAnswersAreReadByTheirState(t *testing.T) {
	cases := []struct {
		name, body string
		want       outcome
		absent     bool
	}{
		{"the documented success", published(t, "status_success.json"), succeeded, false},
		{"code 201", `{"code":201,"statut":true,"transactionStatus":"Success"}`, succeeded, false},
		{"etat alone", `{"code":200,"statut":true,"etat":"SUCCESS"}`, succeeded, false},
		{"another case", `{"code":200,"statut":true,"transactionStatus":"SUCCESS"}`, succeeded, false},
		{"data before the top level", `{"code":400,"statut":false,"transactionStatus":"Success","data":{"transactionStatus":"Echec"}}`, failed(pay.ProviderError), false},
		{"TS", `{"code":200,"statut":"TS"}`, succeeded, false},
		{"TF", `{"code":400,"statut":"TF"}`, failed(pay.Declined), false},
		{"TF that says Success", `{"code":200,"statut":"TF","transactionStatus":"Success"}`, unknown, false},
		{"TE", `{"code":400,"statut":"TE"}`, failed(pay.Expired), false},
		{"TIP", `{"code":200,"statut":"TIP"}`, pending, false},
		{"TA", `{"code":200,"statut":"TA"}`, unknown, false},
		{"Echec", `{"code":400,"statut":false,"etat":"ECHEC","transactionStatus":"Echec","message":"solde insuffisant"}`, failed(pay.InsufficientFunds), false},
		{"the window closed", `{"code":400,"statut":false,"transactionStatus":"Echec","message":"Timeout transaction 5 minutes depassé"}`, failed(pay.Expired), false},
		{"Pending", `{"code":200,"statut":true,"etat":"ATTENTE","transactionStatus":"Pending","message":"Transaction en attente"}`, pending, false},
		{"notFound", `{"code":404,"statut":false,"message":"Transaction introuvable","transactionStatus":"notFound","data":{"transactionStatus":"notFound"}}`, unknown, true},
		{"notFound with 200", `{"code":200,"statut":true,"data":{"transactionStatus":"notFound"}}`, unknown, true},
		{"true alone", `{"code":200,"statut":true,"message":"ok"}`, unknown, false},
		{"false alone", `{"code":400,"statut":false,"message":"solde insuffisant"}`, unknown, false},
		{"false that says Success", `{"code":200,"statut":false,"transactionStatus":"Success"}`, unknown, false},
		{"code 400 that says Success", `{"code":400,"statut":true,"transactionStatus":"Success"}`, unknown, false},
		{"states that disagree", `{"code":200,"statut":true,"etat":"ECHEC","transactionStatus":"Success"}`, unknown, false},
		{"an undocumented state", `{"code":200,"statut":true,"transactionStatus":"Done"}`, unknown, false},
		{"an undocumented state beside etat", `{"code":200,"statut":true,"transactionStatus":"Done","etat":"SUCCESS"}`, unknown, false},
		{"an undocumented state beside a failed etat", `{"code":400,"statut":false,"transactionStatus":"Done","etat":"ECHEC","message":"x"}`, unknown, false},
		{"an undocumented state in data", `{"code":200,"statut":true,"transactionStatus":"Success","etat":"SUCCESS","data":{"transactionStatus":"Done"}}`, unknown, false},
		{"TF beside an undocumented state", `{"code":400,"statut":"TF","transactionStatus":"Done"}`, failed(pay.Declined), false},
		{"all null", `{"code":null,"statut":null,"message":null}`, unknown, false},
		{"statut null", `{"code":200,"statut":null,"transactionStatus":"Success"}`, unknown, false},
		{"data of another type", `{"code":200,"statut":true,"data":"Success"}`, unknown, false},
		{"code 500", `{"code":500,"statut":false,"transactionStatus":"Echec"}`, unknown, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a, err := readAnswer(200, []byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			got, reason, absent := classifyStatus(false, a)
			if (outcome{got, reason}) != c.want || absent != c.absent {
				t.Errorf("%s %s, absent %v, want %v", got, reason, absent, c.want)
			}
		})
	}
}

// TestReasonsAreReadFromMessages has the rows of wire: komipay §4.3.
func TestReasonsAreReadFromMessages(t *testing.T) {
	for message, want := range map[string]pay.Reason{
		"Votre SOLDE est insuffisant":                     pay.InsufficientFunds,
		"Insufficient balance":                            pay.InsufficientFunds,
		"Code PIN incorrect":                              pay.WrongPINOrOTP,
		"Mot de passe erroné":                             pay.WrongPINOrOTP,
		"Code secret invalide":                            pay.WrongPINOrOTP,
		"Code de sécurité invalide":                       pay.WrongPINOrOTP,
		"Montant minimum 100":                             pay.AmountTooLow,
		"montant trop faible":                             pay.AmountTooLow,
		"Montant maximum dépassé":                         pay.AmountTooHigh,
		"Montant trop élevé":                              pay.AmountTooHigh,
		"Plafond atteint":                                 pay.LimitReached,
		"Limite journalière":                              pay.LimitReached,
		"Timeout transaction 5 minutes depassé":           pay.Expired,
		"Session expire\u0301e":                           pay.Expired,
		"Numero de telephone invalide":                    pay.InvalidPhone,
		"Abonné inconnu":                                  pay.InvalidPhone,
		"Reference externe deja utilisee":                 pay.DuplicateReference,
		"Moyen de paiement non active":                    pay.OperatorUnavailable,
		"Service indisponible":                            pay.OperatorUnavailable,
		"Transaction annulée par le client":               pay.CustomerCanceled,
		"Le champ api_key est obligatoire":                pay.BadRequest,
		"Montant invalide":                                pay.BadRequest,
		"Moyen de paiement inconnu":                       pay.BadRequest,
		"Paiement refuse. Numero de transaction MP1.2.J3": pay.ProviderError,
		"":                                pay.ProviderError,
		"La boutique Shopping a un souci": pay.ProviderError,
	} {
		if got := reasonOf(message, false); got != want {
			t.Errorf("%q means %s, want %s", message, got, want)
		}
	}
	if got := reasonOf("Paiement refuse par la banque", true); got != pay.Declined {
		t.Errorf("a refusal without a reason is %s", got)
	}
}

func TestEveryReasonHasWordsThatGiveItBack(t *testing.T) {
	for _, reason := range pay.Reasons() {
		words, ok := refusalWords[reason]
		if !ok || words.message == "" {
			t.Errorf("%s has no words", reason)
			continue
		}
		want := reason
		if reason == pay.AuthFailed { // of the gateway's own account at a rail
			want = pay.OperatorUnavailable
		}
		if got := reasonOf(words.message, words.operator); got != want {
			t.Errorf("%s is read back as %s", reason, got)
		}
	}
}

func TestAnswersThatAreNoObjectAreUnreadable(t *testing.T) {
	for _, body := range []string{"", "null", "[]", "true", "<html>", `{"code":2`, `{"code":200}{}`} {
		if _, err := readAnswer(200, []byte(body)); err == nil {
			t.Errorf("%q is read", body)
		}
	}
}
