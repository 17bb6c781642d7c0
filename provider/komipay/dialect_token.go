package komipay

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

const (
	tokenLife = 30 * time.Minute
	// tokenRemembered is how long a token is known after it has expired, so that
	// its refusal follows its merchant's options.
	tokenRemembered = 24 * time.Hour
)

// read reads the body of a request.
func (c *call) read() error {
	body, err := io.ReadAll(c.r.Body)
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return &refusal{http: http.StatusRequestEntityTooLarge, code: http.StatusRequestEntityTooLarge, message: messageBadRequest}
	}
	if err == nil {
		// What is ambiguous is not read as one of its two meanings.
		if err = provider.CheckJSON(body); err == nil {
			c.fields, err = parseFields(body)
		}
	}
	if err != nil {
		return &refusal{http: http.StatusBadRequest, code: http.StatusBadRequest, message: messageBadRequest}
	}
	return nil
}

// admit reads a request and finds out whose it is. A bad token is told before
// anything about the body.
func (c *call) admit() error {
	readErr := c.read()
	if err := c.authenticate(); err != nil {
		return err
	}
	return readErr
}

func (c *call) authenticate() error {
	ctx := c.r.Context()
	scheme, token, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if token = strings.TrimSpace(token); token == "" || !strings.EqualFold(scheme, "Bearer") {
		return c.badToken(ctx)
	}
	var issued issuedToken
	_, err := provider.Recall(ctx, c.memory, tokenKey(token), &issued)
	if errors.Is(err, provider.ErrNoItem) {
		return c.badToken(ctx)
	}
	if err != nil {
		return fmt.Errorf("recall token: %w", err)
	}
	a, err := c.loadAccount(ctx, issued.owner)
	switch {
	case errors.Is(err, provider.ErrNoItem):
		return c.badToken(ctx)
	case err != nil:
		return err
	case !same(a.APIKey, issued.APIKey), !c.gateway.Now().Before(issued.Until):
		return unauthenticated{a}
	}
	c.account = a
	return nil
}

// badToken refuses a token that is nobody's; the API key in the body may tell
// whose options the refusal follows.
func (c *call) badToken(ctx context.Context) error {
	key := first(c.fields.scalar("api_key"), c.fields.scalar("apikey"))
	a, err := c.accountBy(ctx, apiKeyKey(key))
	if err != nil && !errors.Is(err, provider.ErrNoItem) {
		return err
	}
	return unauthenticated{a}
}

// generateToken logs in.
func (c *call) generateToken() error {
	for _, name := range []string{"login", "password", "api_key"} {
		if c.fields.scalar(name) == "" {
			return missing(name)
		}
	}
	ctx := c.r.Context()
	wrong := &refusal{code: http.StatusUnauthorized, message: messageBadLogin}
	a, err := c.accountBy(ctx, loginKey(c.fields.scalar("login")))
	if errors.Is(err, provider.ErrNoItem) {
		return wrong
	}
	if err != nil {
		return err
	}
	c.account = a
	password, key := same(a.Password, c.fields.scalar("password")), same(a.APIKey, c.fields.scalar("api_key"))
	if !password || !key {
		return wrong
	}
	token, err := a.Cipher.encrypt("merchant-" + a.Number + "|token|" + rand.Text())
	if err != nil {
		return err
	}
	until := c.gateway.Now().Add(tokenLife)
	issued := issuedToken{owner: a.owner(), APIKey: a.APIKey, Until: until}
	if err := provider.Remember(ctx, c.memory, tokenKey(token), a.MerchantID, issued, until.Add(tokenRemembered)); err != nil {
		return fmt.Errorf("keep token: %w", err)
	}
	write(c.w, http.StatusOK, tokenAnswer{
		Code: http.StatusOK, Statut: true, Message: "Token généré avec succès", Token: token, Expires: "30 minutes",
	})
	return nil
}

// checkKey checks the API key in a field of the body: it is the account's own.
func (c *call) checkKey(names ...string) error {
	for _, name := range names {
		if key := c.fields.scalar(name); key != "" {
			if !same(c.account.APIKey, key) {
				return &refusal{code: http.StatusUnauthorized, message: messageBadKey}
			}
			return nil
		}
	}
	return missing(names[0])
}

// checkKeypass checks the second secret, in its own header.
func (c *call) checkKeypass() error {
	if !same(c.account.Keypass, c.r.Header.Get(headerKeypass)) {
		return &refusal{code: http.StatusUnauthorized, message: messageBadKeypass}
	}
	return nil
}

// encryptCVV encrypts a CVV for a collect. It is kept nowhere.
func (c *call) encryptCVV() error {
	if err := c.checkKey("api_key"); err != nil {
		return err
	}
	if err := c.checkKeypass(); err != nil {
		return err
	}
	cvv := c.fields.scalar("cvv_number")
	switch {
	case cvv == "":
		return missing("cvv_number")
	case !isDigits(cvv, 3) && !isDigits(cvv, 4):
		return refuse(messageBadCVV)
	}
	encrypted, err := c.account.Cipher.encrypt(cvv)
	if err != nil {
		return err
	}
	write(c.w, http.StatusOK, cvvAnswer{Code: http.StatusOK, Statut: true, Encrypted: encrypted})
	return nil
}
