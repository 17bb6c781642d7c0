package outbound

import (
	"regexp"
	"strings"
)

var plusPhone = regexp.MustCompile(`\+\d[\d ().-]{5,18}\d`)

// maskNumbers masks card and phone numbers.
func maskNumbers(s string) string {
	s = maskCards(s)
	if strings.IndexByte(s, '+') >= 0 {
		s = plusPhone.ReplaceAllStringFunc(s, func(number string) string { return maskDigits(number, 4) })
	}
	return maskPhones(s)
}

// manyDigits tells whether there are as many digits as the shortest number that
// is masked has.
func manyDigits(s string) bool {
	n := 0
	for i := 0; i < len(s) && n < fewestDigits; i++ {
		if isDigit(s[i]) {
			n++
		}
	}
	return n == fewestDigits
}

// fewestDigits is how many digits plusPhone finds at least, seen as two ends
// and what may stand between; likePhone and cards need more.
const fewestDigits = 2

// fewestOfCard is how many digits the shortest card numbers have.
const fewestOfCard = 13

// maskCard reduces a card number to its first six and last four digits, and
// anything else under a card number's name to nothing.
func maskCard(value string) string {
	number := digitsOf(value)
	if len(number) < fewestOfCard || len(number) > 19 {
		return mask
	}
	return number[:6] + "******" + number[len(number)-4:]
}

// maskDigits replaces all but the last keep digits, leaving what is between.
func maskDigits(value string, keep int) string {
	out := []byte(value)
	for i := len(out) - 1; i >= 0; i-- {
		if !isDigit(out[i]) {
			continue
		}
		if keep > 0 {
			keep--
			continue
		}
		out[i] = '*'
	}
	return string(out)
}

// digitRun is a stretch of digits, s[from:to].
type digitRun struct{ from, to int }

func digitRuns(s string) []digitRun {
	var runs []digitRun
	for run, ok := nextRun(s, 0); ok; run, ok = nextRun(s, run.to) {
		runs = append(runs, run)
	}
	return runs
}

// nextRun returns the first run of digits that begins at or after at.
func nextRun(s string, at int) (digitRun, bool) {
	for at < len(s) && !isDigit(s[at]) {
		at++
	}
	from := at
	for at < len(s) && isDigit(s[at]) {
		at++
	}
	return digitRun{from, at}, at > from
}

// maskCards reduces every card number in s, in one run of digits or in groups
// set apart by single spaces or dashes.
func maskCards(s string) string {
	if !longNumber(s) {
		return s
	}
	var out strings.Builder
	last := 0
	runs := digitRuns(s)
	for i := 0; i < len(runs); i++ {
		end := cardEnd(s, runs, i)
		if end < 0 {
			continue
		}
		out.WriteString(s[last:runs[i].from])
		out.WriteString(maskCard(s[runs[i].from:runs[end].to]))
		last, i = runs[end].to, end
	}
	out.WriteString(s[last:])
	return out.String()
}

// longNumber tells whether as many digits as the shortest card number has stand
// together or a space or dash apart. Few texts hold any, dates do not.
func longNumber(s string) bool {
	n := 0
	for i := range len(s) {
		c := s[i]
		switch {
		case isDigit(c):
			n++
		case (c == ' ' || c == '-') && i > 0 && isDigit(s[i-1]):
		default:
			n = 0
		}
		if n >= fewestOfCard {
			return true
		}
	}
	return false
}

// cardEnd returns the index of the run at which a card number that begins with
// run i ends, -1 when none begins there.
func cardEnd(s string, runs []digitRun, i int) int {
	var number string
	for j := i; j < len(runs); j++ {
		if j > i {
			gap := s[runs[j-1].to:runs[j].from]
			if gap != " " && gap != "-" {
				break
			}
		}
		number += s[runs[j].from:runs[j].to]
		if len(number) > 19 {
			break
		}
		if len(number) >= fewestOfCard && luhn(number) {
			return j
		}
	}
	return -1
}

// luhn reports whether the last digit checks the others (ISO/IEC 7812-1).
func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// maskPhones masks runs of digits that read as a phone number of the countries
// served: international with or without 00 (calling codes +2xx), or national
// with a leading 0. Runs next to a letter, as in references, are left alone.
func maskPhones(s string) string {
	var out []byte
	for run, ok := nextRun(s, 0); ok; run, ok = nextRun(s, run.to) {
		if run.from > 0 && isLetter(s[run.from-1]) || run.to < len(s) && isLetter(s[run.to]) {
			continue
		}
		if likePhone(s[run.from:run.to]) {
			if out == nil {
				out = []byte(s)
			}
			copy(out[run.from:run.to], maskDigits(s[run.from:run.to], 4))
		}
	}
	if out == nil {
		return s
	}
	return string(out)
}

func likePhone(run string) bool {
	international := strings.TrimPrefix(run, "00")
	switch {
	case international[:min(1, len(international))] == "2":
		return len(international) >= 11 && len(international) <= 13
	case run[0] == '0' && len(run) > 1 && run[1] != '0':
		return len(run) >= 8 && len(run) <= 10
	}
	return false
}

func digitsOf(s string) string {
	return strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, s)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
