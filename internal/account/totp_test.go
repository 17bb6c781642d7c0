package account

import (
	"testing"
	"time"
)

// The vectors are those of RFC 6238, appendix B, SHA-1, cut to six digits.
func TestCodesAreThoseOfTheStandard(t *testing.T) {
	for second, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := timeCode([]byte("12345678901234567890"), second/int64(factorStep/time.Second)); got != want {
			t.Errorf("at %d the code is %s, want %s", second, got, want)
		}
	}
}

// CodeAt is what an authenticator shows for a typed key.
func CodeAt(t *testing.T, key string, at time.Time) string {
	t.Helper()
	raw, err := base32Plain.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	return timeCode(raw, at.Unix()/int64(factorStep/time.Second))
}
