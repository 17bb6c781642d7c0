package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/pay"
)

// accountQuery names an account in the query.
type accountQuery struct {
	Phone   string `query:"phone" required:"true" maxLength:"64" example:"+24177000100" doc:"International, or local with country"`
	Country string `query:"country" pattern:"^[A-Z]{2}$" patternDescription:"an ISO 3166-1 alpha-2 code" example:"GA"`
}

// accountBody names it in the body, which no proxy logs.
type accountBody struct {
	Body struct {
		Phone   string `json:"phone" minLength:"1" maxLength:"64" example:"+24177000100" doc:"International, or local with country"`
		Country string `json:"country,omitempty" pattern:"^[A-Z]{2}$" patternDescription:"an ISO 3166-1 alpha-2 code" example:"GA"`
	} `nameHint:"AccountLookup"`
}

// account is the owner of a mobile money account.
type account struct {
	Phone    string `json:"phone" example:"+24177000100"`
	Name     string `json:"name" example:"Awa Ndong" doc:"As the operator knows the owner"`
	Operator string `json:"operator" example:"airtel_ga"`
	Active   bool   `json:"active" doc:"Whether the account can receive money"`
}

func registerLookup(s *server) {
	const about = "Asks the first connection that can; 404 when nobody has such an account, 422 `capability` when no connection can ask."
	on(s, operation{Operation: huma.Operation{
		OperationID: "lookup-account", Method: http.MethodPost, Path: "/v1/accounts/lookup", DefaultStatus: http.StatusOK,
		Tags: []string{"Accounts"}, Summary: "Who owns a mobile money account", Description: about,
	}}, func(ctx context.Context, c *call, in *accountBody) (account, error) {
		return s.lookUp(ctx, c, in.Body.Phone, in.Body.Country)
	})
	on(s, operation{Operation: huma.Operation{
		OperationID: "get-account", Method: http.MethodGet, Path: "/v1/accounts/lookup",
		Tags: []string{"Accounts"}, Summary: "Who owns a mobile money account (query)", Description: about,
	}}, func(ctx context.Context, c *call, in *accountQuery) (account, error) {
		return s.lookUp(ctx, c, in.Phone, in.Country)
	})
}

func (s *server) lookUp(ctx context.Context, c *call, text, country string) (account, error) {
	number, err := e164(text, country, "phone")
	if err != nil {
		return account{}, err
	}
	h, err := s.Gateway.LookUp(ctx, c.caller, number)
	if pay.KindOf(err) == pay.KindNotFound && err != nil {
		return account{}, pay.NotFound("account")
	}
	if err != nil {
		return account{}, err
	}
	if h.Phone == "" {
		h.Phone = number
	}
	return account{Phone: h.Phone, Name: h.Name, Operator: h.Operator, Active: h.Active}, nil
}
