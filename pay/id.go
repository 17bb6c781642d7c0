package pay

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// MerchantIDLength is the length of a merchant's short id, lower-case
// Crockford base 32. Every public id and token embeds it, so that a look-up by
// id alone finds the merchant's shard.
const MerchantIDLength = 8

const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

// Prefixes of public ids.
const (
	PrefixPayment = "pay"
	PrefixPayout  = "po"
	PrefixRefund  = "re"
	PrefixEvent   = "evt"
)

// PrefixOf gives the id prefix of a kind.
func PrefixOf(k Kind) string {
	switch k {
	case Payout:
		return PrefixPayout
	case Refund:
		return PrefixRefund
	}
	return PrefixPayment
}

// NewMerchantID makes a merchant's short id.
func NewMerchantID() string { return randomText(MerchantIDLength) }

// inOrder makes ids of one millisecond sort as they were made: a payment's
// events often fall into one.
var inOrder = &ulid.LockedMonotonicReader{MonotonicReader: ulid.Monotonic(rand.Reader, 0)}

// NewID makes "prefix_" + the merchant's short id + a ULID in lower case, which
// sorts by time and, within a process, by the order of making.
func NewID(prefix, merchantID string, at time.Time) string {
	id, err := ulid.New(ulid.Timestamp(at), inOrder)
	if err != nil { // this millisecond's numbers are used up
		id = ulid.MustNew(ulid.Timestamp(at), rand.Reader)
	}
	return prefix + "_" + merchantID + strings.ToLower(id.String())
}

// stampLength is how much of a ULID is its time.
const stampLength = 10

// Stamp is what ids made at a time have after the merchant's short id, but for
// what tells them apart: an id sorts before another's stamp if it is older.
func Stamp(at time.Time) string {
	var id ulid.ULID
	if ms := at.UnixMilli(); ms > 0 {
		_ = id.SetTime(uint64(ms)) // fails in the year 10889
	}
	return strings.ToLower(id.String()[:stampLength])
}

// IDBound sorts after every id that NewID made before a time, and before those
// it made since: rows are found by age without an index of their own.
func IDBound(prefix, merchantID string, at time.Time) string {
	return prefix + "_" + merchantID + Stamp(at)
}

// NewToken makes an unguessable token (120 random bits) that starts with the
// merchant's short id: 32 characters, letters and digits only.
func NewToken(merchantID string) string { return merchantID + randomText(24) }

// MerchantOf reads the merchant's short id out of a public id or a token. It
// proves nothing: the caller still compares it with whom it authenticated.
func MerchantOf(idOrToken string) (string, bool) {
	if _, after, ok := strings.Cut(idOrToken, "_"); ok {
		idOrToken = after
	}
	if len(idOrToken) <= MerchantIDLength || strings.ContainsFunc(idOrToken, notAlphanumeric) {
		return "", false
	}
	return idOrToken[:MerchantIDLength], true
}

func notAlphanumeric(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	for i := range b {
		b[i] = crockford[b[i]&31]
	}
	return string(b)
}
