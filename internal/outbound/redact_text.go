package outbound

import (
	"regexp"
	"strings"
)

// The patterns by which secrets are found in text of unknown form: XML, broken
// JSON, error messages, URLs within sentences.
var (
	userInfo   = regexp.MustCompile(`://[^/\s@"'<>?#]+@`)
	authLine   = regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)([ \t]*:[ \t]*)([^\r\n]+)`)
	authScheme = regexp.MustCompile(`(?i)\b(bearer|basic)([ \t]+)([a-z0-9._~+/=-]{8,})`)
	ownKey     = regexp.MustCompile(`\b((?:sk|pk|rk)_(?:test|live)_|whsec_)()[A-Za-z0-9+/=_-]+`)
	jwt        = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*`)
	plusPhone  = regexp.MustCompile(`\+\d[\d ().-]{5,18}\d`)
)

// valuePattern finds a value by the name before it. The two are apart so that
// a long text is searched for names once, and for values only behind names that
// matter: one expression for both would take quadratic time on hostile text.
type valuePattern struct {
	marks string         // one of them stands in whatever name finds
	name  *regexp.Regexp // its first group is the name; it ends where the value begins
	value *regexp.Regexp // anchored
}

var valuePatterns = []valuePattern{
	{ // XML elements
		"<",
		regexp.MustCompile(`<([A-Za-z_][\w:.-]*)(?:\s[^<>]*)?>`),
		regexp.MustCompile(`^(?:\s*<!\[CDATA\[[\s\S]*?\]\]>|[^<]*)`),
	},
	{ // members of JSON that is cut or broken
		`"`,
		regexp.MustCompile(`"([^"\\\n]+)"\s*:\s*`),
		regexp.MustCompile(`^(?:"(?:[^"\\]|\\.)*"?|[^\s,}\]"\[{]+)`),
	},
	{ // name=value, name: value, attributes, JSON quoted within a string
		"=:",
		regexp.MustCompile(`([\pL\pN_.%\[\]-]+)\\?["']?[ \t]*[=:][ \t]*\\?`),
		regexp.MustCompile(`^(?:"[^"]*"?|'[^']*'?|[^\s&;,"'<>]+)`),
	},
}

// text masks what the patterns find. Most texts are short values without the
// characters that a pattern needs; those are not searched for it, as that would
// cost more than the call which is being told of.
func (r *redactor) text(s string) string {
	s = r.secrets.Replace(s)
	if strings.Contains(s, "://") {
		s = userInfo.ReplaceAllString(s, "://"+mask+"@")
	}
	if strings.IndexByte(s, ':') >= 0 {
		s = authLine.ReplaceAllString(s, "${1}${2}"+mask)
	}
	if strings.ContainsAny(s, " \t") {
		s = authScheme.ReplaceAllString(s, "${1}${2}"+mask)
	}
	if strings.IndexByte(s, '_') >= 0 {
		s = ownKey.ReplaceAllString(s, "${1}${2}"+mask)
	}
	if strings.Contains(s, "eyJ") {
		s = jwt.ReplaceAllString(s, mask)
	}
	for _, p := range valuePatterns {
		if strings.ContainsAny(s, p.marks) {
			s = p.mask(s)
		}
	}
	if !manyDigits(s) {
		return s
	}
	s = maskCards(s)
	if strings.IndexByte(s, '+') >= 0 {
		s = plusPhone.ReplaceAllStringFunc(s, func(number string) string { return maskDigits(number, 4) })
	}
	return r.secrets.Replace(maskPhones(s))
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

// mask masks the values whose names demand it. What stays as it is may hold
// further pairs ("error: token=…"): those names were found as well.
func (p valuePattern) mask(s string) string {
	var out strings.Builder
	last := 0
	for _, at := range p.name.FindAllStringSubmatchIndex(s, -1) {
		k := kindOf(unescape(s[at[2]:at[3]]))
		if at[0] < last || k == plainName { // inside a value already masked
			continue
		}
		end := at[1] + len(p.value.FindString(s[at[1]:]))
		out.WriteString(s[last:at[1]])
		out.WriteString(maskValue(k, s[at[1]:end]))
		last = end
	}
	out.WriteString(s[last:])
	return out.String()
}

// maskValue masks a value as its kind demands, keeping quotes around it.
func maskValue(k nameKind, value string) string {
	quote := ""
	if value != "" && (value[0] == '"' || value[0] == '\'') {
		quote = value[:1]
	}
	inner := strings.Trim(value, quote)
	switch {
	case strings.TrimSpace(inner) == "":
		return value
	case k == cardName:
		inner = maskCard(inner)
	case k == phoneName:
		inner = maskDigits(inner, 4)
	default:
		inner = mask
	}
	return quote + inner + quote
}

// maskCard reduces a card number to its first six and last four digits, and
// anything else under a card number's name to nothing.
func maskCard(value string) string {
	number := digitsOf(value)
	if len(number) < 13 || len(number) > 19 {
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
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			continue
		}
		from := i
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		runs = append(runs, digitRun{from, i})
	}
	return runs
}

// maskCards reduces every card number in s, in one run of digits or in groups
// set apart by single spaces or dashes.
func maskCards(s string) string {
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
		if len(number) >= 13 && luhn(number) {
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
	out := []byte(s)
	for _, run := range digitRuns(s) {
		if run.from > 0 && isLetter(s[run.from-1]) || run.to < len(s) && isLetter(s[run.to]) {
			continue
		}
		if likePhone(s[run.from:run.to]) {
			copy(out[run.from:run.to], maskDigits(s[run.from:run.to], 4))
		}
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
