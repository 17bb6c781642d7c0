package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/internal/gateway"
)

// codeScope tells a key that lacks a scope from one that is not valid.
const codeScope = "insufficient_scope"

// anyKey is for what is the same for everybody.
const anyKey gateway.Scope = "any"

// scopes is the one table of what an operation takes, by its id. An operation
// that it lacks is refused to every key that is restricted.
var scopes = map[string]gateway.Scope{
	"create-payment": gateway.PaymentsWrite, "confirm-payment": gateway.PaymentsWrite, "cancel-payment": gateway.PaymentsWrite,
	"list-payments": gateway.PaymentsRead, "get-payment": gateway.PaymentsRead,

	"create-payment-link": gateway.LinksWrite, "cancel-payment-link": gateway.LinksWrite,
	"list-payment-links": gateway.LinksRead, "get-payment-link": gateway.LinksRead,

	"create-payout": gateway.PayoutsWrite, "create-payout-batch": gateway.PayoutsWrite,
	"list-payouts": gateway.PayoutsRead, "get-payout": gateway.PayoutsRead,
	"list-payout-batches": gateway.PayoutsRead, "get-payout-batch": gateway.PayoutsRead,

	"create-refund": gateway.RefundsWrite, "list-refunds": gateway.RefundsRead, "get-refund": gateway.RefundsRead,

	"lookup-account": gateway.AccountsRead, "get-account": gateway.AccountsRead,

	"list-balances": gateway.LedgerRead, "get-balance": gateway.LedgerRead,
	"list-ledger-entries": gateway.LedgerRead, "get-ledger-entry": gateway.LedgerRead,

	"list-events": gateway.EventsRead, "get-event": gateway.EventsRead,

	"create-webhook-endpoint": gateway.WebhooksWrite, "update-webhook-endpoint": gateway.WebhooksWrite,
	"delete-webhook-endpoint": gateway.WebhooksWrite, "resend-event": gateway.WebhooksWrite,
	"list-webhook-endpoints": gateway.WebhooksRead, "get-webhook-endpoint": gateway.WebhooksRead,
	"list-event-deliveries": gateway.WebhooksRead,

	"create-connection": gateway.ConnectionsWrite, "list-connections": gateway.ConnectionsRead, "get-connection": gateway.ConnectionsRead,
	"create-route": gateway.ConnectionsWrite, "update-route": gateway.ConnectionsWrite, "delete-route": gateway.ConnectionsWrite,
	"list-routes": gateway.ConnectionsRead, "get-route": gateway.ConnectionsRead,
	"create-fee": gateway.ConnectionsWrite, "update-fee": gateway.ConnectionsWrite, "delete-fee": gateway.ConnectionsWrite,
	"list-fees": gateway.ConnectionsRead, "get-fee": gateway.ConnectionsRead,

	"quote-fee": anyKey, "get-fee-quote": anyKey,
	"list-operators": anyKey, "get-operator": anyKey, "list-providers": anyKey, "get-provider": anyKey,
}

// checkScope refuses a request before anything of it is read. Route is the
// pattern that matched.
func (s *server) checkScope(route string, held gateway.Scopes) error {
	needed := s.scopes[route]
	if needed == anyKey || held.Allow(needed) {
		return nil
	}
	return newProblem(http.StatusForbidden, codeScope, "the API key lacks the scope "+string(needed))
}

// takes notes what an operation takes, and says so in its description.
func (s *server) takes(op *huma.Operation) {
	needed := scopes[op.OperationID]
	s.scopes[op.Method+" "+op.Path] = needed
	if needed == anyKey {
		return
	}
	op.Security = []map[string][]string{{"api_key": {string(needed)}}}
	op.Errors = append(op.Errors, http.StatusForbidden)
}
