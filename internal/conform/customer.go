package conform

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// customer acts on the hosted page at the step's address, by the sandbox's
// control API.
func (p *player) customer(ctx context.Context, s Step) error {
	if p.sandbox == "" {
		return errNoCustomer
	}
	page, err := p.values.fillTarget(s.Target)
	if err != nil {
		return err
	}
	token, err := p.token(ctx, page)
	if err != nil {
		return err
	}
	body, err := p.values.fill(s.Body, asJSON)
	if err != nil {
		return err
	}
	target := p.sandbox + "/sandbox/v1/checkouts/" + url.PathEscape(token) + "/pay"
	status, _, answer, err := p.exchange(ctx, http.MethodPost, target, http.Header{"Content-Type": {"application/json"}}, body)
	if err != nil {
		return err
	}
	if status/100 != 2 {
		return fmt.Errorf("the hosted page refuses the customer: HTTP %d, %s", status, cut(answer))
	}
	return nil
}

// maxHops is how many redirections may lie between an address that an answer
// names and the hosted page.
const maxHops = 3

// token follows an address to /pay/{token}.
func (p *player) token(ctx context.Context, page string) (string, error) {
	for range maxHops {
		u, err := url.Parse(page)
		if err != nil || u.Host == "" {
			return "", errors.New("the answer names no page")
		}
		if token, ok := strings.CutPrefix(u.Path, "/pay/"); ok {
			token, _, _ = strings.Cut(token, "/")
			return token, nil
		}
		status, header, _, err := p.exchange(ctx, http.MethodGet, page, http.Header{}, "")
		if err != nil {
			return "", err
		}
		next, err := u.Parse(header.Get("Location"))
		if err != nil || header.Get("Location") == "" {
			return "", fmt.Errorf("the page %s leads to no hosted page: HTTP %d", u.Path, status)
		}
		page = next.String()
	}
	return "", errors.New("the page redirects without end")
}
