package dashboard

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// changeConnectionPage is a connection's form. Typed holds the fields that are
// not secret; the others are written and never shown.
type changeConnectionPage struct {
	ID string
	newConnectionPage
}

// changing reads the connection that the address names into its form.
func (h *handler) changing(v *visit) (changeConnectionPage, error) {
	row, err := h.Gateway.Store.Read().GetConnection(v.Context(), sqlgen.GetConnectionParams{MerchantID: v.MerchantID, ID: v.PathValue("id")})
	if errors.Is(err, sql.ErrNoRows) || err == nil && row.Mode != string(v.Mode) {
		return changeConnectionPage{}, pay.NotFound("connection")
	}
	if err != nil {
		return changeConnectionPage{}, fmt.Errorf("read connection: %w", err)
	}
	p, err := h.chosen(v, row.Provider)
	if err != nil {
		return changeConnectionPage{}, err
	}
	page := changeConnectionPage{ID: row.ID, newConnectionPage: newConnectionPage{Provider: p, Name: row.Name}}
	if err := json.Unmarshal([]byte(row.Settings), &page.Typed); err != nil {
		return page, fmt.Errorf("read settings of connection %s: %w", row.ID, err)
	}
	return page, nil
}

func (h *handler) editConnection(v *visit) error {
	page, err := h.changing(v)
	if err != nil {
		return err
	}
	return h.render(v, http.StatusOK, "connection_edit.html", page)
}

// changeConnection takes a form; a secret field that is left empty stays as it
// is. The trail gets the names of the fields that were written.
func (h *handler) changeConnection(v *visit) error {
	page, err := h.changing(v)
	if err != nil {
		return err
	}
	before := page.Typed
	change := gateway.ConnectionChange{Name: v.PostFormValue("name"), Values: map[string]string{}}
	page.Name, page.Typed = change.Name, map[string]string{}
	var written []string
	for _, f := range page.Provider.Credentials {
		typed := strings.TrimSpace(v.PostFormValue(field + f.Name))
		if !f.Secret {
			page.Typed[f.Name] = typed
		}
		if typed == "" {
			continue
		}
		change.Values[f.Name] = typed
		if f.Secret || typed != before[f.Name] {
			written = append(written, f.Name)
		}
	}
	err = h.act(v, "connection.change", page.ID, strings.Join(written, " "), func() error {
		return h.Gateway.ChangeConnection(v.Context(), v.caller(), page.ID, change)
	})
	if err != nil {
		return h.fault(v, "connection_edit.html", page, err)
	}
	return h.done(v, "/dashboard/connections", "edited")
}
