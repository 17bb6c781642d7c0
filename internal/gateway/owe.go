package gateway

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// targets are who an event is owed to: the endpoints of the native API that
// want it, or the merchant in the transaction's own dialect. A delivery to each
// is written in the commit of what it tells, so neither exists without the other.
func targets(ctx context.Context, q *sqlgen.Queries, t pay.Transaction, event string) ([]string, error) {
	var list []string
	if t.Front != pay.NativeFront {
		if event != "created" {
			for range t.NoticeCopies {
				list = append(list, t.Front)
			}
		}
		return list, nil
	}
	endpoints, err := q.ListEndpoints(ctx, sqlgen.ListEndpointsParams{MerchantID: t.MerchantID, Mode: string(t.Mode)})
	if err != nil {
		return nil, fmt.Errorf("list webhook endpoints: %w", err)
	}
	for _, endpoint := range endpoints {
		wanted, err := wants(endpoint, t.Kind, event)
		if err != nil {
			return nil, err
		}
		if wanted {
			list = append(list, endpoint.ID)
		}
	}
	return list, nil
}

// wants reports whether an endpoint asked for a type of event; without a list
// it gets what every merchant must know.
func wants(endpoint sqlgen.WebhookEndpoint, kind pay.Kind, event string) (bool, error) {
	if !endpoint.Enabled {
		return false, nil
	}
	var list []string
	if err := json.Unmarshal([]byte(endpoint.Events), &list); err != nil {
		return false, fmt.Errorf("read events of endpoint %s: %w", endpoint.ID, err)
	}
	return pay.Wanted(list, kind, event), nil
}
