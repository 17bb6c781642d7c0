package provider

import (
	"context"
	"net/http"
	"time"
)

// Scene is one documented operation of a provider, played over real HTTP
// against a running dialect. It returns the HTTP status and a word for the
// outcome; an error says what was not as documented.
type Scene struct {
	Operation string
	Play      func(context.Context, *Stage) (status int, outcome string, err error)
}

// Stage is where scenes play.
type Stage struct {
	// Base is the address of the dialect's mount, without a trailing slash.
	Base string
	HTTP *http.Client
	// Credentials are the demo merchant's, by the names of Issued.
	Credentials map[string]string
	// Callback is the address of the demo merchant's own server for this
	// provider; what arrives there is read by Received.
	Callback string
	// Received waits for a request whose body or query contains mark.
	Received func(ctx context.Context, mark string) (Received, error)
	// Pay acts as the customer on the hosted page at the address that a dialect
	// gave out: fields as in POST /sandbox/v1/checkouts/{token}/pay.
	Pay func(ctx context.Context, pageURL string, choice map[string]string) error
	// Unique makes a reference of at most 15 letters and digits.
	Unique func() string
	// Store lets a scene leave a value for a later one (a token).
	Store map[string]string
	Now   func() time.Time
}

// Received is one request that the demo merchant got.
type Received struct {
	Method string
	Path   string
	Query  string
	Header http.Header
	Body   []byte
}
