package phone_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/passerelle-pay/passerelle/phone"
)

func TestParseReadsNumbersAsProvidersAndPeopleWriteThem(t *testing.T) {
	tests := []struct{ text, home, e164, national, country string }{
		// wire: mypvit §rest, 9 digits, or 241 with 8 or 9 digits, optional plus.
		{"066000100", "GA", "+24166000100", "066000100", "GA"},
		{"66000100", "GA", "+24166000100", "066000100", "GA"},
		{"24166000100", "GA", "+24166000100", "066000100", "GA"},
		{"241066000100", "GA", "+24166000100", "066000100", "GA"},
		{"+24166000100", "GA", "+24166000100", "066000100", "GA"},
		{"+241066000100", "GA", "+24166000100", "066000100", "GA"},
		{"0024166000100", "GA", "+24166000100", "066000100", "GA"},
		{"+241 66 00 01 00", "", "+24166000100", "066000100", "GA"},
		{"066-00-01-00", "GA", "+24166000100", "066000100", "GA"},
		{"066.00.01.00", "GA", "+24166000100", "066000100", "GA"},
		{" 066\u00a000\u202f01 00 ", "ga", "+24166000100", "066000100", "GA"},
		// The providers' published test data and the sandbox's numbers.
		{"060000001", "GA", "+24160000001", "060000001", "GA"},
		{"066820866", "GA", "+24166820866", "066820866", "GA"},
		{"074416546", "GA", "+24174416546", "074416546", "GA"},
		{"074111111", "GA", "+24174111111", "074111111", "GA"},
		{"062000100", "GA", "+24162000100", "062000100", "GA"},
		{"242056549200", "GA", "+242056549200", "056549200", "CG"},
		{"056549200", "CG", "+242056549200", "056549200", "CG"},
		{"650121212", "CM", "+237650121212", "650121212", "CM"},
		{"0700000100", "CI", "+2250700000100", "0700000100", "CI"},
		{"+2250700000100", "GA", "+2250700000100", "0700000100", "CI"},
		{"09306315", "CI", "+22509306315", "09306315", "CI"},
		{"771230100", "SN", "+221771230100", "771230100", "SN"},
		{"70000100", "BF", "+22670000100", "70000100", "BF"},
		{"66000100", "ML", "+22366000100", "66000100", "ML"},
		{"90000100", "TG", "+22890000100", "90000100", "TG"},
		{"0197000100", "BJ", "+2290197000100", "0197000100", "BJ"},
		{"97000100", "BJ", "+2290197000100", "0197000100", "BJ"},
		{"22997000100", "BJ", "+2290197000100", "0197000100", "BJ"},
		{"620000100", "GN", "+224620000100", "620000100", "GN"},
		{"90000100", "NE", "+22790000100", "90000100", "NE"},
		{"243810000100", "CD", "+243810000100", "0810000100", "CD"},
		{"0810000100", "CD", "+243810000100", "0810000100", "CD"},
		{"+243 0810 000 100", "", "+243810000100", "0810000100", "CD"},
		// A default country that is not supported only stops local forms.
		{"+24166000100", "FR", "+24166000100", "066000100", "GA"},
	}
	for _, tt := range tests {
		t.Run(tt.home+" "+tt.text, func(t *testing.T) {
			n, err := phone.Parse(tt.text, tt.home)
			if err != nil {
				t.Fatal(err)
			}
			got := [...]string{n.E164(), n.National(), n.Country()}
			if want := [...]string{tt.e164, tt.national, tt.country}; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestParseTellsWhyItRefuses(t *testing.T) {
	tests := []struct {
		text, home string
		want       error
	}{
		{"", "GA", phone.ErrSyntax},
		{"+", "GA", phone.ErrSyntax},
		{"00", "GA", phone.ErrSyntax},
		{"++24166000100", "GA", phone.ErrSyntax},
		{"241+66000100", "GA", phone.ErrSyntax},
		{"066 00 01 0O", "GA", phone.ErrSyntax},
		{"٠٦٦٠٠٠١٠٠", "GA", phone.ErrSyntax},
		{"066000100\n", "GA", phone.ErrSyntax},
		{"tel:+24166000100", "GA", phone.ErrSyntax},
		{strings.Repeat(" ", 100) + "066000100", "GA", phone.ErrSyntax},
		{"+33612345678", "GA", phone.ErrCountry},
		{"0033612345678", "GA", phone.ErrCountry},
		{"066000100", "", phone.ErrCountry},
		{"066000100", "FR", phone.ErrCountry},
		{"+066000100", "GA", phone.ErrCountry},
		{"06600010", "GA", phone.ErrInvalid},
		{"0660001000", "GA", phone.ErrInvalid},
		{"011000100", "GA", phone.ErrInvalid},
		{"07000000", "GA", phone.ErrInvalid},
		{"+2416600010", "GA", phone.ErrInvalid},
		{"+241", "GA", phone.ErrInvalid},
		{"2720304050", "CI", phone.ErrInvalid},
		{"22500000000", "GA", phone.ErrInvalid}, // in its own country this would be read as a number abroad
		{"0770000100", "GA", phone.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.home+" "+tt.text, func(t *testing.T) {
			n, err := phone.Parse(tt.text, tt.home)
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if !n.IsZero() {
				t.Error("a number came with the error")
			}
		})
	}
}

func TestThePartsOfANumber(t *testing.T) {
	n := mustParse(t, "074416546", "GA")
	got := []string{n.Country(), n.CountryCode(), n.Subscriber(), n.Digits(), n.Last4(), n.Masked()}
	want := []string{"GA", "241", "74416546", "24174416546", "6546", "+241••••6546"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheZeroNumberIsEmptyEverywhere(t *testing.T) {
	var n phone.Number
	all := n.E164() + n.Digits() + n.Country() + n.CountryCode() + n.National() +
		n.Subscriber() + n.Last4() + n.Masked() + n.String()
	if !n.IsZero() || all != "" {
		t.Errorf("zero number shows %q", all)
	}
	if _, ok := phone.Suggest(n); ok {
		t.Error("an operator was suggested for no number")
	}
}

func TestNumbersWrittenDifferentlyAreEqual(t *testing.T) {
	if mustParse(t, "066 00 01 00", "GA") != mustParse(t, "+24166000100", "") {
		t.Error("two forms of one number differ")
	}
}

func TestPrintingANumberNeverShowsItWhole(t *testing.T) {
	n := mustParse(t, "066820866", "GA")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "phone", n, "in", struct{ Phone phone.Number }{n})
	slog.New(slog.NewTextHandler(&log, nil)).Info("text", "phone", n, "in", struct{ Phone phone.Number }{n})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(&log, verb+"\n", n)
		fmt.Fprintf(&log, verb+"\n", struct{ Phone phone.Number }{n})
	}
	if strings.Contains(log.String(), "6682") {
		t.Errorf("the number is in:\n%s", &log)
	}
	if !strings.Contains(log.String(), "+241••••0866") {
		t.Errorf("no masked number in:\n%s", &log)
	}
}

// mobiles are shapes of mobile numbers in service, from the national numbering
// plans published with the ITU: the first digits and the whole length.
var mobiles = []struct {
	country string
	length  int
	heads   []string
}{
	{"GA", 8, []string{"60", "62", "65", "66", "74", "76", "77"}},
	{"CG", 9, []string{"04", "05", "06"}},
	{"CM", 9, []string{"65", "66", "67", "68", "69"}},
	{"CI", 10, []string{"01", "05", "07"}},
	{"SN", 9, []string{"70", "75", "76", "77", "78"}},
	{"BF", 8, []string{"05", "54", "60", "65", "70", "75", "76"}},
	{"ML", 8, []string{"50", "65", "66", "76", "79", "90", "99"}},
	{"TG", 8, []string{"70", "79", "90", "93", "96", "99"}},
	{"BJ", 10, []string{"0142", "0161", "0190", "0195", "0199"}},
	{"GN", 9, []string{"61", "62", "65", "66"}},
	{"NE", 8, []string{"74", "80", "85", "88", "90", "94", "96", "99"}},
	{"CD", 9, []string{"80", "81", "82", "84", "89", "90", "97", "99"}},
}

func TestEveryMobileNumberReadsBackFromEachOfItsForms(t *testing.T) {
	for _, m := range mobiles {
		t.Run(m.country, rapid.MakeCheck(func(t *rapid.T) {
			head := rapid.SampledFrom(m.heads).Draw(t, "head")
			tail := rapid.StringOfN(rapid.RuneFrom([]rune("0123456789")),
				m.length-len(head), m.length-len(head), -1).Draw(t, "tail")
			other := rapid.SampledFrom(append(phone.Countries(), "", "FR")).Draw(t, "other country")
			n := mustParse(t, head+tail, m.country)
			if n.Subscriber() != head+tail || n.Country() != m.country {
				t.Fatalf("%s%s became %s in %s", head, tail, n.Subscriber(), n.Country())
			}
			forms := []struct{ text, home string }{
				{n.E164(), other},
				{n.Digits(), other},
				{"00" + n.Digits(), other},
				{n.National(), m.country},
				{"+" + n.CountryCode() + " " + n.National(), other},
			}
			for _, f := range forms {
				if back := mustParse(t, f.text, f.home); back != n {
					t.Fatalf("%q in %q read as %s, not %s", f.text, f.home, back.E164(), n.E164())
				}
			}
			if o, ok := phone.Suggest(n); !ok || o.Country != m.country {
				t.Fatalf("suggested %q for %s", o.ID, n.E164())
			}
		}))
	}
	if len(mobiles) != len(phone.Countries()) {
		t.Errorf("%d countries are tested, %d supported", len(mobiles), len(phone.Countries()))
	}
}

func TestNoTextMakesParsePanicOrAcceptWithoutRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.String(),
			rapid.StringMatching(`\+?(00)?(24[123]|22[1-9]|237)?0?[0-9]{6,11}`),
		).Draw(t, "text")
		home := rapid.SampledFrom(append(phone.Countries(), "")).Draw(t, "home")
		n, err := phone.Parse(text, home)
		if err != nil {
			return
		}
		if back, err := phone.Parse(n.E164(), ""); err != nil || back != n {
			t.Fatalf("%q gave %s, which reads as %s (%v)", text, n.E164(), back.E164(), err)
		}
		if back, err := phone.Parse(n.National(), n.Country()); err != nil || back != n {
			t.Fatalf("%q gave %s, which reads as %s (%v)", text, n.National(), back.E164(), err)
		}
	})
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func mustParse(t fataler, text, home string) phone.Number {
	t.Helper()
	n, err := phone.Parse(text, home)
	if err != nil {
		t.Fatalf("parse %q in %q: %v", text, home, err)
	}
	return n
}
