package secret

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Made-up keys: 32 times one byte.
var (
	entryOld = "old:" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x11", 32)))
	entryMid = "mid:" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x22", 32)))
	entryNew = "new:" + base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("\xfe", 32)))
)

func mustParse(t *testing.T, entries ...string) Box {
	t.Helper()
	box, err := ParseKeyring(strings.Join(entries, ","))
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func mustSeal(t *testing.T, box Box, plain string, aad ...string) string {
	t.Helper()
	sealed, err := box.Seal([]byte(plain), aad...)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// The vectors of c2sp.org/XAES-256-GCM.
func TestXAESMatchesThePublishedVectors(t *testing.T) {
	tests := []struct{ key, aad, want string }{
		{"\x01", "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{"\x03", "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	}
	for _, tt := range tests {
		x, err := newXAES([]byte(strings.Repeat(tt.key, 32)))
		if err != nil {
			t.Fatal(err)
		}
		sealed, _ := hex.DecodeString(hex.EncodeToString([]byte("ABCDEFGHIJKLMNOPQRSTUVWX")) + tt.want)
		plain, err := x.open(sealed, []byte(tt.aad))
		if err != nil || string(plain) != "XAES-256-GCM" {
			t.Errorf("open = %q, %v", plain, err)
		}
	}
}

func TestKeyringIsRefusedWithoutQuotingIt(t *testing.T) {
	key := strings.TrimPrefix(entryOld, "old:")
	for name, text := range map[string]string{
		"empty":             " \n",
		"no id":             key,
		"empty id":          ":" + key,
		"dot in the id":     "a.b:" + key,
		"not base64":        "k:" + key[:20] + "!" + key[20:],
		"short key":         "k:" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x11", 16))),
		"same id twice":     entryOld + "," + entryOld,
		"second entry bad":  entryOld + ",k",
		"id of 33 letters":  strings.Repeat("k", 33) + ":" + key,
		"key of 33 bytes":   "k:" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x11", 33))),
		"colon in the key":  "k:" + key + ":",
		"id beyond ASCII":   "clé:" + key,
		"separators only":   ",,,",
		"key of no content": "k:",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseKeyring(text)
			if err == nil {
				t.Fatal("accepted")
			}
			if strings.Contains(err.Error(), key[:8]) {
				t.Errorf("the error quotes the key: %v", err)
			}
		})
	}
}

func TestSealedTextOpensOnlyInItsPlace(t *testing.T) {
	box := mustParse(t, entryNew, entryOld)
	sealed := mustSeal(t, box, "mot de passe", "credentials", "42", "api_key")
	if !strings.HasPrefix(sealed, "v1.new.") || strings.Contains(sealed, "mot") {
		t.Fatalf("sealed = %q", sealed)
	}
	plain, err := box.Open(sealed, "credentials", "42", "api_key")
	if err != nil || string(plain) != "mot de passe" {
		t.Fatalf("Open = %q, %v", plain, err)
	}
	altered := []byte(sealed)
	if i := len(altered) - 8; altered[i] == 'A' {
		altered[i] = 'B'
	} else {
		altered[i] = 'A'
	}
	tests := []struct {
		name, sealed string
		aad          []string
		want         error
	}{
		{"another row", sealed, []string{"credentials", "43", "api_key"}, ErrNotAuthentic},
		{"no associated data", sealed, nil, ErrNotAuthentic},
		{"associated data cut elsewhere", sealed, []string{"credentials4", "2", "api_key"}, ErrNotAuthentic},
		{"fewer parts", sealed, []string{"credentials", "42"}, ErrNotAuthentic},
		{"an altered byte", string(altered), []string{"credentials", "42", "api_key"}, ErrNotAuthentic},
		{"another key's id", strings.Replace(sealed, ".new.", ".old.", 1), []string{"credentials", "42", "api_key"}, ErrNotAuthentic},
		{"unknown key", strings.Replace(sealed, ".new.", ".gone.", 1), []string{"credentials", "42", "api_key"}, ErrUnknownKey},
		{"cut short", "v1.new.AAAA", nil, ErrMalformed},
		{"not base64", "v1.new.~~~~", nil, ErrMalformed},
		{"plain text", "mot de passe", nil, ErrMalformed},
		{"later version", "v2" + sealed[2:], nil, ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plain, err := box.Open(tt.sealed, tt.aad...)
			if !errors.Is(err, tt.want) || plain != nil {
				t.Errorf("Open = %q, %v; want %v", plain, err, tt.want)
			}
		})
	}
}

func TestRotationKeepsOldSealsReadableAndLookUpsStable(t *testing.T) {
	before := mustParse(t, entryOld)
	after := mustParse(t, entryNew, entryMid, entryOld)
	sealed := mustSeal(t, before, "secret", "row")
	token := before.Sign([]byte("pay_1"), "checkout")

	if plain, err := after.Open(sealed, "row"); err != nil || string(plain) != "secret" {
		t.Errorf("Open after rotation = %q, %v", plain, err)
	}
	if !after.NeedsReseal(sealed) || before.NeedsReseal(sealed) {
		t.Error("NeedsReseal must name what is under an older key, and only that")
	}
	if after.NeedsReseal(mustSeal(t, after, "secret", "row")) {
		t.Error("a fresh seal needs no reseal")
	}
	if payload, err := after.Verify(token, "checkout"); err != nil || string(payload) != "pay_1" {
		t.Errorf("Verify after rotation = %q, %v", payload, err)
	}
	if before.Lookup("+24174000000", "phone") != after.Lookup("+24174000000", "phone") {
		t.Error("a look-up hash changed with the sealing key")
	}
	if _, err := before.Open(mustSeal(t, after, "x")); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a key of the future: %v", err)
	}
	if after.Lookup("a", "phone") == mustParse(t, entryNew).Lookup("a", "phone") {
		t.Error("look-up hashes must hang on the last entry")
	}
}

func TestLookupSeparatesPurposes(t *testing.T) {
	box := mustParse(t, entryOld)
	hash := box.Lookup("value", "phone")
	if len(hash) != 64 || hash != box.Lookup("value", "phone") {
		t.Fatalf("Lookup = %q, want 64 stable digits", hash)
	}
	for _, other := range []string{box.Lookup("value", "api-key"), box.Lookup("valu", "ephone"), box.Lookup("", "phonevalue")} {
		if other == hash {
			t.Error("two purposes share a hash")
		}
	}
}

func TestTokensAreBoundToTheirPurpose(t *testing.T) {
	box := mustParse(t, entryOld)
	token := box.Sign([]byte(`{"id":"pay_1"}`), "checkout")
	if payload, err := box.Verify(token, "checkout"); err != nil || string(payload) != `{"id":"pay_1"}` {
		t.Fatalf("Verify = %q, %v", payload, err)
	}
	parts := strings.Split(token, ".")
	forged := parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"id":"pay_2"}`)) + "." + parts[2]
	for name, tt := range map[string]struct {
		token, purpose string
		want           error
	}{
		"another purpose": {token, "link", ErrNotAuthentic},
		"another payload": {forged, "checkout", ErrNotAuthentic},
		"no mac":          {parts[0] + "." + parts[1] + ".", "checkout", ErrNotAuthentic},
		"unknown key":     {"gone." + parts[1] + "." + parts[2], "checkout", ErrUnknownKey},
		"not a token":     {"pay_1", "checkout", ErrMalformed},
	} {
		if payload, err := box.Verify(tt.token, tt.purpose); !errors.Is(err, tt.want) || payload != nil {
			t.Errorf("%s: Verify = %q, %v; want %v", name, payload, err, tt.want)
		}
	}
}

func TestAnythingSealedOpensAgain(t *testing.T) {
	box := mustParse(t, entryNew, entryOld)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		aad := rapid.SliceOf(rapid.String()).Draw(t, "aad")
		sealed, err := box.Seal(plain, aad...)
		if err != nil {
			t.Fatal(err)
		}
		again, err := box.Seal(plain, aad...)
		if err != nil || again == sealed {
			t.Fatalf("two seals of one text are alike (%v)", err)
		}
		got, err := box.Open(sealed, aad...)
		if err != nil || string(got) != string(plain) {
			t.Fatalf("Open = %x, %v; want %x", got, err, plain)
		}
	})
}

func TestABoxNeverPrintsItsKeys(t *testing.T) {
	box := mustParse(t, entryNew, entryOld)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "box", box)
	texts := []string{log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, box), fmt.Sprintf(verb, struct{ B Box }{box}))
	}
	for _, text := range texts {
		if !strings.Contains(text, "secret.Box(new,old)") || len(text) > 120 {
			t.Errorf("printed as %q", text)
		}
	}
}
