package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

const sealVersion = "v1"

// Seal encrypts plain under the primary key and returns
// "v1.<key id>.<base64url(nonce||ciphertext)>". The associated data, say table,
// row and column, is not stored: Open wants the same values in the same order,
// so that a sealed value copied to another row does not open there.
func (b Box) Seal(plain []byte, aad ...string) (string, error) {
	id := b.PrimaryKeyID()
	sealed, err := b.keys[id].seal.seal(plain, frame(aad))
	if err != nil {
		return "", fmt.Errorf("secret: sealing: %w", err)
	}
	return sealVersion + "." + id + "." + base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Open decrypts what Seal returned. It fails with [ErrMalformed],
// [ErrUnknownKey] or [ErrNotAuthentic].
func (b Box) Open(sealed string, aad ...string) ([]byte, error) {
	id, encoded, err := splitSealed(sealed)
	if err != nil {
		return nil, err
	}
	key, known := b.keys[id]
	if !known {
		return nil, fmt.Errorf("%w %q", ErrUnknownKey, id)
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, ErrMalformed
	}
	return key.seal.open(raw, frame(aad))
}

// KeyOf names the key that a text was sealed under, "" when it is not of our
// making.
func KeyOf(sealed string) string {
	id, _, err := splitSealed(sealed)
	if err != nil {
		return ""
	}
	return id
}

// NeedsReseal reports whether sealed is under another key than the primary, or
// not readable as sealed text at all.
func (b Box) NeedsReseal(sealed string) bool {
	id, _, err := splitSealed(sealed)
	return err != nil || id != b.PrimaryKeyID()
}

func splitSealed(sealed string) (id, encoded string, err error) {
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || parts[0] != sealVersion || !validKeyID(parts[1]) {
		return "", "", ErrMalformed
	}
	return parts[1], parts[2], nil
}

// Lookup returns the keyed hash, 64 hexadecimal digits, under which value is
// found again: credentials, phone numbers, idempotency fingerprints. One value
// has unrelated hashes for two purposes. The hash does not change when sealing
// keys rotate, as it hangs on the keyring's last entry only.
func (b Box) Lookup(value, purpose string) string {
	mac := hmac.New(sha256.New, b.lookup)
	mac.Write(frame([]string{purpose, value}))
	return hex.EncodeToString(mac.Sum(nil))
}

// Sign returns a token "<key id>.<payload>.<mac>" that Verify accepts for the
// same purpose. The payload is readable by its bearer: it is signed, not
// sealed. What bounds the token (expiry, audience) belongs in the payload.
func (b Box) Sign(payload []byte, purpose string) string {
	id := b.PrimaryKeyID()
	body := id + "." + base64.RawURLEncoding.EncodeToString(payload)
	return body + "." + base64.RawURLEncoding.EncodeToString(tokenMAC(b.keys[id].sign, body, purpose))
}

// Verify returns the payload of a token made by Sign under any key of the
// keyring. It fails with [ErrMalformed], [ErrUnknownKey] or [ErrNotAuthentic].
func (b Box) Verify(token, purpose string) ([]byte, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || !validKeyID(parts[0]) {
		return nil, ErrMalformed
	}
	key, known := b.keys[parts[0]]
	if !known {
		return nil, fmt.Errorf("%w %q", ErrUnknownKey, parts[0])
	}
	mac, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return nil, ErrMalformed
	}
	if !hmac.Equal(mac, tokenMAC(key.sign, parts[0]+"."+parts[1], purpose)) {
		return nil, ErrNotAuthentic
	}
	payload, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil {
		return nil, ErrMalformed
	}
	return payload, nil
}

func tokenMAC(key []byte, body, purpose string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(frame([]string{purpose, body}))
	return mac.Sum(nil)
}

// frame joins parts with their lengths, so that ("ab","c") and ("a","bc")
// differ.
func frame(parts []string) []byte {
	var out []byte
	for _, part := range parts {
		out = binary.BigEndian.AppendUint64(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}
