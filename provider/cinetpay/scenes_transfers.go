package cinetpay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-pay/passerelle/provider"
)

// Keys of what transfer scenes leave for later ones.
const (
	storeToken    = "cinetpay_token" //nolint:gosec // the name of a value, not the value
	storeTransfer = "cinetpay_transfer"
)

const scenePhone = "0700000100"

func transferScenes() []provider.Scene {
	return []provider.Scene{
		{Operation: "auth/login", Play: playLogin},
		{Operation: "auth/login wrong password", Play: playWrongPassword},
		{Operation: "transfer/check/balance", Play: playBalance},
		{Operation: "transfer wrong token", Play: playWrongToken},
		{Operation: "transfer to a stranger", Play: playStranger},
		{Operation: "transfer/contact", Play: playContact},
		{Operation: "transfer/money/send/contact", Play: playSend},
		{Operation: "transfer/check/money", Play: playCheckTransfer},
		{Operation: "transfer notification", Play: playTransferNotification},
		{Operation: "transfer client_transaction_id used", Play: playSendAgain},
	}
}

// transferReply is every answer of the transfer API; Code is a number or text.
type transferReply struct {
	Code        json.RawMessage `json:"code"`
	Message     string          `json:"message"`
	Description string          `json:"description"`
	Data        json.RawMessage `json:"data"`
}

// is reports whether the answer has the code in the documented JSON type.
func (t transferReply) is(code string) error {
	want := `"` + code + `"`
	if code == codeDone {
		want = code
	}
	if string(t.Code) != want {
		return fmt.Errorf("want code %s, got %s %s", want, t.Code, t.Message)
	}
	if code != codeDone && string(t.Data) != "[]" {
		return errors.New("data of a refusal is not empty")
	}
	return nil
}

// callTransfer plays a call of the transfer API: a form by POST, else a GET.
func callTransfer(ctx context.Context, s *provider.Stage, path string, query, form url.Values) (int, transferReply, error) {
	method := http.MethodPost
	if form == nil {
		method = http.MethodGet
	}
	query.Set("lang", "fr")
	address := s.Base + transferPrefix + path + "?" + query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, transferReply{}, errors.New("the address of the transfer API is not valid")
	}
	if form != nil {
		req.Header.Set("Content-Type", contentTypeForm)
	}
	var reply transferReply
	status, err := exchange(s, req, &reply)
	return status, reply, err
}

// playTransfer plays a call with the stored token and expects a code.
func playTransfer(ctx context.Context, s *provider.Stage, path, code string, query, form url.Values) (int, transferReply, error) {
	if s.Store[storeToken] == "" {
		return 0, transferReply{}, errors.New("there is no token: the login comes first")
	}
	query.Set("token", s.Store[storeToken])
	status, reply, err := callTransfer(ctx, s, path, query, form)
	if err == nil {
		err = reply.is(code)
	}
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("want HTTP 200, got %d", status)
	}
	return status, reply, err
}

func playLogin(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, reply, err := callTransfer(ctx, s, pathLogin, url.Values{}, url.Values{
		"apikey": {s.Credentials[fieldAPIKey]}, "password": {s.Credentials[fieldTransferPassword]},
	})
	if err == nil {
		err = reply.is(codeDone)
	}
	if err != nil {
		return status, reply.Message, err
	}
	var data struct {
		Token string `json:"token"`
	}
	if json.Unmarshal(reply.Data, &data) != nil || data.Token == "" {
		return status, reply.Message, errors.New("data has no token")
	}
	s.Store[storeToken] = data.Token
	return status, reply.Message, nil
}

func playWrongPassword(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, reply, err := callTransfer(ctx, s, pathLogin, url.Values{}, url.Values{
		"apikey": {s.Credentials[fieldAPIKey]}, "password": {"not the password"},
	})
	if err == nil {
		err = reply.is(codeBadCredentials)
	}
	return status, reply.Message, err
}

func playBalance(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, reply, err := playTransfer(ctx, s, pathBalance, codeDone, url.Values{}, nil)
	if err != nil {
		return status, reply.Message, err
	}
	var f Funds
	if json.Unmarshal(reply.Data, &f) != nil || f.Amount == "" || f.InUsing == "" || f.Available == "" {
		return status, reply.Message, errors.New("data lacks amount, inUsing or available")
	}
	return status, reply.Message, nil
}

func playWrongToken(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, reply, err := callTransfer(ctx, s, pathBalance, url.Values{"token": {"0123456789"}}, nil)
	if err == nil {
		err = reply.is(codeTokenInvalid)
	}
	if err == nil && (reply.Message != "INVALID_TOKEN" || reply.Description != "Votre token est invalide") {
		err = errors.New("the refusal is not as documented")
	}
	return status, reply.Message, err
}

// sendExample is the data of one transfer.
func sendExample(s *provider.Stage, phone, id string) url.Values {
	data, _ := json.Marshal([]map[string]any{{ // of texts and numbers: can't fail
		"prefix": "225", "phone": phone, "amount": 500,
		"client_transaction_id": id, "notify_url": s.Callback + "?transfer=" + id,
	}})
	return url.Values{"data": {string(data)}}
}

func playStranger(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, reply, err := playTransfer(ctx, s, pathSend, codeNotContact, url.Values{}, sendExample(s, "0700000199", s.Unique()))
	return status, reply.Message, err
}

func playContact(ctx context.Context, s *provider.Stage) (int, string, error) {
	data := `[{"prefix":"225","phone":"` + scenePhone + `","name":"Kouassi","surname":"Awa","email":"client@exemple.com"}]`
	status, reply, err := playTransfer(ctx, s, pathContact, codeDone, url.Values{}, url.Values{"data": {data}})
	if err != nil {
		return status, reply.Message, err
	}
	list := items(reply.Data)
	var item transferItem
	if len(list) != 1 || json.Unmarshal(list[0], &item) != nil {
		return status, reply.Message, errors.New("data has not one contact")
	}
	// Playing twice meets a contact that is known already, which is no error.
	if code := item.Code.String(); code != codeDone && code != codeContactKnown {
		return status, reply.Message, fmt.Errorf("the contact has code %s", code)
	}
	return status, reply.Message, nil
}

func playSend(ctx context.Context, s *provider.Stage) (int, string, error) {
	id := s.Unique()
	status, reply, err := playTransfer(ctx, s, pathSend, codeDone, url.Values{}, sendExample(s, scenePhone, id))
	if err != nil {
		return status, reply.Message, err
	}
	list := items(reply.Data)
	var item transferItem
	if len(list) != 1 || json.Unmarshal(list[0], &item) != nil {
		return status, reply.Message, errors.New("data has not one transfer")
	}
	if item.TreatmentStatus != treatmentNew || item.TransactionID == "" || item.Lot == "" || item.ClientTransactionID.String() != id {
		return status, reply.Message, errors.New("the transfer is not as documented")
	}
	s.Store[storeTransfer] = id
	return status, item.TreatmentStatus.String(), nil
}

func playCheckTransfer(ctx context.Context, s *provider.Stage) (int, string, error) {
	for {
		status, reply, err := playTransfer(ctx, s, pathCheckTransfer, codeDone,
			url.Values{"client_transaction_id": {s.Store[storeTransfer]}}, nil)
		if err != nil {
			return status, reply.Message, err
		}
		list := items(reply.Data)
		var state TransferState
		if len(list) != 1 || json.Unmarshal(list[0], &state) != nil {
			return status, reply.Message, errors.New("data has not one transfer")
		}
		switch treatment := state.TreatmentStatus.String(); treatment {
		case treatmentValid:
			return status, treatment, nil
		case treatmentRejected:
			return status, treatment, errors.New("the transfer was rejected: " + state.Comment.String())
		}
		if err := pause(ctx, scenePoll); err != nil {
			return status, state.TreatmentStatus.String(), fmt.Errorf("wait for the transfer: %w", err)
		}
	}
}

func playTransferNotification(ctx context.Context, s *provider.Stage) (int, string, error) {
	got, err := s.Received(ctx, "client_transaction_id="+s.Store[storeTransfer])
	if err != nil {
		return 0, "", fmt.Errorf("wait for the notification: %w", err)
	}
	p, err := formParams(got.Body)
	if err != nil {
		return 0, "", err
	}
	if len(p) != len(transferNoticeFields) || p.text("treatment_status") != treatmentValid || p.text("amount") != "500" {
		return 0, "", errors.New("the notification is not as documented")
	}
	return http.StatusOK, treatmentValid, nil
}

func playSendAgain(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, reply, err := playTransfer(ctx, s, pathSend, codeClientIDExists, url.Values{}, sendExample(s, scenePhone, s.Store[storeTransfer]))
	return status, reply.Message, err
}
