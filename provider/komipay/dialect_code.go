package komipay

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// wrongCode is wrong in the sandbox; any other five digits are right.
const wrongCode = "00000"

// takeSecurityCode checks the code that a ZeynaCash payer got by SMS.
func (c *call) takeSecurityCode(r *provider.Request) error {
	code := c.fields.scalar("security_code")
	switch {
	case c.account.Mode != pay.Test:
		return refuse(messageNotActive)
	case code == "":
		return missing("security_code")
	case !isDigits(code, codeDigits), code == wrongCode:
		return refuse(messageBadCode)
	}
	r.OTP = pay.Secret(code)
	return nil
}

// securityCode has a code sent to a payer, who gives it to the merchant for the
// collect. tentative counts how often, within the time of validation.
func (c *call) securityCode() error {
	if err := c.checkKey("api_key"); err != nil {
		return err
	}
	for _, field := range []string{"mobile_money", "numero_telephone"} {
		if c.fields.scalar(field) == "" {
			return missing(field)
		}
	}
	if c.fields.scalar("mobile_money") != ZeynaTransfert {
		return refuse(messageBadMeans)
	}
	n, err := parsePhone(c.fields.scalar("numero_telephone"))
	if err != nil {
		return refuse(messageBadPhone)
	}
	if c.account.Mode != pay.Test {
		return refuse(messageNotActive)
	}
	attempts, err := c.countCode(n.E164())
	if err != nil {
		return err
	}
	write(c.w, http.StatusOK, codeAnswer{
		Code: http.StatusOK, Statut: true, Message: "Code de securite envoye par SMS", Attempts: attempts,
	})
	return nil
}

func (c *call) countCode(phone string) (int, error) {
	ctx := c.r.Context()
	key := "code/" + string(c.account.Mode) + "/" + c.account.MerchantID + "/" + phone
	var attempts int
	if _, err := provider.Recall(ctx, c.memory, key, &attempts); err != nil && !errors.Is(err, provider.ErrNoItem) {
		return 0, fmt.Errorf("recall attempts: %w", err)
	}
	attempts++
	until := c.gateway.Now().Add(c.account.Options.window())
	if err := provider.Remember(ctx, c.memory, key, c.account.MerchantID, attempts, until); err != nil {
		return 0, fmt.Errorf("count attempts: %w", err)
	}
	return attempts, nil
}
