package secret

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The parameters of new password hashes, the first choice of OWASP's password
// storage cheat sheet that fits a small machine.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	argonSalt    = 16
	argonKey     = 32
)

// The most that a stored hash may ask for: whoever could write one would
// otherwise choose how much memory a log-in takes.
const (
	argonMaxMemory  = 256 * 1024 // KiB
	argonMaxTime    = 16
	argonMaxThreads = 8
)

// passwordTurn lets one password be hashed at a time: each takes 19 MiB, and a
// burst of log-ins must not be able to exhaust a small machine.
var passwordTurn = make(chan struct{}, 1)

// argonParams are what a PHC string of argon2id says besides the hash itself.
type argonParams struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

// HashPassword returns the argon2id hash of password as a PHC string. It waits
// for its turn, and fails only when ctx ends before.
func HashPassword(ctx context.Context, password string) (string, error) {
	p := argonParams{memory: argonMemory, time: argonTime, threads: argonThreads}
	p.salt = make([]byte, argonSalt)
	_, _ = rand.Read(p.salt) // never fails: it crashes the program instead
	key, err := p.hash(ctx, password, argonKey)
	if err != nil {
		return "", fmt.Errorf("secret: hashing a password: %w", err)
	}
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, p.memory, p.time, p.threads, encode(p.salt), encode(key)), nil
}

// VerifyPassword reports whether password is the one that stored, a PHC string
// of argon2id, was made from. With stored empty (no such account) it does the
// same work and reports false, so that the time taken does not tell which
// accounts exist.
func VerifyPassword(ctx context.Context, password, stored string) (bool, error) {
	if stored == "" {
		_, err := HashPassword(ctx, password)
		return false, err
	}
	p, err := parsePHC(stored)
	if err != nil {
		return false, fmt.Errorf("secret: verifying a password: %w", err)
	}
	key, err := p.hash(ctx, password, uint32(len(p.key))) //nolint:gosec // a stored key is a few dozen bytes
	if err != nil {
		return false, fmt.Errorf("secret: verifying a password: %w", err)
	}
	return subtle.ConstantTimeCompare(key, p.key) == 1, nil
}

func (p argonParams) hash(ctx context.Context, password string, size uint32) ([]byte, error) {
	select {
	case passwordTurn <- struct{}{}:
		defer func() { <-passwordTurn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), p.salt, p.time, p.memory, p.threads, size), nil
}

func parsePHC(stored string) (argonParams, error) {
	var p argonParams
	fields := strings.Split(stored, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" {
		return p, errors.New("the stored hash is not a PHC string of argon2id")
	}
	if fields[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, errors.New("the stored hash is of another argon2 version")
	}
	if n, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil || n != 3 {
		return p, errors.New("the stored hash has no readable parameters")
	}
	if p.memory > argonMaxMemory || p.time < 1 || p.time > argonMaxTime || p.threads < 1 || p.threads > argonMaxThreads {
		return p, errors.New("the stored hash asks for parameters out of bounds")
	}
	var err error
	if p.salt, err = base64.RawStdEncoding.DecodeString(fields[4]); err != nil || len(p.salt) < 8 {
		return p, errors.New("the stored hash has no readable salt")
	}
	if p.key, err = base64.RawStdEncoding.DecodeString(fields[5]); err != nil || len(p.key) < 16 || len(p.key) > 64 {
		return p, errors.New("the stored hash has no readable key")
	}
	return p, nil
}
