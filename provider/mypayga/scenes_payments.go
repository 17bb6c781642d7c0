package mypayga

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func secretOf(s *provider.Stage) pay.Secret { return pay.Secret(s.Credentials[fieldCallbackSecret]) }

func paymentScenes() []provider.Scene {
	const requestSample = pathRequest + "?apikey={secret}\n&client_phone=077000000\n&description=Description\n"
	started := map[string]string{"message": messageStarted, "statusRequest": statusOK, "transaction.currency": currencyCFA, "transaction.country": "GA", "transaction.amount": "100"}
	refused := func(status, message string) map[string]string {
		return map[string]string{"statusRequest": status, "message": message}
	}
	return []provider.Scene{
		{Operation: "payment/gethash", Play: playHash},
		{Operation: "payment/gethash query", Play: plain(http.MethodPost,
			pathHash+"?\nemail=m@m.com&firstname=Fname\n&lastname=Lname&uniqueID={unique}&amount=1500\n&apikey={public}\n&description=Description test\n&phone=07000000",
			map[string]string{"code": statusOK, "message": "References created successfully"})},
		{Operation: "mpayment/payment-request", Play: playRequest},
		{Operation: "mpayment/payment-request query", Play: plain(http.MethodPost,
			requestSample+"&lastname=ClientLname,\n&amount=100\n&payment_token={unique}", started)},
		{Operation: "mpayment/payment-request mpga_uniqueId", Play: plain(http.MethodPost,
			requestSample+"&mpga_uniqueId={unique}&amount=100", started)},
		{Operation: "mpayment/payment-request fused parameter", Play: plain(http.MethodPost,
			requestSample+"&lastname=ClientLname\npayment_token={unique}\n&amount=100",
			refused("400", "Missing parameter : payment_token"))},
		{Operation: "mpayment/payment-request wrong apikey", Play: plain(http.MethodPost,
			pathRequest+"?apikey=spub_xjbzlzbazzpizeiad&amount=100&client_phone=077000000&payment_token={unique}",
			refused("401", "Invalid API key"))},
		{Operation: "mpayment/payment-request public apikey", Play: plain(http.MethodPost,
			pathRequest+"?apikey={public}&amount=100&client_phone=077000000&payment_token={unique}",
			refused("401", "Invalid API key"))},
		{Operation: "mpayment/payment-request amount", Play: plain(http.MethodPost,
			pathRequest+"?apikey={secret}&amount=5 000,5&client_phone=077000000&payment_token={unique}",
			refused("400", "Invalid amount"))},
		{Operation: "mpayment/payment-request token used", Play: playTwice},
		{Operation: "callback", Play: playCallback},
		{Operation: "callback refused", Play: playRefusedCallback},
		{Operation: "payment/paiement-detail", Play: playDetail},
		{Operation: "payment/paiement-detail unknown", Play: plain(http.MethodGet,
			pathDetail+"?payment_ref={unique}&apikey={public}",
			map[string]string{"code": statusAbsent, "message": messageNotFound, "final_status": "", "environnement": "test"})},
		{Operation: "mpayment/getFees", Play: plain(http.MethodGet,
			pathFees+"?apikey={secret}\n&ope=AM&country=GA", map[string]string{
				"message": "Request OK.", "statusRequest": statusOK, "fees.merchand_custom_fees": standardRate,
				"fees.short_partner": "AM", "fees.cty_partner": "GA", "fees.currency": currencyCFA,
			})},
	}
}

// references plays the document's gethash with another unique id, number and amount.
func references(ctx context.Context, s *provider.Stage, uniqueID, number, amount string) (int, answer, error) {
	status, a, err := php(ctx, s, pathHash, map[string]string{
		"email": "client@gmail.com", "firstname": "Client firstname", "lastname": "Client lastname",
		"uniqueID": uniqueID, "amount": amount, "phone": number, "apikey": s.Credentials[fieldAPIKey],
		"description": "The purpose of the payment",
	})
	if err == nil {
		err = a.wants(map[string]string{"code": statusOK, "message": "References created successfully", "uniqueID": uniqueID})
	}
	if err == nil && (len(a.at("hash")) != hashLength || len(a.at("payment_token")) != tokenLength) {
		err = errors.New("hash or payment_token is not of the documented length")
	}
	return status, a, err
}

func playHash(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, a, err := references(ctx, s, s.Unique(), "07000000", "1500")
	return status, a.at("message"), err
}

// request plays the document's payment-request with another number and token.
func request(ctx context.Context, s *provider.Stage, number, token, amount string) (int, answer, error) {
	status, a, err := php(ctx, s, pathRequest, map[string]string{
		"email": "client-examle@mail.com", "firstname": "Client Fname", "lastname": "Client Lname", "amount": amount,
		"client_phone": number, "apikey": s.Credentials[fieldAPIKey], "description": "Sample description",
		"payment_token": token,
	})
	if err == nil {
		err = a.wants(map[string]string{
			"message": messageStarted, "statusRequest": statusOK, "payment_token": token,
			"transaction.amount": amount, "transaction.currency": currencyCFA,
		})
	}
	return status, a, err
}

func playRequest(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, a, err := request(ctx, s, "074000000", s.Unique(), "100")
	return status, a.at("message"), err
}

func playTwice(ctx context.Context, s *provider.Stage) (int, string, error) {
	token := s.Unique()
	if status, _, err := request(ctx, s, "074000000", token, "100"); err != nil {
		return status, "", err
	}
	status, a, err := query(ctx, s, http.MethodPost,
		fill(s, pathRequest+"?apikey={secret}&client_phone=074000000&amount=100&payment_token={token}", "{token}", token))
	if err == nil {
		err = a.wants(map[string]string{"statusRequest": "409", "message": messageUsed})
	}
	return status, a.at("message"), err
}

// playCallback plays a payment by references of gethash to its callback.
func playCallback(ctx context.Context, s *provider.Stage) (int, string, error) {
	uniqueID := s.Unique()
	_, a, err := references(ctx, s, uniqueID, "074121212", "144")
	if err != nil {
		return 0, "", err
	}
	token := a.at("payment_token")
	status, _, err := request(ctx, s, "074121212", token, "144")
	if err != nil {
		return status, "", err
	}
	c, err := called(ctx, s, token, statusOK, textPaid)
	if err == nil && (c.UniqueID != uniqueID || c.Amount != "144" || c.PaymentMethod != methodMobile || c.ClientPhone != "074121212" || c.Currency != currencyCFA) {
		err = errors.New("the callback is of another payment")
	}
	s.Store[storeToken], s.Store[storeUniqueID] = token, uniqueID
	return status, c.Message, err
}

func playRefusedCallback(ctx context.Context, s *provider.Stage) (int, string, error) {
	token := s.Unique()
	status, _, err := request(ctx, s, "074131313", token, "2400")
	if err != nil {
		return status, "", err
	}
	c, err := called(ctx, s, token, statusFailed, textNoFunds)
	return status, c.Message, err
}

func playDetail(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, a, err := detailed(ctx, s, s.Store[storeToken])
	if err == nil {
		err = a.wants(map[string]string{
			"code": statusOK, "final_status": statusOK, "merchand_ref": s.Store[storeUniqueID], "environnement": "test",
			"payment.merchand_ref": s.Store[storeUniqueID], "payment.payment_token": s.Store[storeToken],
			"payment.paymentMethod": methodMobile, "payment.OrderStatus": statusOK, "payment.totalAmount": "144",
			"payment.clientNumber": "074121212", "payment.pmt_banque": "AM", "payment.last_4_digits": "0000",
			"payment.frais_transaction": "2.52", "payment.montant_net": "141.48", "payment.final_status": statusOK,
		})
	}
	return status, a.at("payment.message_data"), err
}

// testDataScenes play every row of the document's tables of test data.
func testDataScenes() []provider.Scene {
	var list []provider.Scene
	for _, row := range testNumbers {
		list = append(list, provider.Scene{Operation: "test number " + row.number, Play: playNumber(row)})
	}
	for _, row := range testCards {
		list = append(list, provider.Scene{Operation: "mpgga-form-cbpay " + row.state + " " + row.number[12:], Play: playCard(row)})
	}
	return list
}

func playNumber(row testNumber) func(context.Context, *provider.Stage) (int, string, error) {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		token := s.Unique()
		status, _, err := request(ctx, s, row.number, token, "100")
		if err != nil {
			return status, "", err
		}
		if _, err := called(ctx, s, token, row.code, row.message); err != nil {
			return status, "", err
		}
		_, a, err := detailed(ctx, s, token)
		if err == nil {
			err = a.wants(map[string]string{
				"payment.OrderStatus": row.code, "final_status": row.code, "payment.message_data": row.message,
				"payment.pmt_banque": networkCode(row.operator),
			})
		}
		return status, row.code, err
	}
}

// playCard posts the card form as a browser does and pays on the page it leads to.
func playCard(row testCard) func(context.Context, *provider.Stage) (int, string, error) {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		_, a, err := references(ctx, s, s.Unique(), "074000000", "1500")
		if err != nil {
			return 0, "", err
		}
		token := a.at("payment_token")
		status, page, err := postForm(ctx, s, url.Values{
			"payment_token": {token}, "apikey": {s.Credentials[fieldPublicKey]}, "hash": {a.at("hash")},
		})
		if err != nil {
			return status, "", err
		}
		card := map[string]string{"method": "card", "number": row.number, "expiry": "12/39", "cvv": "123"}
		if err := s.Pay(ctx, page, card); err != nil {
			return status, "", fmt.Errorf("pay by card: %w", err)
		}
		want := statusOK
		if row.reason != "" {
			want = statusFailed
		}
		c, err := called(ctx, s, token, want, row.message)
		if err == nil && (c.PaymentMethod != methodCard || c.ClientPhone != "") {
			err = errors.New("the callback is not of a card")
		}
		return status, c.Message, err
	}
}

func postForm(ctx context.Context, s *provider.Stage, form url.Values) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Base+pathCardForm, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", fmt.Errorf("make form: %w", err)
	}
	req.Header.Set("Content-Type", mediaForm)
	resp, err := s.HTTP.Do(req)
	if err != nil {
		return 0, "", fmt.Errorf("post form: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	page, err := resp.Location()
	if resp.StatusCode != http.StatusSeeOther || err != nil {
		return resp.StatusCode, "", fmt.Errorf("the form leads nowhere: HTTP %d", resp.StatusCode)
	}
	return resp.StatusCode, page.String(), nil
}
