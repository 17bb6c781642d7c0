package checkout

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quiet is the blank margin around a QR code, in modules (ISO/IEC 18004).
const quiet = 4

// code is a QR code, drawn by the page as one SVG path.
type code struct {
	Size int // of the drawing with its margin, in modules
	Path string
}

// qrCode draws a text. It fails for texts too long for any QR code.
func qrCode(text string) (code, error) {
	q, err := qr.Encode(text, qr.L)
	if err != nil {
		return code{}, fmt.Errorf("make QR code: %w", err)
	}
	var d strings.Builder
	for y := range q.Size {
		for x := 0; x < q.Size; x++ {
			if !q.Black(x, y) {
				continue
			}
			start := x
			for q.Black(x, y) {
				x++
			}
			// Half a module down: the line runs through the modules' middle.
			fmt.Fprintf(&d, "M%d %d.5h%d", start+quiet, y+quiet, x-start)
		}
	}
	return code{q.Size + 2*quiet, d.String()}, nil
}
