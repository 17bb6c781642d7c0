package doctor

import (
	"fmt"
	"time"
)

// sealedFor binds the text that tries the keys.
const sealedFor = "doctor"

// keys seals and opens a text with the keys as given.
func (e *examination) keys() {
	const check = "keys"
	if e.config.Keys.Empty() || e.config.KeysProblem != nil {
		return // the configuration says so already
	}
	const text = "a text"
	sealed, err := e.config.Keys.Seal([]byte(text), sealedFor)
	if err == nil {
		var opened []byte
		if opened, err = e.config.Keys.Open(sealed, sealedFor); err == nil && string(opened) != text {
			err = fmt.Errorf("another text came back")
		}
	}
	if err != nil {
		e.fail(check, "what they seal they can't open", "make new ones with `passerelle keys new`")
		return
	}
	e.ok(check, "readable; %s seals", e.config.Keys.PrimaryKeyID())
}

// built is before any time at which this program can run.
var built = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// clock catches a machine that woke without its time.
func (e *examination) clock() {
	now := e.config.Now().UTC()
	if now.Before(built) {
		e.fail("clock", "it says "+now.Format(time.DateTime)+" UTC, which is past", "set the clock, and keep it set: NTP")
		return
	}
	e.ok("clock", "%s UTC", now.Format(time.DateTime))
}
