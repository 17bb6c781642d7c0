package flexpay

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
)

// initiate sends an initiation and reads its answer: JSON, and for a card also
// a redirect or a page (wire: flexpay §2.1, §4.3).
func (c *Client) initiate(req *http.Request, card bool) (Initiation, error) {
	got, err := c.exchange(req)
	if err != nil {
		return Initiation{}, err
	}
	var answer initiation
	isJSON := decode(got.body, &answer) == nil
	switch {
	case got.status == http.StatusUnauthorized, got.status == http.StatusForbidden:
		return Initiation{}, c.refusal(got.status, answer, pay.AuthFailed)
	case got.status == http.StatusRequestTimeout, got.status >= http.StatusInternalServerError:
	case got.status >= http.StatusBadRequest:
		if isJSON {
			return Initiation{}, c.refusal(got.status, answer, pay.BadRequest)
		}
	case got.status >= http.StatusMultipleChoices:
		if address := pageRedirect(req.URL, got); card && address != "" {
			return Initiation{URL: address}, nil
		}
	case isJSON:
		return c.readInitiation(got.status, answer)
	case card:
		if address := pageAddress(got.body, c.cfg.CheckoutHosts); address != "" {
			return Initiation{URL: address}, nil
		}
	}
	return Initiation{}, fmt.Errorf("unreadable answer (HTTP %d)", got.status)
}

// readInitiation reads a JSON answer by its code.
func (c *Client) readInitiation(status int, a initiation) (Initiation, error) {
	switch a.Code.String() {
	case "":
		return Initiation{}, fmt.Errorf("answer without a code (HTTP %d)", status)
	case codeOK:
		in := Initiation{OrderNumber: a.OrderNumber.String(), Message: c.scrub(a.Message.String())}
		for _, address := range []Text{a.URL, a.PaymentURL, a.RedirectURL} {
			if isWebAddress(address.String()) {
				in.URL = address.String()
				break
			}
		}
		return in, nil
	}
	return Initiation{}, c.refusal(status, a, reasonOf(a.Message.String()))
}

func (c *Client) refusal(status int, a initiation, reason pay.Reason) *Error {
	return &Error{
		HTTPStatus: status, Code: c.scrub(a.Code.String()), Outcome: pay.OutcomeFailed, Reason: reason,
		Message: c.scrub(cmp.Or(a.Message.String(), a.Error.String(), http.StatusText(status))),
	}
}

// pageRedirect gives the page that an answer sends the browser to. A redirect
// that wants the request itself repeated elsewhere leads to no page.
func pageRedirect(asked *url.URL, got received) string {
	switch got.status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
	default:
		return ""
	}
	to, err := asked.Parse(got.header.Get("Location"))
	if err != nil || !isWebAddress(to.String()) {
		return ""
	}
	if strings.TrimRight(to.Path, "/") == strings.TrimRight(asked.Path, "/") {
		return ""
	}
	return to.String()
}
