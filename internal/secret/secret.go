// Package secret keeps what must not be read: it seals credentials at rest,
// hashes what is looked up by value, signs tokens, hashes passwords and makes
// random keys.
//
// # Keyring
//
// Everything is derived from a keyring of one or several master keys, written
// as text:
//
//	k2:<base64 of 32 bytes>,k1:<base64 of 32 bytes>
//
// The first entry is the primary: it seals and signs. The others only open
// what was sealed, and verify what was signed, before a rotation.
//
// An entry may end in ":next": it opens and verifies and does not seal yet, so
// that every process can learn a key before the first one seals with it. The
// first entry without a word at its end is the primary.
//
// The last entry also feeds [Box.Lookup]. Look-up hashes are stored and
// compared by equality, and what they were made of is not stored, so they must
// survive a rotation of the sealing keys: the last entry is kept for the life
// of the data. Dropping it makes every stored API key and look-up hash
// unfindable. Ending in ":lookup" it does nothing else any more.
//
// To rotate: [AddKey], every process restarts, [PromoteKey], reseal what
// [Box.NeedsReseal] names, every process restarts, reseal the rest, [RetireKey].
//
// From each master key HKDF-SHA256 derives one sub-key per use (sealing,
// look-up, signing), so that no key serves two algorithms.
//
// # Sealing
//
// [Box.Seal] is XAES-256-GCM (c2sp.org/XAES-256-GCM): AES-256-GCM under a key
// derived per message from half of a 192-bit nonce. A random 96-bit nonce is
// safe for about 2^32 messages under one key, which a busy gateway that seals
// every replayable answer can reach; the extended nonce has no such limit.
package secret

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// masterKeySize is the length in bytes of a keyring entry's key.
const masterKeySize = 32

var (
	// ErrUnknownKey says that a text was sealed or signed under a key that
	// the keyring no longer, or does not yet, hold.
	ErrUnknownKey = errors.New("secret: unknown key id")
	// ErrNotAuthentic says that a text was altered, or was sealed for another
	// place (other associated data) or signed for another purpose.
	ErrNotAuthentic = errors.New("secret: not authentic")
	// ErrMalformed says that a text is not of our making at all.
	ErrMalformed = errors.New("secret: malformed")
)

// Box holds the keys. It is safe for concurrent use and cheap to copy; its
// zero value seals nothing and panics. It never prints its keys.
type Box struct {
	keys    map[string]subkeys // of those that open
	ids     []string           // in keyring order
	primary string
	lookup  []byte
}

// subkeys are what one master key is expanded to.
type subkeys struct {
	seal *xaes
	sign []byte
}

// What an entry may end in.
const (
	roleNext   = "next"
	roleLookup = "lookup"
)

func splitKeyring(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t'
	})
}

// ParseKeyring reads one or several "id:base64(32 bytes)" entries separated by
// commas or white space, the primary first. Errors name the entry by its
// position, never by its content.
func ParseKeyring(text string) (Box, error) {
	entries := splitKeyring(text)
	if len(entries) == 0 {
		return Box{}, errors.New("secret: the keyring is empty")
	}
	box := Box{keys: make(map[string]subkeys, len(entries))}
	for i, entry := range entries {
		if err := box.add(entry, i == len(entries)-1); err != nil {
			return Box{}, fmt.Errorf("secret: keyring entry %d: %w", i+1, err)
		}
	}
	if box.primary == "" {
		return Box{}, errors.New("secret: no key of the keyring seals")
	}
	return box, nil
}

// add appends one entry; the look-up key follows the last one added.
func (b *Box) add(entry string, last bool) error {
	id, encoded, found := strings.Cut(entry, ":")
	if !found {
		return errors.New("want id:base64 of 32 bytes")
	}
	encoded, role, worded := strings.Cut(encoded, ":")
	switch {
	case !validKeyID(id):
		return errors.New("the id must be 1 to 32 of a-z, A-Z, 0-9, _ and -")
	case slices.Contains(b.ids, id):
		return errors.New("its id is used twice")
	case worded && (role != roleNext || last) && (role != roleLookup || !last):
		return errors.New("after its key may stand :next, or :lookup if it is the last")
	}
	master, err := decodeKey(encoded)
	if err != nil {
		return err
	}
	seal, err := newXAES(derive(master, "seal"))
	if err != nil {
		return err
	}
	if role != roleLookup {
		b.keys[id] = subkeys{seal: seal, sign: derive(master, "sign")}
	}
	if role == "" && b.primary == "" {
		b.primary = id
	}
	b.ids = append(b.ids, id)
	b.lookup = derive(master, "lookup")
	return nil
}

func validKeyID(id string) bool {
	if id == "" || len(id) > 32 {
		return false
	}
	for _, c := range []byte(id) {
		if !strings.ContainsRune(base62+"_-", rune(c)) {
			return false
		}
	}
	return true
}

// decodeKey takes either base64 alphabet, padded or not: operators paste keys
// from openssl, from Kubernetes secrets and from our own output.
func decodeKey(encoded string) ([]byte, error) {
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(encoded, "="))
	key, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return nil, errors.New("its key is not base64") // the cause would quote the key
	}
	if len(key) != masterKeySize {
		return nil, fmt.Errorf("its key has %d bytes, want %d", len(key), masterKeySize)
	}
	return key, nil
}

func derive(master []byte, use string) []byte {
	key, err := hkdf.Key(sha256.New, master, nil, "passerelle/v1/"+use, 32)
	if err != nil {
		panic("secret: deriving a key: " + err.Error()) // 32 bytes are always within HKDF's limit
	}
	return key
}

// PrimaryKeyID names the key that seals and signs now.
func (b Box) PrimaryKeyID() string { return b.primary }

// String names the keys, without them.
func (b Box) String() string { return "secret.Box(" + strings.Join(b.ids, ",") + ")" }

// Format keeps %#v, %x and the like from printing the keys.
func (b Box) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(b.String())) }

// LogValue keeps structured logs from printing the keys.
func (b Box) LogValue() slog.Value { return slog.StringValue(b.String()) }

// Empty reports whether the box has no keys: the zero value.
func (b Box) Empty() bool { return len(b.ids) == 0 }
