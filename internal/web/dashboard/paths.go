package dashboard

import (
	"context"
	"slices"
	"strconv"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
)

// maxPosition bounds the place of a route.
const maxPosition = 1_000_000

// addPath adds a route; a condition that is left open holds for all.
func (h *handler) addPath(v *visit) error {
	row, err := h.readPath(v)
	if err != nil {
		return h.showPaths(v, err)
	}
	err = h.act(v, "route.add", row.ID, row.ConnectionID, func() error {
		return h.Gateway.Store.Update(v.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertRoute(ctx, sqlgen.InsertRouteParams(row))
		})
	})
	if err != nil {
		return err
	}
	return h.done(v, "/dashboard/routes", "added")
}

func (h *handler) readPath(v *visit) (sqlgen.Route, error) {
	now := h.Now().UTC()
	row := sqlgen.Route{
		MerchantID: v.MerchantID, ID: pay.NewID("rt", v.MerchantID, now), Mode: string(v.Mode),
		Kind: v.PostFormValue("kind"), Method: v.PostFormValue("method"), Currency: v.PostFormValue("currency"),
		Country: v.PostFormValue("country"), Operator: v.PostFormValue("operator"),
		ConnectionID: v.PostFormValue("connection"), Enabled: true, CreatedAt: now.UnixMilli(),
	}
	position, err := strconv.ParseInt(v.PostFormValue("position"), 10, 64)
	if err != nil || position < 0 || position > maxPosition {
		return row, pay.Invalid("position", "the position is a number")
	}
	row.Position = position
	rails, err := h.rails(v.Context(), v)
	if err != nil {
		return row, err
	}
	_, known := phone.OperatorByID(row.Operator)
	kinds := []pay.Kind{"", pay.Payment, pay.Payout, pay.Refund}
	methods := []pay.MethodType{"", pay.MobileMoney, pay.CardMethod, pay.Wallet}
	switch {
	case !slices.ContainsFunc(rails, func(c sqlgen.Connection) bool { return c.ID == row.ConnectionID }):
		return row, pay.Invalid("connection", "no such connection")
	case !slices.Contains(kinds, pay.Kind(row.Kind)), !slices.Contains(methods, pay.MethodType(row.Method)),
		row.Currency != "" && !money.Currency(row.Currency).Valid(),
		row.Country != "" && !slices.Contains(phone.Countries(), row.Country),
		row.Operator != "" && !known:
		return row, pay.Invalid("route", "a condition is not one that can be chosen")
	}
	return row, nil
}

func (h *handler) deletePath(v *visit) error {
	id := v.PathValue("id")
	row, err := h.findPath(v, id)
	if err != nil {
		return err
	}
	if !v.sure() {
		facts := []fact{{"position", strconv.FormatInt(row.Position, 10)}, {"connection", row.Connection}}
		return h.ask(v, question{Act: "route", Facts: facts, Back: "/dashboard/routes"})
	}
	err = h.act(v, "route.delete", id, "", func() error {
		return h.Gateway.Store.Update(v.Context(), one("route", func(ctx context.Context, tx *store.Tx) (int64, error) {
			return tx.DeleteRoute(ctx, sqlgen.DeleteRouteParams{MerchantID: v.MerchantID, Mode: string(v.Mode), ID: id})
		}))
	})
	if err != nil {
		return err
	}
	return h.done(v, "/dashboard/routes", "removed")
}

func (h *handler) findPath(v *visit, id string) (pathRow, error) {
	rows, err := h.pathRows(v)
	if err != nil {
		return pathRow{}, err
	}
	i := slices.IndexFunc(rows, func(r pathRow) bool { return r.ID == id })
	if i < 0 {
		return pathRow{}, pay.NotFound("route")
	}
	return rows[i], nil
}

func (h *handler) switchPath(v *visit) error {
	id, enabled := v.PathValue("id"), v.PostFormValue("enabled") == "true"
	err := h.act(v, "route.enabled", id, strconv.FormatBool(enabled), func() error {
		return h.Gateway.Store.Update(v.Context(), one("route", func(ctx context.Context, tx *store.Tx) (int64, error) {
			return tx.SetRouteEnabled(ctx, sqlgen.SetRouteEnabledParams{Enabled: enabled, MerchantID: v.MerchantID, Mode: string(v.Mode), ID: id})
		}))
	})
	if err != nil {
		return err
	}
	return h.done(v, "/dashboard/routes", "saved")
}

// movePath changes places with the route before or after. All routes are
// numbered anew, as several may have had one position.
func (h *handler) movePath(v *visit) error {
	id, direction := v.PathValue("id"), v.PostFormValue("direction")
	if direction != "up" && direction != "down" {
		return pay.Invalid("direction", "a route moves up or down")
	}
	err := h.act(v, "route.move", id, direction, func() error {
		return h.Gateway.Store.Update(v.Context(), func(ctx context.Context, tx *store.Tx) error {
			rows, err := tx.ListRoutes(ctx, sqlgen.ListRoutesParams{MerchantID: v.MerchantID, Mode: string(v.Mode)})
			if err != nil {
				return err
			}
			at := slices.IndexFunc(rows, func(r sqlgen.Route) bool { return r.ID == id })
			if at < 0 {
				return pay.NotFound("route")
			}
			to := at + 1
			if direction == "up" {
				to = at - 1
			}
			if to >= 0 && to < len(rows) {
				rows[at], rows[to] = rows[to], rows[at]
			}
			return numberPaths(ctx, tx, rows)
		})
	})
	if err != nil {
		return err
	}
	return h.done(v, "/dashboard/routes", "saved")
}

func numberPaths(ctx context.Context, tx *store.Tx, rows []sqlgen.Route) error {
	for i, r := range rows {
		_, err := tx.SetRoutePlace(ctx, sqlgen.SetRoutePlaceParams{Position: int64(i + 1), MerchantID: r.MerchantID, Mode: r.Mode, ID: r.ID})
		if err != nil {
			return err
		}
	}
	return nil
}

// one makes a closure of a statement that must find its row.
func one(what string, change func(context.Context, *store.Tx) (int64, error)) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		n, err := change(ctx, tx)
		if err == nil && n == 0 {
			return pay.NotFound(what)
		}
		return err
	}
}
