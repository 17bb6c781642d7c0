package komipay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/provider"
)

// play is a scene's function.
type play = func(context.Context, *provider.Stage) (int, string, error)

// scenes are the documented operations. All but the first use its token.
func scenes() []provider.Scene {
	list := []provider.Scene{
		{Operation: opToken, Play: playToken},
		{Operation: opToken + " wrong password", Play: playWrongPassword},
		{Operation: opCollect + " without token", Play: playWithoutToken},
		{Operation: opCollect + " " + AirtelMoney, Play: telcoPaid(AirtelMoney, "90000100")},
		{Operation: opCollect + " " + MoovFlooz, Play: telcoPaid(MoovFlooz, "94000100")},
		{Operation: opCollect + " " + ZamaniCash, Play: telcoPaid(ZamaniCash, "+227 91 00 01 00")},
		{Operation: opCollect + " refused", Play: playTelcoRefused},
		{Operation: opCollect + " reference used", Play: playDuplicate},
		{Operation: opCollect + " wrong api_key", Play: playWrongKey},
		{Operation: opCollect + " unknown means", Play: collectRefused(messageBadMeans, "mobile_money", "moov_money")},
		{Operation: opCollect + " without amount", Play: collectRefused(missing("montant_a_payer").message, "montant_a_payer", nil)},
		{Operation: opCollect + " broken amount", Play: collectRefused(messageBadAmount, "montant_a_payer", "5 000,5")},
		{Operation: opCollect + " foreign phone", Play: collectRefused(messageBadPhone, "numero_telephone_payeur", "+33600000100")},
	}
	list = append(list, staScenes()...)
	list = append(list, cardScenes()...)
	return append(list, statusScenes()...)
}

// said is an answer: its keys as they came, and what our client reads in it.
type said struct {
	Answer
	keys map[string]json.RawMessage
	body string
}

// ask plays one request with the demo credentials' token.
func ask(ctx context.Context, s *provider.Stage, operation string, body map[string]any) (said, error) {
	token, err := sceneToken(ctx, s)
	if err != nil {
		return said{}, err
	}
	return send(ctx, s, versionPath+"/"+operation, body, http.Header{
		"Authorization": {"Bearer " + token}, headerKeypass: {s.Credentials[fieldKeypass]},
	})
}

func send(ctx context.Context, s *provider.Stage, path string, body map[string]any, header http.Header) (said, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return said{}, fmt.Errorf("encode %s: %w", path, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Base+basePath+path, bytes.NewReader(encoded))
	if err != nil {
		return said{}, fmt.Errorf("request %s: %w", path, err)
	}
	for name, values := range header {
		req.Header.Set(name, values[0])
	}
	req.Header.Set("Content-Type", mediaJSON)
	res, err := s.HTTP.Do(req)
	if err != nil {
		return said{}, fmt.Errorf("request %s: %w", path, bareError(err))
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return said{}, fmt.Errorf("read answer to %s: %w", path, err)
	}
	a := said{body: string(raw), Answer: Answer{HTTPStatus: res.StatusCode}}
	if len(raw) == 0 {
		return a, nil
	}
	if err := json.Unmarshal(raw, &a.keys); err != nil {
		return a, fmt.Errorf("answer of HTTP %d is not the documented JSON: %w", res.StatusCode, err)
	}
	a.Answer, err = readAnswer(res.StatusCode, raw)
	return a, err
}

// holds checks that the answer has these fields with these JSON texts, and its
// business in the body of an HTTP 200.
func (a said) holds(want map[string]string) error {
	if a.HTTPStatus != http.StatusOK {
		return fmt.Errorf("want HTTP 200, got %d", a.HTTPStatus)
	}
	for name, text := range want {
		if got := string(a.keys[name]); got != text {
			return fmt.Errorf("%s is %s, want %s", name, got, text)
		}
	}
	return nil
}

func quoted(text string) string {
	b, _ := json.Marshal(text) // a string always marshals
	return string(b)
}

// refusedWith is what a refusal of the request itself looks like.
func (a said) refusedWith(code int, message string) error {
	if len(a.keys) != 3 {
		return fmt.Errorf("a refusal has three fields, got %d", len(a.keys))
	}
	return a.holds(map[string]string{"code": fmt.Sprint(code), "statut": "false", "message": quoted(message)})
}

// is gives a scene's result: the outcome's word and whether it is as documented.
func (a said) is(word string, err error) (int, string, error) { return a.HTTPStatus, word, err }

const storeToken = "token"

func sceneToken(ctx context.Context, s *provider.Stage) (string, error) {
	if token := s.Store[storeToken]; token != "" {
		return token, nil
	}
	_, _, err := playToken(ctx, s)
	return s.Store[storeToken], err
}

func logIn(ctx context.Context, s *provider.Stage, password string) (said, error) {
	return send(ctx, s, "/"+opToken, map[string]any{
		"login": s.Credentials[fieldLogin], "password": password, "api_key": s.Credentials[fieldAPIKey],
	}, nil)
}

func playToken(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, err := logIn(ctx, s, s.Credentials[fieldPassword])
	if err == nil {
		err = a.holds(map[string]string{
			"code": "200", "statut": "true", "message": quoted("Token généré avec succès"), "expires": quoted("30 minutes"),
		})
	}
	if err == nil && a.token == "" {
		err = errors.New("there is no token")
	}
	s.Store[storeToken] = a.token
	return a.is("token", err)
}

func playWrongPassword(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, err := logIn(ctx, s, "wrong-password")
	if err == nil {
		err = a.refusedWith(http.StatusUnauthorized, messageBadLogin)
	}
	return a.is("refused", err)
}

func playWithoutToken(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, err := send(ctx, s, versionPath+"/"+opCollect, telcoExample(s, AirtelMoney, "90000100"), nil)
	if err == nil && (a.HTTPStatus != http.StatusUnauthorized || a.body != "") {
		err = fmt.Errorf("want HTTP 401 with an empty body, got %d", a.HTTPStatus)
	}
	return a.is("refused", err)
}

// telcoExample is the seed's own request with issued credentials.
func telcoExample(s *provider.Stage, means, phone string) map[string]any {
	return map[string]any{
		"mobile_money": means, "api_key": s.Credentials[fieldAPIKey], "montant_a_payer": "5 000",
		"numero_telephone_payeur": phone, "nom_prenom_payeur": "KomiPay KomiPay", "reference_externe": s.Unique(),
	}
}

func telcoPaid(means, phone string) play {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		request := telcoExample(s, means, phone)
		a, err := ask(ctx, s, opCollect, request)
		if err == nil {
			err = a.holds(map[string]string{
				"code": "200", "statut": "true", "transactionStatus": quoted(stateSuccess),
				"reference_externe": quoted(request["reference_externe"].(string)),
			})
		}
		if err == nil && !isReference(a.Reference) {
			err = errors.New("reference_transaction has another form")
		}
		return a.is("succeeded", err)
	}
}

// isReference checks the form KP-<number>-B2C-<8 digits>.
func isReference(text string) bool {
	head, digits, ok := strings.Cut(text, "-B2C-")
	return ok && strings.HasPrefix(head, referencePrefix) && isDigits(digits, 8)
}

func playTelcoRefused(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, err := ask(ctx, s, opCollect, telcoExample(s, AirtelMoney, "90000001"))
	if err == nil {
		err = a.holds(map[string]string{"code": "400", "statut": `"TF"`})
	}
	if err == nil && (len(a.keys) != 3 || !strings.HasPrefix(a.Message, messageNoFunds+"MP")) {
		err = errors.New("the refusal is not the seed's three fields")
	}
	return a.is("failed", err)
}

func playDuplicate(ctx context.Context, s *provider.Stage) (int, string, error) {
	request := telcoExample(s, AirtelMoney, "90000100")
	a, err := ask(ctx, s, opCollect, request)
	if err == nil {
		a, err = ask(ctx, s, opCollect, request)
	}
	if err == nil {
		err = a.refusedWith(http.StatusBadRequest, messageDuplicate)
	}
	return a.is("refused", err)
}

func playWrongKey(ctx context.Context, s *provider.Stage) (int, string, error) {
	request := telcoExample(s, AirtelMoney, "90000100")
	request["api_key"] = "8OHSw7Sllod4aVpLPC0eD2pYT2g1NkJwUHdYL2txNDc1STArS3c9PQ=="
	a, err := ask(ctx, s, opCollect, request)
	if err == nil {
		err = a.refusedWith(http.StatusUnauthorized, messageBadKey)
	}
	return a.is("refused", err)
}

// collectRefused plays the example with one field changed, or without it.
func collectRefused(message, field string, value any) play {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		request := telcoExample(s, AirtelMoney, "90000100")
		if request[field] = value; value == nil {
			delete(request, field)
		}
		a, err := ask(ctx, s, opCollect, request)
		if err == nil {
			err = a.refusedWith(http.StatusBadRequest, message)
		}
		return a.is("refused", err)
	}
}
