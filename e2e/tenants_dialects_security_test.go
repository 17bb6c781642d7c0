package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// heardIn plays one scene for a merchant and returns what it sent.
func heardIn(t *testing.T, g *app.Running, s *shop, p *provider.Provider, scene provider.Scene, credentials map[string]string, received func(context.Context, string) (provider.Received, error), kept map[string]string) []heard {
	t.Helper()
	l := &listener{front: p.Name, base: g.App.Gateway.BaseURL(p.Name), names: map[string]bool{}, seen: map[string]bool{}}
	stage := &provider.Stage{
		Base: l.base, Credentials: credentials, Callback: s.URL + "/" + p.Name,
		HTTP:     &http.Client{Transport: l, CheckRedirect: badClient.CheckRedirect},
		Received: received, Pay: payAsCustomer(g.URL), Unique: l.unique, Store: kept, Now: time.Now,
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, _, err := scene.Play(ctx, stage); err != nil {
		t.Logf("%s, %s: %v", p.Name, scene.Operation, err) // the rules of the demo merchant's accounts are not everybody's
	}
	return l.all
}

// opensAs are the fields that make a caller who it is: whoever has them is no
// stranger.
var opensAs = []string{"token", "apikey", "api_key", "secret", "password", "keypass", "authorization", "x-secret", "callback_secret", "login"}

// parts are the values in a request, each after the name before it.
var parts = regexp.MustCompile("(?:[^\\s\"'&=<>{}\\[\\],:?/\x00%]|%[^0]|%0[^Aa])+")

// swap is a stranger's request with one value taken from its victim's.
type swap struct {
	field, value string
	request
	// never is the same with a value that never was.
	never request
}

// swaps pairs the same request of two merchants and changes one value at a time;
// each has the secrets that are its own.
func swaps(victims, strangers heard, hers, his map[string]string) []swap {
	var list []swap
	if victims.method != strangers.method || strings.HasPrefix(strangers.body, "<") || strings.HasPrefix(strangers.header.Get("Content-Type"), "multipart/") {
		return nil // the same operation has JSON or a form too
	}
	a, b := victims.masked(hers), strangers.masked(his)
	at, bt := parts.FindAllStringIndex(a, -1), parts.FindAllStringIndex(b, -1)
	if len(at) != len(bt) {
		return nil
	}
	field := ""
	for i := range at {
		value := a[at[i][0]:at[i][1]]
		if value == b[bt[i][0]:bt[i][1]] {
			field = value
			continue
		}
		if slices.Contains(opensAs, strings.ToLower(strings.TrimPrefix(field, "0A"))) || len(value) < 4 || strings.Contains(value, mark) {
			continue
		}
		with := func(value string) request {
			r := strangers.request
			text := b[:bt[i][0]] + value + b[bt[i][1]:]
			for name, secret := range his {
				text = strings.ReplaceAll(text, maskOf(name), secret)
			}
			r.url, r.body, _ = strings.Cut(text, " \x00")
			return r
		}
		list = append(list, swap{field, value, with(value), with(neverWas(value))})
	}
	return list
}

func maskOf(credential string) string { return "own-" + credential }

// masked is the request as one text, with a word for each secret of its sender.
func (h heard) masked(credentials map[string]string) string {
	text := h.url + " \x00" + sorted(h.body)
	for name, value := range credentials {
		if secretName(name) {
			text = strings.ReplaceAll(text, value, maskOf(name))
		}
	}
	return text
}

// sorted is a form or a JSON object with its fields in order, so that two can be
// compared.
func sorted(body string) string {
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(body), &object) != nil {
		if form, err := url.ParseQuery(body); err == nil && len(form) > 1 {
			return form.Encode()
		}
		return body
	}
	text, err := json.Marshal(object)
	if err != nil {
		return body
	}
	return string(text)
}

// neverWas is a value of the same form that nobody was given.
func neverWas(value string) string {
	text := []byte(value)
	for i := len(text) - 1; i >= max(0, len(text)-6); i-- {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			text[i] = '0' + (c-'0'+5)%10
		case c >= 'a' && c <= 'f':
			text[i] = 'a' + (c-'a'+3)%6
		case c >= 'A' && c <= 'Z':
			text[i] = 'A' + (c-'A'+7)%26
		case c >= 'g' && c <= 'z':
			text[i] = 'g' + (c-'g'+7)%20
		}
	}
	return string(text)
}

var changing = regexp.MustCompile(`[0-9A-Za-z+/=._-]*[0-9][0-9A-Za-z+/=._-]*`)

// shape is an answer without what differs each time: numbers, dates and ids.
func (a answer) shape(values ...string) string {
	text := fmt.Sprint(a.status, a.media, a.body)
	for _, v := range values {
		text = strings.ReplaceAll(text, v, "")
	}
	return changing.ReplaceAllString(text, "#")
}

// TestNoDialectReachesAnotherMerchant plays every documented request of every
// provider for two merchants, then puts each value of the one's requests into
// the other's: the answer is that for a value that never was, and nothing of the
// first one's changes.
func TestNoDialectReachesAnotherMerchant(t *testing.T) {
	merchant := startShop(t)
	g := startGateway(t, func(c *app.Config) { c.CallbackURL, c.OperatorDelay = merchant.URL, "0" })
	other, err := g.App.AddMerchant(t.Context(), "Autre boutique", "autre@example.test", app.DialectSettings{CallbackURL: merchant.URL, ReturnURL: merchant.URL + "/back"})
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, p := range g.App.Providers() {
		hers, his := g.App.DemoCredentials(p.Name), inClear(other.Dialects[p.Name][pay.Test])
		received, kept, keptToo := merchant.received(), map[string]string{}, map[string]string{}
		var list []swap
		for _, scene := range p.Scenes {
			victims := heardIn(t, g, merchant, p, scene, hers, received, kept)
			strangers := heardIn(t, g, merchant, p, scene, his, received, keptToo)
			for i := range min(len(victims), len(strangers)) {
				list = append(list, swaps(victims[i], strangers[i], hers, his)...)
			}
		}
		settle(t, g)
		before := tenantRows(t, g, app.DemoMerchantID)
		for _, s := range list {
			got, never := heard{request: s.request}.fresh(uniqueName).must(t), heard{request: s.never}.fresh(uniqueName).must(t)
			tried++
			// Which account is called may be told, as its address is no secret.
			public := slices.Contains(slices.Collect(maps.Values(hers)), s.value) && refusalOf(p.Name, got) == nil && got.status >= 400
			if !public && got.shape(s.value) != never.shape(neverWas(s.value)) {
				t.Errorf("%s %s %s, %q of another merchant: %v; one that never was: %v", p.Name, s.method, strings.TrimPrefix(s.url, g.URL), s.field, got, never)
			}
		}
		settle(t, g)
		if after := tenantRows(t, g, app.DemoMerchantID); after != before {
			t.Errorf("%s: a stranger's requests changed something", p.Name)
		}
		t.Logf("%s: %d swaps", p.Name, len(list))
		if len(list) == 0 {
			t.Errorf("%s: nothing to swap", p.Name)
		}
	}
	t.Logf("%d requests with a value of another merchant's, 0 answered as its owner", tried)
}
