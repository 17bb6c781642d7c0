package dashboard_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/internal/web/dashboard"
)

func TestOnlyWhoSignsInSeesAnything(t *testing.T) {
	t.Parallel()
	w := open(t)
	signedIn := w.owner("awa")
	b := &browser{house: w, cookies: map[string]string{}, lang: "fr"}
	b.leads(b.get("/dashboard"), "/dashboard/")
	b.leads(b.get("/dashboard/"), "/dashboard/sign-in")
	b.leads(b.get("/dashboard/payments?status=failed"), "/dashboard/sign-in?next=%2Fdashboard%2Fpayments%3Fstatus%3Dfailed")
	b.leads(b.post("/dashboard/keys"), "/dashboard/sign-in")
	b.shows(b.get("/dashboard/sign-in?next=/dashboard/payments"), 200, "Se connecter", `value="/dashboard/payments"`)

	wrong := b.post("/dashboard/sign-in", "email=awa@example.com", "password=wrong-wrong")
	b.shows(wrong, 422, "incorrect")
	unknown := b.post("/dashboard/sign-in", "email=nobody@example.com", "password=wrong-wrong")
	b.shows(unknown, 422, "incorrect")
	b.lacks(wrong, "wrong-wrong")

	a := b.leads(b.post("/dashboard/sign-in", "email=awa@example.com", "password="+password, "next=/dashboard/payments"), "/dashboard/payments")
	cookie := a.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/dashboard"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie %q lacks %s", cookie, want)
		}
	}
	b.shows(b.get("/dashboard/"), 200, "awa@example.com", "Encaissements")
	token := b.cookies["passerelle_session"]
	b.leads(b.post("/dashboard/sign-out"), "/dashboard/sign-in")
	b.cookies["passerelle_session"] = token
	b.leads(b.get("/dashboard/"), "/dashboard/sign-in")
	signedIn.shows(signedIn.get("/dashboard/"), 200)
}

func TestTheWayOnAfterSignInStaysHere(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.owner("awa")
	for _, next := range []string{"https://evil.example/", "//evil.example/", "/\\evil.example", "/pay/x", "javascript:1", "/dashboard//evil", ""} {
		b := &browser{house: w, cookies: map[string]string{}, lang: "fr"}
		b.leads(b.post("/dashboard/sign-in", "email=awa@example.com", "password="+password, "next="+next), "/dashboard/")
	}
}

func TestAPostFromAnotherOriginIsRefused(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.owner("awa")
	for _, path := range []string{"/dashboard/sign-in", "/dashboard/keys", "/dashboard/mode", "/dashboard/sign-out", "/dashboard/team", "/dashboard/language"} {
		for header, value := range map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"} {
			req := b.request("POST", path, []string{"email=awa@example.com", "password=" + password, "mode=live"})
			req.Header.Del("Origin")
			req.Header.Set(header, value)
			b.shows(b.do(req), 403, "autre site")
		}
	}
	b.shows(b.get("/dashboard/"), 200, "Mode test")
}

func TestEveryPageForbidsScriptAndForeignContent(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.owner("awa")
	tx := b.payment("+24166000100")
	for _, path := range append(everyPage(), "/dashboard/transactions/"+tx.ID, "/dashboard/nowhere") {
		a := b.get(path)
		if csp := a.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'self'; script-src 'none'") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", path, a.header)
		}
		b.lacks(a, "<script", "style=", "onclick", "<wax>", "http-equiv")
	}
	b.shows(b.get("/dashboard/nowhere"), 404)
	if a := b.get("/dashboard/static/dashboard.css"); a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/css") {
		t.Errorf("the style sheet is %d %v", a.status, a.header)
	}
}

func everyPage() []string {
	return []string{
		"/dashboard/", "/dashboard/payments", "/dashboard/payouts", "/dashboard/refunds", "/dashboard/search?q=x", "/dashboard/links", "/dashboard/batches",
		"/dashboard/balances", "/dashboard/connections", "/dashboard/connections/new?provider=sandbox", "/dashboard/routes",
		"/dashboard/webhooks", "/dashboard/keys", "/dashboard/team", "/dashboard/audit?check=1", "/dashboard/profile",
	}
}

func TestEveryPageIsThereInBothLanguages(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.owner("awa")
	tx := b.payment("+24166000100")
	titles := map[string]string{}
	for _, path := range append(everyPage(), "/dashboard/transactions/"+tx.ID) {
		b.lang = "fr"
		b.shows(b.get(path), 200, `<html lang="fr">`, "Se déconnecter")
		b.lang = "en-GB,en;q=0.9"
		b.lacks(b.shows(b.get(path), 200, `<html lang="en">`, "Sign out", `<link rel="icon"`), " : ")
		title := regexp.MustCompile(`<title>([^<]*)</title>`).FindStringSubmatch(b.get(path).body)[1]
		if head, _, _ := strings.Cut(path, "?"); titles[title] != "" || title == "Passerelle · awa" {
			t.Errorf("%s has the title %q, as %s", head, title, titles[title])
		}
		titles[title] = path
	}
	b.shows(b.get("/dashboard/static/icon.svg"), 200, "<svg")
	b.lang = "de"
	b.shows(b.get("/dashboard/"), 200, `<html lang="fr">`)
	b.leads(b.post("/dashboard/language", "language=en", "next=/dashboard/payments?status=failed"), "/dashboard/payments?status=failed")
	b.lang = "fr"
	b.shows(b.get("/dashboard/"), 200, `<html lang="en">`)
	b.shows(b.post("/dashboard/language", "language=xx"), 422)
}

func TestRolesReachTheirPagesOnly(t *testing.T) {
	t.Parallel()
	w := open(t)
	owner := w.owner("awa")
	tx := owner.payment("+24166000100")
	operator, reader := owner.colleague(account.Operator), owner.colleague(account.ReadOnly)
	for _, page := range everyPage() {
		owner.shows(owner.get(page), 200)
	}
	managed := []string{"/dashboard/keys", "/dashboard/team", "/dashboard/audit", "/dashboard/connections/new?provider=sandbox"}
	for _, b := range []*browser{operator, reader} {
		for _, page := range managed {
			b.shows(b.get(page), http.StatusForbidden, "rôle")
		}
		for _, act := range []string{"/dashboard/keys", "/dashboard/team", "/dashboard/routes", "/dashboard/webhooks", "/dashboard/connections"} {
			b.shows(b.post(act), http.StatusForbidden)
		}
		b.lacks(b.get("/dashboard/"), "/dashboard/keys", "/dashboard/team", "/dashboard/audit")
		b.lacks(b.get("/dashboard/connections"), "/hooks/")
	}
	story := "/dashboard/transactions/" + tx.ID
	for _, act := range []string{story + "/check", story + "/cancel", story + "/refund", "/dashboard/links"} {
		reader.shows(reader.post(act), http.StatusForbidden)
	}
	reader.lacks(reader.shows(reader.get(story), 200, "241••••0100"), "66000100", `/refund"`)
	operator.shows(operator.get(story), 200, "&#43;24166000100", `/refund"`)
	operator.leads(operator.post(story+"/check"), story+"?done=checked")
}

func TestAPersonChangesTheirPassword(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.owner("awa")
	b.shows(b.post("/dashboard/profile", "old="+password, "new=a new password", "repeat=another"), 422, "diffèrent")
	b.shows(b.post("/dashboard/profile", "old="+password, "new=short", "repeat=short"), 422, "12")
	b.shows(b.post("/dashboard/profile", "old=wrong", "new=a new password", "repeat=a new password"), 422, "Le mot de passe actuel est incorrect")
	b.leads(b.post("/dashboard/profile", "old="+password, "new=a new password", "repeat=a new password"), "/dashboard/profile?done=saved")
	w.enter(b.caller.MerchantID, "awa@example.com", "a new password")
}

func TestTheTeamGrowsAndShrinksAndTheTrailKnows(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.owner("awa")
	a := b.shows(b.post("/dashboard/team", "email=paul@example.com", "role=read_only"), 200, "paul@example.com", `class="once"`)
	_, rest, _ := strings.Cut(a.body, `class="once">`)
	first, _, _ := strings.Cut(rest, "<")
	b.lacks(b.get("/dashboard/team"), first)
	paul := &browser{house: w, cookies: map[string]string{}, lang: "fr"}
	paul.leads(paul.post("/dashboard/sign-in", "email=paul@example.com", "password="+first), "/dashboard/")
	b.shows(b.post("/dashboard/team", "email=paul@example.com", "role=operator"), 409, "déjà utilisée")
	b.shows(b.post("/dashboard/team", "email=eve@example.com", "role=owner"), 422)
	_, rest, _ = strings.Cut(b.get("/dashboard/team").body, "/dashboard/team/")
	id, _, _ := strings.Cut(rest, "/")
	b.leads(b.asked("/dashboard/team/"+id+"/remove"), "/dashboard/team?done=removed")
	paul.leads(paul.get("/dashboard/"), "/dashboard/sign-in")
	b.shows(b.get("/dashboard/audit?check=1"), 200, "user.add", "user.remove", "sign_in", "192.0.2.1", "La chaîne est intacte")
}

func TestTooManyTriesAreToldSo(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := &browser{house: w, cookies: map[string]string{}, lang: "fr"}
	for range 5 {
		b.shows(b.post("/dashboard/sign-in", "email=nobody@example.com", "password=x"), 422)
	}
	b.shows(b.post("/dashboard/sign-in", "email=nobody@example.com", "password=x"), http.StatusTooManyRequests, "quart d&#39;heure")
}

func TestOverTLSTheCookieStaysOnTLS(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.owner("awa")
	w.gateway.PublicURL = "https://pay.example"
	secured := dashboard.New(dashboard.Config{Gateway: w.gateway, Accounts: w.accounts, Now: w.clock})
	form := strings.NewReader("email=awa@example.com&password=" + url.QueryEscape(password))
	req := httptest.NewRequestWithContext(t.Context(), "POST", "https://pay.example/dashboard/sign-in", form)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	secured.ServeHTTP(answer, req)
	if cookie := answer.Header().Get("Set-Cookie"); answer.Code != http.StatusSeeOther || !strings.Contains(cookie, "; Secure") {
		t.Errorf("answer is %d, cookie %q", answer.Code, cookie)
	}
}

// codeAt is what an authenticator shows (RFC 6238).
func codeAt(t *testing.T, key string, at time.Time) string {
	t.Helper()
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, raw)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

func TestAnAuthenticatorIsSetUpUsedAndRemoved(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.owner("awa")
	a := b.shows(b.post("/dashboard/profile/factor"), 200, `<svg class="qr"`)
	_, rest, _ := strings.Cut(a.body, `class="once">`)
	key, _, _ := strings.Cut(rest, "<")
	b.shows(b.post("/dashboard/profile/factor/confirm", "code=12"), 422, "incorrect")
	b.leads(b.post("/dashboard/profile/factor/confirm", "code="+codeAt(t, key, w.clock())), "/dashboard/profile?done=saved")
	b.lacks(b.shows(b.get("/dashboard/profile"), 200, "Activée"), key)
	b.shows(b.post("/dashboard/profile/factor"), 409, "déjà")

	other := &browser{house: w, cookies: map[string]string{}, lang: "fr"}
	other.shows(other.post("/dashboard/sign-in", "email=awa@example.com", "password="+password), 422, "code")
	w.advance(time.Minute)
	other.leads(other.post("/dashboard/sign-in", "email=awa@example.com", "password="+password, "code="+codeAt(t, key, w.clock())), "/dashboard/")
	w.advance(time.Minute)
	b.leads(b.post("/dashboard/profile/factor/remove", "code="+codeAt(t, key, w.clock())), "/dashboard/profile?done=removed")
	w.enter(b.caller.MerchantID, "awa@example.com", password)
}
