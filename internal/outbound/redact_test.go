package outbound

import (
	"strings"
	"testing"
	"time"
)

// The secrets, card numbers and phone numbers below are made up, or the card
// numbers that acquirers publish for tests.
const (
	testPAN    = "4111111111111111"
	testPhone  = "24174123456"
	testSecret = "s3cr3t-V4lue"
)

func TestBodiesAreRedactedByNameAndByPattern(t *testing.T) {
	tests := []struct{ name, contentType, body, want string }{
		{
			"JSON keeps its order and innocent values", "application/json",
			`{"amount": 1000.50, "apikey":"abc","reference":"REF0001","password":"x","ok":true,"none":null,"secret":"", "list":[1,"a"]}`,
			`{"amount":1000.50,"apikey":"****","reference":"REF0001","password":"****","ok":true,"none":null,"secret":"","list":[1,"a"]}`,
		},
		{
			"JSON secrets of any type", "application/json; charset=utf-8",
			`{"pin":1234,"otp":["1","2"],"token":{"access":"abc"},"secretKey":"abc","cvv_encrpyt":"abc","code_otp":12}`,
			`{"pin":"****","otp":"****","token":"****","secretKey":"****","cvv_encrpyt":"****","code_otp":"****"}`,
		},
		{
			"card numbers under their names, valid or not", "application/json",
			`{"card":{"number":"4000000000000000","name":"A"},"numero_carte_bancaire":"4111-1111-1111-1111","card_number":"12"}`,
			`{"card":{"number":"400000******0000","name":"A"},"numero_carte_bancaire":"411111******1111","card_number":"****"}`,
		},
		{
			"card numbers anywhere", "application/json",
			`{"a":4111111111111111,"note":"paid by 5555 5555 5555 4444 today","long":"41111111111111111111","odd":"4111111111111112"}`,
			`{"a":"411111******1111","note":"paid by 555555******4444 today","long":"41111111111111111111","odd":"4111111111111112"}`,
		},
		{
			"phone numbers", "application/json",
			`{"phone":"074123456","client_phone":24174123456,"msg":"+241 74 12 34 56 or 24174123456 or 074123456","ref":"CP24174123456","at":1700000000000}`,
			`{"phone":"*****3456","client_phone":"*******3456","msg":"+*** ** ** 34 56 or *******3456 or *****3456","ref":"CP24174123456","at":1700000000000}`,
		},
		{
			"JSON within a string", "application/json",
			`{"data":"{\"api_key\":\"abc\",\"n\":1}"}`,
			`{"data":"{\"api_key\":\"****\",\"n\":1}"}`,
		},
		{
			"a form", "application/x-www-form-urlencoded",
			"apikey=a%26bc&amount=1000&card%5Bnumber%5D=4111+1111+1111+1111&card%5Bcvv%5D=123&phone=%2B24174123456&empty=&login=me",
			"apikey=****&amount=1000&card[number]=411111******1111&card[cvv]=****&phone=+*******3456&empty=&login=****",
		},
		{
			"XML", "application/xml",
			`<p xmlns:x="u" token="abc"><amount>1000</amount><x:secret a="b">abc</x:secret><password><![CDATA[a<b]]></password><customer_account_number>074123456</customer_account_number></p>`,
			`<p xmlns:x="u" token="****"><amount>1000</amount><x:secret a="b">****</x:secret><password>****</password><customer_account_number>*****3456</customer_account_number></p>`,
		},
		{
			"a multipart form", "multipart/form-data; boundary=B",
			"--B\r\nContent-Disposition: form-data; name=\"api_key\"\r\n\r\nabc\r\n--B\r\nContent-Disposition: form-data; name=\"amount\"\r\n\r\n1000\r\n--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\nsecret\r\n--B--\r\n",
			"api_key=****\namount=1000\nf=[6 bytes]",
		},
		{
			"broken JSON", "application/json",
			`{"token":"abc","n":1,"password": "a\"bc`,
			`{"token":"****","n":1,"password": "****"`,
		},
		{
			"plain text", "text/plain",
			"error: token=abc for https://u:abc@x.example/p?api_key=abc&n=1 Authorization: Basic YWJjOmRlZg==",
			"error: token=**** for https://****@x.example/p?api_key=****&n=1 Authorization: ****",
		},
		{
			"bearers, our own keys and JWTs without a name", "text/plain",
			"Bearer abcdefghij sk_live_abc123 eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
			"Bearer **** sk_live_**** ****",
		},
		{"what is not text", "application/json", "\xff\xfe\x00", "[3 bytes that are not text]"},
		{"nothing", "application/json", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Redact(tt.contentType, []byte(tt.body)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestNamesAreJudgedInAllTheirSpellings(t *testing.T) {
	for kind, list := range map[nameKind]string{
		secretName: "apikey api_key apiKey API-KEY X-Api-Key Authorization Proxy-Authorization X-Secret secret_key secretKey client_secret " +
			"x-token token payment_token access_token keypass Cookie Set-Cookie password motDePasse mot_de_passe login otp OTP_code code_otp " +
			"security_code code_securite cvv cvv2 cvv_number cvv_encrpyt cvc pin soap:Password card[cvv] webhook-signature key",
		cardName:  "card_number cardNumber card[number] pan numero_carte_bancaire cardNo",
		phoneName: "phone phone_number client_phone customer_phone_number cel_phone_num msisdn numero_telephone_payeur numero numéro customer_account_number tel receiver_phone",
		plainName: "amount currency reference transaction_id operator status code merchant_operation_account_code Content-Type opinion spinner Idempotency-Key notify_url hotel telecom",
	} {
		for name := range strings.FieldsSeq(list) {
			if got := kindOf(name); got != kind {
				t.Errorf("kindOf(%s) = %d, want %d", name, got, kind)
			}
		}
	}
}

// Whatever form the same secrets come in, wrongly labelled too, none survives.
func TestNoSecretSurvivesAnyLabel(t *testing.T) {
	bodies := []string{
		`{"api_key":"` + testSecret + `","card":{"number":"` + testPAN + `"},"customer":[{"phone":"` + testPhone + `"}]}`,
		`{"api_key":"` + testSecret + `","pan":` + testPAN + `,"phone":` + testPhone + `,`,
		`"{\"api_key\":\"` + testSecret + `\",\"pan\":\"` + testPAN + `\",\"phone\":\"` + testPhone + `\"}"`,
		"api_key=" + testSecret + "&card_number=" + testPAN + "&phone=" + testPhone,
		"<r><api_key>" + testSecret + "</api_key><pan>" + testPAN + "</pan><phone>" + testPhone + "</phone></r>",
		"<r><api_key>" + testSecret + "</api_key><pan>" + testPAN + "</pan><phone>" + testPhone,
		"X-Secret: " + testSecret + "\r\npan: " + testPAN + "\r\nphone: " + testPhone + "\r\n",
		"api_key='" + testSecret + "', pan='" + testPAN + "', phone='" + testPhone + "'",
		strings.Repeat("[", 200) + `{"api_key":"` + testSecret + `","pan":"` + testPAN + `","phone":"` + testPhone + `"}` + strings.Repeat("]", 200),
	}
	for _, body := range bodies {
		for _, contentType := range []string{"", "application/json", "application/x-www-form-urlencoded", "text/xml", "text/html", "multipart/form-data; boundary=x", ";;"} {
			text := Redact(contentType, []byte(body))
			for _, original := range []string{testSecret, testPAN, testPhone} {
				if strings.Contains(text, original) {
					t.Errorf("as %q, %s survives in %s", contentType, original, text)
				}
			}
		}
	}
}

func TestGivenSecretsAreFoundInEverySpelling(t *testing.T) {
	secret := `p&ss"wörd/1`
	r := newRedactor([]string{secret, "p&ss", "abc", ""})
	for _, text := range []string{
		`in a path /p&ss"wörd/1/x`, "p%26ss%22w%C3%B6rd%2F1", "p&amp;ss&#34;wörd/1", `{"x":"p&ss\"wörd/1"}`,
		"cCZzcyJ3w7ZyZC8x", // base64
	} {
		got := r.text(text)
		if strings.Contains(got, "rd") || !strings.Contains(got, mask) {
			t.Errorf("text(%s) = %s", text, got)
		}
	}
	if got := r.text("the abc of it"); got != "the abc of it" {
		t.Errorf("a short secret shredded %q", got)
	}
	if got, _ := newRedactor([]string{"123456"}).json(`{"code":123456}`); got != `{"code":"****"}` {
		t.Errorf("a secret number: %s", got)
	}
}

// A hostile peer chooses its answer: time that grows with the square of its
// length would be minutes here, where a second is plenty.
func TestRedactionOfALongBodyIsQuick(t *testing.T) {
	started := time.Now()
	for _, piece := range []string{"a", "1", "\"", "a=", "<a>", "4111 ", "{", "a:b,", "%3D", "pin:\"", "{\"a\":"} {
		if Redact("text/plain", []byte(strings.Repeat(piece, (64<<10)/len(piece)))) == "" {
			t.Error("lost")
		}
	}
	if took := time.Since(started); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
}
