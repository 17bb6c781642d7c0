package dashboard

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

// auditPage is what people did, newest first.
type auditPage struct {
	Rows    []auditRow
	Older   string
	Checked bool
	Holds   int64
	Broken  int64 // the first entry that does not hold, 0 for none
}

type auditRow struct {
	sqlgen.AuditEntry
	At time.Time
}

// audit shows the trail; ?check=1 walks the whole chain as well.
func (h *handler) audit(v *visit) error {
	before, _ := strconv.ParseInt(v.URL.Query().Get("before"), 10, 64) // else from the newest
	rows, err := h.Accounts.Trail(v.Context(), v.Person, before, pageSize+1)
	if err != nil {
		return err
	}
	var page auditPage
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		page.Older = "?before=" + strconv.FormatInt(rows[pageSize-1].Sequence, 10)
	}
	for _, r := range rows {
		page.Rows = append(page.Rows, auditRow{r, store.Time(r.CreatedAt)})
	}
	if v.URL.Query().Get("check") != "" {
		page.Checked = true
		if page.Holds, page.Broken, err = h.Accounts.VerifyTrail(v.Context(), v.Person); err != nil {
			return err
		}
	}
	return h.render(v, http.StatusOK, "audit.html", page)
}

// hostOf is what of an address may stand in the trail: paths hold tokens.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
