package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/app"
)

// belongings are all ids, tokens and references of a merchant that stand in the
// database, one of each kind.
func belongings(t *testing.T, g *app.Running, merchant string) []string {
	t.Helper()
	kinds := map[string]string{}
	for table, columns := range columnsOf(t, g) {
		if !strings.Contains(" "+strings.Join(columns, " ")+" ", " merchant_id ") {
			continue
		}
		for _, column := range columns {
			if column != "id" && !strings.HasSuffix(column, "_id") && !strings.HasSuffix(column, "reference") && !strings.HasSuffix(column, "_hash") && !strings.HasSuffix(column, "token") || column == "merchant_id" {
				continue
			}
			for _, value := range textsOf(t, g, fmt.Sprintf("SELECT %s FROM %s WHERE merchant_id = $1 AND %[1]s <> ''", column, table), merchant) {
				prefix, _, _ := strings.Cut(value, "_") // a table holds several kinds
				kinds[table+"."+column+" "+either(prefix == value, "", prefix)] = value
			}
		}
	}
	seen, list := map[string]bool{}, []string{}
	for _, value := range kinds {
		if !seen[value] {
			seen[value] = true
			list = append(list, value)
		}
	}
	sort.Strings(list)
	return list
}

// textsOf reads one column.
func textsOf(t *testing.T, g *app.Running, query string, args ...any) []string {
	t.Helper()
	rows, err := g.App.Store.RawRead().QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	var list []string
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
		list = append(list, value)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// columnsOf are the columns of every table, by the schema as it is.
func columnsOf(t *testing.T, g *app.Running) map[string][]string {
	t.Helper()
	rows, err := g.App.Store.RawRead().QueryContext(t.Context(), `SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns := map[string][]string{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		columns[table] = append(columns[table], column)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return columns
}

// ownings makes one of everything that the native API can make, for the demo
// merchant.
func ownings(t *testing.T, g *app.Running) nativeCaller {
	t.Helper()
	demo := nativeCaller{g.URL, app.DemoAPIKey}
	payment := demo.made(t, "/v1/payments", paymentBody("hers"))
	demo.made(t, "/v1/payouts", paymentBody("hers"))
	demo.made(t, "/v1/payouts/batches", `{"reference":"hers","payouts":[`+paymentBody("one-of-hers")+`]}`)
	demo.made(t, "/v1/refunds", `{"reference":"hers","payment":"`+payment+`","amount":1}`)
	demo.made(t, "/v1/payment_links", `{"reference":"hers-too","amount":200,"currency":"XAF"}`)
	demo.made(t, "/v1/fees", `{"kind":"payment","currency":"CDF","basis_points":100}`)
	connection := demo.made(t, "/v1/connections", `{"provider":"sandbox","name":"second"}`)
	demo.made(t, "/v1/routes", `{"connection":"`+connection+`","position":9}`)
	settle(t, g)
	return demo
}

// tenantRows is a merchant's rows with all their columns, as text: nothing of it
// may change by what another does.
func tenantRows(t *testing.T, g *app.Running, merchant string) string {
	t.Helper()
	var all []string
	for table, columns := range columnsOf(t, g) {
		if !strings.Contains(" "+strings.Join(columns, " ")+" ", " merchant_id ") {
			continue
		}
		list := strings.Join(columns, ", '') || '|' || COALESCE(")
		for _, line := range textsOf(t, g, fmt.Sprintf("SELECT COALESCE(%s, '') FROM %s WHERE merchant_id = $1", list, table), merchant) {
			all = append(all, table+": "+line)
		}
	}
	sort.Strings(all)
	return strings.Join(all, "\n")
}

var pathParameter = regexp.MustCompile(`\{\w+\}`)

// TestNoNativeOperationReachesAnotherMerchant takes every operation of the API's
// own document, puts every kind of id that the database holds of one merchant in
// every parameter, and asks with the keys of another, and of the same merchant's
// other mode.
func TestNoNativeOperationReachesAnotherMerchant(t *testing.T) {
	g := startGateway(t, func(c *app.Config) { c.OperatorDelay = "0" })
	demo := ownings(t, g)
	other, err := g.App.AddMerchant(t.Context(), "Autre boutique", "autre@example.test", app.DialectSettings{})
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal([]byte(request{http.MethodGet, g.URL + "/openapi.json", "", http.Header{}}.must(t).body), &document); err != nil {
		t.Fatal(err)
	}
	ids := belongings(t, g, app.DemoMerchantID)
	before := tenantRows(t, g, app.DemoMerchantID)
	tried, opened := 0, 0
	for path, operations := range document.Paths {
		if !strings.Contains(path, "{id}") || path == "/v1/operators/{id}" {
			continue // names of operators, providers and currencies are everybody's
		}
		reached := false
		for method := range operations {
			for _, id := range ids {
				at, method := pathParameter.ReplaceAllLiteralString(path, id), strings.ToUpper(method)
				body := either(method == http.MethodPost || method == http.MethodPatch, `{"otp":"1234","enabled":false,"position":1,"credentials":{}}`, "")
				for _, key := range []string{other.TestKey.Reveal(), other.LiveKey.Reveal()} {
					got := nativeCaller{g.URL, key}.request(method, at, body).must(t)
					tried++
					if got.status != http.StatusNotFound && got.status != http.StatusUnprocessableEntity {
						t.Errorf("%s %s with another merchant's key: %v, want 404", method, at, got)
					}
				}
				if method == http.MethodGet {
					reached = reached || demo.request(method, at, "").must(t).status == http.StatusOK
				}
			}
		}
		if _, read := operations["get"]; read && reached {
			opened++
		} else if read {
			t.Errorf("%s opens with none of its owner's ids: make one in ownings", path)
		}
	}
	if after := tenantRows(t, g, app.DemoMerchantID); after != before {
		t.Error("a stranger's requests changed something")
	}
	t.Logf("%d requests with another merchant's ids, 0 answered; %d addresses open to their owner", tried, opened)
}

// TestNoPageOfTheDashboardReachesAnotherMerchant does the same with the
// dashboard's table of routes, signed in as the other merchant's owner.
func TestNoPageOfTheDashboardReachesAnotherMerchant(t *testing.T) {
	g := startGateway(t, func(c *app.Config) { c.OperatorDelay = "0" })
	ownings(t, g)
	other, err := g.App.AddMerchant(t.Context(), "Autre boutique", "autre@example.test", app.DialectSettings{})
	if err != nil {
		t.Fatal(err)
	}
	owner := signedIn(t, g, app.DemoEmail, app.DemoPassword)
	stranger := signedIn(t, g, "autre@example.test", other.Password.Reveal())
	ids := belongings(t, g, app.DemoMerchantID)
	before := tenantRows(t, g, app.DemoMerchantID)
	tried, opened := 0, 0
	form := "enabled=false&confirm=yes&reason=x&amount=1&position=1&direction=up&password=" + url.QueryEscape(other.Password.Reveal())
	for _, pattern := range dashboardRoutes(t) {
		method, path, _ := strings.Cut(pattern, " ")
		open := func(id string, by http.Header) answer {
			return request{method, g.URL + pathParameter.ReplaceAllLiteralString(path, url.PathEscape(id)), either(method == http.MethodPost, form, ""), by}.must(t)
		}
		never := open("thing_that00000never00000was", stranger)
		for _, id := range ids {
			if method == http.MethodGet && open(id, owner).status == http.StatusOK {
				opened++
			}
			tried++
			if got := open(id, stranger); got.status != never.status || got.status == http.StatusOK {
				t.Errorf("%s by another merchant's owner, of %s: HTTP %d, want %d as for what never was", pattern, id, got.status, never.status)
			}
		}
	}
	if after := tenantRows(t, g, app.DemoMerchantID); after != before {
		t.Error("a stranger's requests changed something")
	}
	t.Logf("%d requests with another merchant's ids, 0 answered; %d open to their owner", tried, opened)
	if tried < 500 || opened < 5 {
		t.Error("hardly anything was tried")
	}
}

// dashboardRoutes are the patterns with an id, from the one table of the
// dashboard's pages, so that a new page is tried by itself.
func dashboardRoutes(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile("../internal/web/dashboard/dashboard.go")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range regexp.MustCompile(`\{"((?:GET|POST) /dashboard/[^"]*\{id\}[^"]*)", `).FindAllStringSubmatch(string(source), -1) {
		list = append(list, m[1])
	}
	if len(list) < 20 {
		t.Fatalf("%d routes with an id in the dashboard's table", len(list))
	}
	return list
}

// signedIn is the header of somebody's session.
func signedIn(t *testing.T, g *app.Running, email, password string) http.Header {
	t.Helper()
	form := url.Values{"email": {email}, "password": {password}}.Encode()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.URL+"/dashboard/sign-in", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := badClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for _, c := range resp.Cookies() {
		header.Add("Cookie", c.Name+"="+c.Value)
	}
	if header.Get("Cookie") == "" {
		t.Fatalf("%s may not sign in: HTTP %d", email, resp.StatusCode)
	}
	return header
}
