package komipay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/passerelle-pay/passerelle/pay"
)

// post sends one request and reads the answer. Texts of the answer that repeat
// one of our secrets have it masked.
func (c *Client) post(ctx context.Context, operation string, token pay.Secret, body any, secrets []pay.Secret, withKeypass ...bool) (Answer, error) {
	address := c.cfg.APIBase + "/" + operation
	if operation == opToken {
		address = c.cfg.TokenBase + "/" + operation
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return Answer{}, fmt.Errorf("komipay %s: write request: %w", operation, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(encoded))
	if err != nil {
		return Answer{}, fmt.Errorf("komipay %s: the address is not valid", operation)
	}
	req.Header.Set("Content-Type", mediaJSON)
	req.Header.Set("Accept", mediaJSON)
	if !token.IsZero() {
		req.Header.Set("Authorization", "Bearer "+token.Reveal())
	}
	if len(withKeypass) > 0 && withKeypass[0] {
		req.Header.Set(headerKeypass, c.cfg.Keypass.Reveal())
	}
	return c.exchange(req, operation, append(secrets, c.cfg.Password, c.cfg.APIKey, c.cfg.Keypass))
}

func (c *Client) exchange(req *http.Request, operation string, secrets []pay.Secret) (Answer, error) {
	res, err := c.cfg.HTTP.Do(req)
	if err != nil {
		return Answer{}, &UncertainError{Operation: operation, Err: bareError(err)}
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errors.New("the answer is too long")
	}
	a, readErr := readAnswer(res.StatusCode, body)
	a.HTTPStatus = res.StatusCode
	a.Message = clean(a.Message, secrets)
	doubt := func(err error) error {
		return &UncertainError{Operation: operation, HTTPStatus: res.StatusCode, Err: err}
	}
	switch {
	case res.StatusCode/100 != 2 && res.StatusCode/100 != 4:
		return Answer{}, doubt(errors.New("the server answers an error"))
	case a.unauthenticated(): // whatever the body
		return Answer{}, c.refusal(operation, a, pay.AuthFailed)
	case err != nil:
		return Answer{}, doubt(fmt.Errorf("read answer: %w", err))
	case readErr != nil:
		return Answer{}, doubt(readErr)
	case res.StatusCode/100 == 4 && (a.Code == 200 || a.Code == 201):
		return Answer{}, doubt(errors.New("the body contradicts the status"))
	}
	return a, nil
}

func bareError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// longestMessage bounds what is kept of KomiPay's words.
const longestMessage = 300

// clean makes KomiPay's text fit to be kept and shown: our own secrets masked,
// if it repeats them, and control characters dropped.
func clean(text string, secrets []pay.Secret) string {
	for _, s := range secrets {
		if !s.IsZero() {
			text = strings.ReplaceAll(text, s.Reveal(), s.String())
		}
	}
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, text))
	return string(runes[:min(len(runes), longestMessage)])
}
