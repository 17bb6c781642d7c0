package checkout

import (
	"fmt"
	"strings"
	"testing"

	"rsc.io/qr"
)

// The drawing, read back module by module, is the code with its margin.
func TestAQRCodeIsDrawnAsItIs(t *testing.T) {
	t.Parallel()
	const text = "https://pay.example.com/pay/dem00000d6fcsf0850210e0dymcvamgg"
	drawn, err := qrCode(text)
	if err != nil {
		t.Fatal(err)
	}
	want, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	if drawn.Size != want.Size+8 { // ISO/IEC 18004: four modules on each side
		t.Errorf("drawing is %d wide for a code of %d", drawn.Size, want.Size)
	}
	black := map[[2]int]bool{}
	for run := range strings.SplitSeq(strings.TrimPrefix(drawn.Path, "M"), "M") {
		var x, y, n int
		if _, err := fmt.Sscanf(run, "%d %d.5h%d", &x, &y, &n); err != nil {
			t.Fatalf("run %q: %v", run, err)
		}
		for i := range n {
			black[[2]int{x + i, y}] = true
		}
	}
	for y := range drawn.Size {
		for x := range drawn.Size {
			if black[[2]int{x, y}] != want.Black(x-4, y-4) {
				t.Fatalf("module %d,%d is drawn wrong", x, y)
			}
		}
	}
	if _, err := qrCode(strings.Repeat("x", 4000)); err == nil {
		t.Error("a text too long for any code was drawn")
	}
}
