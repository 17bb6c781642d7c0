package simtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// credentials are the fields of the rail's connection.
func (x *rail) credentials() map[string]string {
	switch x.provider {
	case "mypvit":
		return map[string]string{
			"base_url": x.url(), "code_url": "SIMULATION000001", "account": pvitAccount,
			"secret": "sk_live_" + x.name, "callback_url_code": "CBK01",
		}
	case "mypayga":
		return map[string]string{
			"apikey": "sprod_" + x.name, "callback_secret": "callback-" + x.name, "base_url": x.url(), "card_base_url": x.url(),
		}
	case "flexpay":
		profile := "extended"
		if x.name == "flexpay-1" {
			profile = "strict"
		}
		return map[string]string{
			"token": "token-" + x.name, "merchant": "SIM", "card_base": x.url(), "pay_base": x.url() + "/api/rest/v1", "status_profile": profile,
		}
	case "komipay":
		return map[string]string{"token_base": x.url(), "login": "sim@passerelle.test", "password": "p", "api_key": "key-" + x.name}
	}
	return map[string]string{
		"apikey": "key-" + x.name, "site_id": "100001", "secret_key": "secret-" + x.name, "transfer_password": "p",
		"base_url": x.url(), "transfer_base_url": x.url() + "/v1",
	}
}

// addRoutes makes each market's first rails what its payments fail over by.
func (w *world) addRoutes(p *process, ids map[string]string) error {
	done := map[string]bool{}
	position := 1
	for _, m := range markets() {
		if done[m.country] {
			continue
		}
		done[m.country] = true
		for _, name := range m.rails {
			if ids[name] == "" {
				continue
			}
			position++
			body, err := json.Marshal(map[string]any{"connection": ids[name], "country": m.country, "position": position})
			if err != nil {
				return err
			}
			status, answer, err := w.call(http.MethodPost, "/v1/routes", "", body)
			if err != nil || status != http.StatusCreated {
				return fmt.Errorf("add route to %s: HTTP %d %s: %w", name, status, answer, err)
			}
		}
	}
	return nil
}

// call makes one request of the merchant to the gateway.
func (w *world) call(method, path, key string, body []byte) (int, []byte, error) {
	r, err := http.NewRequest(method, "http://"+gatewayAddress+path, bytes.NewReader(body)) //nolint:noctx // the client has a time limit
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+apiKey)
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	resp, err := w.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}
