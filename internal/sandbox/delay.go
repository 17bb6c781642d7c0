package sandbox

import (
	"fmt"
	"time"
)

// Delay is how long a simulated customer takes to answer. The zero Delay
// answers at once.
type Delay struct {
	After time.Duration
	// Manual waits for the virtual phone.
	Manual bool
}

// manual is the text of the delay that waits for a person.
const manual = "manual"

// ParseDelay reads "0", a duration such as "1s", or "manual".
func ParseDelay(text string) (Delay, error) {
	if text == manual {
		return Delay{Manual: true}, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return Delay{}, fmt.Errorf("operator delay %q: want a duration such as 1s, 0 or manual", text)
	}
	return Delay{After: d}, nil
}

// UnmarshalText reads what ParseDelay reads.
func (d *Delay) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDelay(string(text))
	return err
}

// String is the text that ParseDelay reads back.
func (d Delay) String() string {
	if d.Manual {
		return manual
	}
	return d.After.String()
}
