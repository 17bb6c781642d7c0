package secret

import (
	"crypto/rand"
	"encoding/base64"
)

const (
	digits = "0123456789"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	base62 = digits + upper + lower
)

// apiKeyRandom is the random part of an API key: 32 base62 characters, 190 bits.
const apiKeyRandom = 32

// Random returns n random characters of 0-9, A-Z and a-z.
func Random(n int) string { return randomOf(base62, n) }

// RandomLower returns n random characters of 0-9 and a-z, for what is read
// aloud, typed, or kept where case is lost.
func RandomLower(n int) string { return randomOf(digits+lower, n) }

// RandomUpper returns n random characters of 0-9 and A-Z.
func RandomUpper(n int) string { return randomOf(digits+upper, n) }

// RandomDigits returns n random decimal digits, for one-time passwords.
func RandomDigits(n int) string { return randomOf(digits, n) }

// randomOf draws with rejection: taking a byte modulo the alphabet's length
// would favour its first characters.
func randomOf(alphabet string, n int) string {
	limit := byte(256 / len(alphabet) * len(alphabet) % 256) // 0 stands for 256
	out := make([]byte, 0, n)
	buf := make([]byte, n+n/4+8)
	for len(out) < n {
		_, _ = rand.Read(buf) // never fails: it crashes the program instead
		for _, c := range buf {
			if (limit == 0 || c < limit) && len(out) < n {
				out = append(out, alphabet[int(c)%len(alphabet)])
			}
		}
	}
	return string(out)
}

// NewKey returns a fresh keyring entry, "id:base64(32 bytes)", with a random id.
func NewKey() string {
	key := make([]byte, masterKeySize)
	_, _ = rand.Read(key) // never fails: it crashes the program instead
	return "k" + RandomLower(8) + ":" + base64.StdEncoding.EncodeToString(key)
}

// NewAPIKey returns prefix ("sk_test_", "sk_live_"), the merchant's short id,
// by which a look-up finds the merchant's shard, and 32 random characters. It
// is shown once; what is stored is [Box.HashAPIKey].
func NewAPIKey(prefix, merchantShort string) string {
	return prefix + merchantShort + Random(apiKeyRandom)
}

// HashAPIKey returns the form in which an API key is stored and found. API
// keys are random, so a fast keyed hash is enough; a password is not, and goes
// through [HashPassword].
func (b Box) HashAPIKey(key string) string { return b.Lookup(key, "api-key") }
