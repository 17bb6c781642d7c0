package mypayga

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/passerelle-pay/passerelle/provider"
)

func linkScenes() []provider.Scene {
	return []provider.Scene{
		{Operation: "payment/generateLink", Play: playLink},
		{Operation: "payment/getLink", Play: playLinkView(statusPending)},
		{Operation: "payment/sharedLink/pay", Play: playLinkPaid},
		{Operation: "payment/getLink paid", Play: playLinkView(statusOK)},
		{Operation: "payment/linkCancel", Play: playLinkCancel(pathLinkCancel)},
		{Operation: "mpayment/linkCancel", Play: playLinkCancel(pathLinkCancelHeading)},
		{Operation: "payment/linkCancel paid", Play: playPaidCancel},
	}
}

func newLink(ctx context.Context, s *provider.Stage) (int, answer, error) {
	status, a, err := query(ctx, s, http.MethodPost, fill(s,
		pathLinkCreate+"?firstname=Fname&lastname=Lname\n&email=contact@gmail.com&phone=074111111&amount=1000&description=Test\n&apikey={secret}"))
	if err == nil {
		err = a.wants(map[string]string{
			"message": "Link created", "code": statusOK, "link.description": "Test", "link.email": "contact@gmail.com",
			"link.phone": "074111111", "link.expired": "0", "link.paid": "0",
		})
	}
	if err == nil && (tokenOf(a.at("link.url")) == "" || a.at("link.order_ref") == "") {
		err = errors.New("the link has no token_url or no order_ref")
	}
	return status, a, err
}

func playLink(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, a, err := newLink(ctx, s)
	s.Store[storeLink], s.Store[storeOrderRef] = a.at("link.url"), a.at("link.order_ref")
	return status, a.at("message"), err
}

func playLinkView(want string) func(context.Context, *provider.Stage) (int, string, error) {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		ref := tokenOf(s.Store[storeLink])
		status, a, err := query(ctx, s, http.MethodPost, fill(s, pathLinkView+"{ref}?apikey={secret}", "{ref}", ref))
		if err == nil {
			err = a.wants(map[string]string{
				"message": "Link created", "code": "", "link.ref": ref, "link.description": "Test",
				"link.expired": "0", "link.final_status": want, "link.url": s.Store[storeLink],
			})
		}
		return status, "final_status " + a.at("link.final_status"), err
	}
}

func playLinkPaid(ctx context.Context, s *provider.Stage) (int, string, error) {
	choice := map[string]string{"method": "mobile_money", "phone": "+24174111111"}
	if err := s.Pay(ctx, s.Store[storeLink], choice); err != nil {
		return 0, "", fmt.Errorf("pay by the link: %w", err)
	}
	c, err := called(ctx, s, tokenOf(s.Store[storeLink]), statusOK, textAirtelPaid)
	if err == nil && (c.UniqueID != s.Store[storeOrderRef] || c.Amount != "1000") {
		err = errors.New("the callback is not of the link")
	}
	return http.StatusOK, "paid", err
}

func playLinkCancel(path string) func(context.Context, *provider.Stage) (int, string, error) {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		_, a, err := newLink(ctx, s)
		if err != nil {
			return 0, "", err
		}
		ref := tokenOf(a.at("link.url"))
		status, a, err := query(ctx, s, http.MethodGet, fill(s, path+"{ref}?apikey={secret}", "{ref}", ref))
		if err == nil {
			err = a.wants(map[string]string{"message": "Link updated : Changed to Expired", "code": statusOK, "link": ref})
		}
		return status, a.at("message"), err
	}
}

func playPaidCancel(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, a, err := query(ctx, s, http.MethodGet,
		fill(s, pathLinkCancel+"{ref}?apikey={secret}", "{ref}", tokenOf(s.Store[storeLink])))
	if err == nil {
		err = a.wants(map[string]string{"message": messageLinkPaid, "code": "409"})
	}
	return status, a.at("message"), err
}

// newerScenes play the API that public clients use.
func newerScenes() []provider.Scene {
	return []provider.Scene{
		{Operation: "v1/payment", Play: playNewer},
		{Operation: "v1/payment card", Play: playNewerCard},
		{Operation: "v1/payment refused", Play: playNewerRefused},
		{Operation: "verify", Play: playVerify},
		{Operation: "network", Play: playNetwork},
	}
}

func newer(ctx context.Context, s *provider.Stage, order PaymentOrder) (int, answer, error) {
	order.APIKey, order.UniqueID = s.Credentials[fieldAPIKey], s.Unique()
	order.URLs.Callback = s.Callback
	order.Amount, order.Country, order.Currency = "100", homeCountry, "XAF"
	body, err := json.Marshal(order)
	if err != nil {
		return 0, nil, fmt.Errorf("encode payment: %w", err)
	}
	return send(ctx, s, http.MethodPost, pathPay, mediaJSON, body)
}

func playNewer(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, a, err := newer(ctx, s, PaymentOrder{ClientPhone: "074121212", Network: "AM", Type: typeMobile})
	if err == nil {
		err = a.wants(map[string]string{"request_status": statusOK, "message": messageStarted})
	}
	if err != nil {
		return status, a.at("message"), err
	}
	s.Store[storeNewer] = a.at("payment_token")
	c, err := called(ctx, s, s.Store[storeNewer], statusOK, textPaid)
	if err == nil && c.Currency != "XAF" {
		err = errors.New("the callback's currency is not the one sent")
	}
	return status, c.Message, err
}

func playNewerCard(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, a, err := newer(ctx, s, PaymentOrder{Type: typeCard})
	if err != nil {
		return status, "", err
	}
	card := map[string]string{"method": "card", "number": testCards[0].number, "expiry": "12/39", "cvv": "123"}
	if err := s.Pay(ctx, a.at("checkout_url"), card); err != nil {
		return status, "", fmt.Errorf("pay by card: %w", err)
	}
	c, err := called(ctx, s, a.at("payment_token"), statusOK, textCardPaid)
	return status, c.Message, err
}

func playNewerRefused(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, a, err := newer(ctx, s, PaymentOrder{ClientPhone: "12", Network: "AM", Type: typeMobile})
	if err == nil {
		err = a.wants(map[string]string{"request_status": statusFailed, "message": messagePhone})
	}
	if err == nil && status != http.StatusBadRequest {
		err = fmt.Errorf("want HTTP 400, got %d", status)
	}
	return status, a.at("message"), err
}

func playVerify(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, a, err := query(ctx, s, http.MethodGet,
		fill(s, pathVerify+"?apikey={public}&payment_token={token}", "{token}", s.Store[storeNewer]))
	if err == nil {
		err = a.wants(map[string]string{
			"statusRequest": statusOK, "order_status": statusOK, "amount": "100", "payment_token": s.Store[storeNewer],
			"payment_method": methodMobile, "message": textPaid, "client_phone": "074121212", "currency": "XAF",
		})
	}
	return status, a.at("message"), err
}

func playNetwork(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, a, err := query(ctx, s, http.MethodGet,
		fill(s, pathNetwork+"?apikey={public}&tel_number=074121212&country=GA&type=mobile_money"))
	if err == nil {
		err = a.wants(map[string]string{
			"statusRequest": statusOK, "network": "AM", "mobile_money_svce": "Airtel Money", "mobile_money_code": "AM",
		})
	}
	return status, a.at("network"), err
}
