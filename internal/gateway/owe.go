package gateway

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// listener is a webhook endpoint that is enabled; without a list of events it
// gets what every merchant must know.
type listener struct {
	id     string
	mode   pay.Mode
	events []string
}

// listenersOf are a merchant's endpoints. Another node that was told of a new
// one a moment ago may not know it yet: whoever adds one waits as long.
func (g *Gateway) listenersOf(ctx context.Context, merchantID string) ([]listener, error) {
	list, err := g.settings.listeners.Get(merchantID, func() ([]listener, error) { return g.readListeners(ctx, merchantID) })
	if err != nil {
		return nil, fmt.Errorf("list webhook endpoints: %w", err)
	}
	return list, nil
}

func (g *Gateway) readListeners(ctx context.Context, merchantID string) (list []listener, err error) {
	for _, mode := range []pay.Mode{pay.Test, pay.Live} {
		rows, err := g.Store.Read().ListEndpoints(ctx, sqlgen.ListEndpointsParams{MerchantID: merchantID, Mode: string(mode)})
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if !row.Enabled {
				continue
			}
			l := listener{id: row.ID, mode: mode}
			if err := json.Unmarshal([]byte(row.Events), &l.events); err != nil {
				return nil, fmt.Errorf("read events of endpoint %s: %w", row.ID, err)
			}
			list = append(list, l)
		}
	}
	return list, nil
}

// targets are who an event is owed to: the endpoints of the native API that
// want it, or the merchant in the transaction's own dialect. A delivery to each
// is written in the commit of what it tells, so neither exists without the other.
func targets(listeners []listener, t pay.Transaction, event string) (list []string) {
	if t.Front != pay.NativeFront {
		if event != "created" {
			for range t.NoticeCopies {
				list = append(list, t.Front)
			}
		}
		return list
	}
	for _, l := range listeners {
		if l.mode == t.Mode && pay.Wanted(l.events, t.Kind, event) {
			list = append(list, l.id)
		}
	}
	return list
}
