package mypvit

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// ReadNotification reads what MyPVit posts: a callback about a payment, or a
// renewed key. Both may come to the one address. Neither is signed: a callback
// is a hint that makes the gateway ask for the status, and a key counts only
// while a renewal waits for it.
func (c *connector) ReadNotification(r *http.Request) (provider.Notification, error) {
	if r.Method != http.MethodPost {
		return provider.Notification{}, pay.Invalid("method", "MyPVit posts its notifications")
	}
	if !c.senderAllowed(r.RemoteAddr) {
		return provider.Notification{}, &pay.Error{
			Kind: pay.KindForbidden, Code: "sender_not_allowed", Message: "the sender's address is not allowed",
		}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		return provider.Notification{}, pay.Invalid("body", "the body can't be read")
	}
	media := mediaJSON
	if strings.HasPrefix(strings.TrimSpace(string(body)), "<") {
		media = mediaXML
	}
	if callback, err := ParseCallback(media, body); err == nil {
		return callbackNotification(media, callback)
	}
	key, ok := parseSecret(body)
	if !ok {
		return provider.Notification{}, pay.Invalid("body", "neither a callback nor a key")
	}
	if err := c.secrets.received(r.Context(), key); err != nil {
		return provider.Notification{}, err
	}
	return provider.Notification{Answer: provider.Answer{
		Status: http.StatusOK, ContentType: mediaJSON, Body: []byte(`{"received":true}`),
	}}, nil
}

// callbackNotification decides on the status alone, never on the code, and
// acknowledges with the code and id received.
func callbackNotification(media string, callback Callback) (provider.Notification, error) {
	ack, err := encode(media, "response", Ack{ResponseCode: callback.Code, TransactionID: callback.TransactionID})
	if err != nil {
		return provider.Notification{}, err
	}
	hint, _ := outcomeOf(callback.Status)
	return provider.Notification{
		Reference: callback.MerchantReferenceID, ProviderReference: callback.TransactionID, Hint: hint,
		Answer: provider.Answer{Status: http.StatusOK, ContentType: media, Body: ack},
	}, nil
}

// parseSenders reads addresses and networks, separated by commas or spaces.
func parseSenders(text string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, word := range splitList(text) {
		if p, err := netip.ParsePrefix(word); err == nil {
			list = append(list, p.Masked())
			continue
		}
		a, err := netip.ParseAddr(word)
		if err != nil {
			return nil, errors.New("mypvit: an allowed sender is neither an IP address nor a network")
		}
		list = append(list, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
	}
	return list, nil
}

func splitList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// senderAllowed holds for every sender when no list is configured.
func (c *connector) senderAllowed(remote string) bool {
	return len(c.allowedSenders) == 0 || inNetworks(c.allowedSenders, remote)
}

// inNetworks reads an address with or without a port.
func inNetworks(networks []netip.Prefix, remote string) bool {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range networks {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// checkSenders is parseSenders for its error alone.
func checkSenders(text string) error {
	if _, err := parseSenders(text); err != nil {
		return fmt.Errorf("read list of addresses: %w", err)
	}
	return nil
}
