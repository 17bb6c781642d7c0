package outbound

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// FuzzRedact holds that a card number never survives, whatever stands around it
// and whatever the body is said to be.
func FuzzRedact(f *testing.F) {
	const card = "5105105105105100"
	for _, kind := range []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/xml", "text/plain", ""} {
		for _, around := range []string{"", `{"a":"`, "a=", `--b` + "\r\n" + `Content-Disposition: form-data; name="a"` + "\r\n\r\n", "<a>", `{"a":[{"b":`, "x ", "\xff"} {
			f.Add(kind, around, `"}`)
		}
	}
	f.Fuzz(func(t *testing.T, contentType, before, after string) {
		if n := len(before); n > 0 && nearNumber(before[n-1]) || after != "" && nearNumber(after[0]) {
			return // another, longer number
		}
		for _, written := range []string{card, card[:4] + " " + card[4:8] + " " + card[8:12] + " " + card[12:]} {
			if got := Redact(contentType, []byte(before+written+after)); strings.Contains(got, written) {
				t.Errorf("%s %q keeps the card: %q", contentType, before+written+after, got)
			}
		}
	})
}

// nearNumber tells whether a sign may belong to a number, a word or an escape
// that the card number beside it would become a part of.
func nearNumber(c byte) bool {
	return isDigit(c) || isLetter(c) || strings.IndexByte("-+. %\\&#;", c) >= 0
}

// FuzzCheckURL holds that a URL that passes names no address that is forbidden,
// however it is read, and that no refusal quotes it.
func FuzzCheckURL(f *testing.F) {
	for _, seed := range append(append([]string{"https://shop.example/hook", "http://8.8.8.8:8080/?a=b"}, forbidden...), moreForbidden...) {
		f.Add(seed)
	}
	c := New(Policy{})
	f.Fuzz(func(t *testing.T, raw string) {
		if err := c.CheckURL(raw); err != nil {
			if len(raw) > 12 && strings.Contains(err.Error(), raw) {
				t.Errorf("the refusal quotes the URL: %v", err)
			}
			return
		}
		u, err := url.Parse(raw)
		if err != nil || u.User != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
			t.Fatalf("%q passes: %+v, %v", raw, u, err)
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
			if ip = ip.Unmap(); !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() {
				t.Errorf("%q passes, which is %s", raw, ip)
			}
		}
	})
}
