package app

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Rates bound how many requests a second one client may make, where a stranger
// may make any; zero is no bound. Ten seconds' worth may come at once.
type Rates struct {
	// Keys bounds a merchant's native API, in each mode.
	Keys float64
	// The others bound a client address: acts on hosted pages, tries to sign in,
	// providers' notifications, and the sandbox's pages and control API.
	Pages, SignIn, Hooks, Control float64
}

// DefaultRates are those of production. They are generous, since a whole town
// may share one address behind a carrier's NAT: they stop floods, not customers.
func DefaultRates() Rates {
	return Rates{Keys: 5000, Pages: 50, SignIn: 2, Hooks: 1000, Control: 500}
}

func (r *Rates) named() map[string]*float64 {
	return map[string]*float64{
		"keys": &r.Keys, "pages": &r.Pages, "sign-in": &r.SignIn, "hooks": &r.Hooks, "control": &r.Control,
	}
}

// maxRate is beyond what a limiter can tell from none.
const maxRate = 1e6

// ParseRates reads "pages=50,hooks=0": the rates that differ from the defaults,
// or "off" for no bound at all.
func ParseRates(text string) (Rates, error) {
	if strings.TrimSpace(text) == "off" {
		return Rates{}, nil
	}
	rates := DefaultRates()
	named := rates.named()
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		name, value, _ := strings.Cut(part, "=")
		into, known := named[name]
		if !known {
			return Rates{}, fmt.Errorf("PASSERELLE_RATES: %q is none of keys, pages, sign-in, hooks and control", name)
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsNaN(n) || n < 0 || n > maxRate {
			return Rates{}, errors.New("PASSERELLE_RATES: a rate is a number of requests a second, such as pages=50; 0 is no bound")
		}
		*into = n
	}
	return rates, nil
}
