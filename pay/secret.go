package pay

import "log/slog"

// Secret is text that never prints: a credential, a card number, a CVV, a PIN.
// Formatting, logging and JSON all give the mask; only Reveal gives the text.
type Secret string

const mask = "[secret]"

// Reveal returns the text itself, for the one call that needs it.
func (s Secret) Reveal() string { return string(s) }

// IsZero reports whether there is no text.
func (s Secret) IsZero() bool { return s == "" }

// String returns the mask.
func (s Secret) String() string { return mask }

// GoString returns the mask, so that %#v leaks nothing.
func (s Secret) GoString() string { return mask }

// MarshalText returns the mask: a secret is never stored or answered by accident.
func (s Secret) MarshalText() ([]byte, error) { return []byte(mask), nil }

// LogValue returns the mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(mask) }
