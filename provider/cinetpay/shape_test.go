package cinetpay

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// checkShape holds a refusal to the documented keys: text everywhere, no data.
func checkShape(_ int, header http.Header, body []byte) error {
	if !strings.HasPrefix(header.Get("Content-Type"), "application/json") {
		return errors.New("not JSON")
	}
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	for _, key := range []string{"code", "message", "description", "api_response_id"} {
		if text, ok := answer[key].(string); !ok || text == "" {
			return errors.New("no " + key)
		}
	}
	if _, ok := answer["data"]; ok {
		return errors.New("a refusal has data")
	}
	return nil
}
