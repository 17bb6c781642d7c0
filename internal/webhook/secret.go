package webhook

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// A signing secret is "whsec_" and the base64 of a key of 24 to 64 bytes
// (Standard Webhooks, symmetric signatures).
const (
	secretPrefix = "whsec_"
	secretBytes  = 32
	minSecret    = 24
	maxSecret    = 64
)

// NewSecret makes a signing secret.
func NewSecret() pay.Secret {
	key := make([]byte, secretBytes)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	return pay.Secret(secretPrefix + base64.StdEncoding.EncodeToString(key))
}

// checkSecret refuses what the signing library or a receiver's could not use.
func checkSecret(s pay.Secret) error {
	encoded, ok := strings.CutPrefix(s.Reveal(), secretPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < minSecret || len(key) > maxSecret {
		return pay.Invalid("secret", "a signing secret is whsec_ and the base64 of 24 to 64 bytes")
	}
	return nil
}

// SealSecret seals a signing secret for its endpoint's row.
func SealSecret(box secret.Box, s pay.Secret, merchantID, endpointID string) (string, error) {
	sealed, err := box.Seal([]byte(s.Reveal()), "webhook-endpoint", merchantID, endpointID)
	if err != nil {
		return "", fmt.Errorf("seal signing secret of endpoint %s: %w", endpointID, err)
	}
	return sealed, nil
}

// OpenSecret reads the signing secret of an endpoint's row.
func OpenSecret(box secret.Box, endpoint sqlgen.WebhookEndpoint) (pay.Secret, error) {
	plain, err := box.Open(endpoint.Secret, "webhook-endpoint", endpoint.MerchantID, endpoint.ID)
	if err != nil {
		return "", fmt.Errorf("open signing secret of endpoint %s: %w", endpoint.ID, err)
	}
	return pay.Secret(plain), nil
}
