package outbound

import (
	"regexp"
	"strings"
)

// The plain reading of text, as the plain redactor needs it.

// plainValuePattern finds a value by the name before it. The two are apart so that
// a long text is searched for names once, and for values only behind names that
// matter: one expression for both would take quadratic time on hostile text.
type plainValuePattern struct {
	marks string         // one of them stands in whatever name finds
	name  *regexp.Regexp // its first group is the name; it ends where the value begins
	value *regexp.Regexp // anchored
}

var plainValuePatterns = []plainValuePattern{
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
func (r *plainRedactor) text(s string) string {
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
	for _, p := range plainValuePatterns {
		if strings.ContainsAny(s, p.marks) {
			s = p.mask(s)
		}
	}
	if !plainManyDigits(s) {
		return s
	}
	s = plainMaskCards(s)
	if strings.IndexByte(s, '+') >= 0 {
		s = plusPhone.ReplaceAllStringFunc(s, func(number string) string { return maskDigits(number, 4) })
	}
	return r.secrets.Replace(plainMaskPhones(s))
}

// plainManyDigits tells whether there are as many digits as the shortest number that
// is masked has.
func plainManyDigits(s string) bool {
	n := 0
	for i := 0; i < len(s) && n < fewestDigits; i++ {
		if isDigit(s[i]) {
			n++
		}
	}
	return n == fewestDigits
}

// mask masks the values whose names demand it. What stays as it is may hold
// further pairs ("error: token=…"): those names were found as well.
func (p plainValuePattern) mask(s string) string {
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

func plainDigitRuns(s string) []digitRun {
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

// plainMaskCards reduces every card number in s, in one run of digits or in groups
// set apart by single spaces or dashes.
func plainMaskCards(s string) string {
	var out strings.Builder
	last := 0
	runs := plainDigitRuns(s)
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

// plainMaskPhones masks runs of digits that read as a phone number of the countries
// served: international with or without 00 (calling codes +2xx), or national
// with a leading 0. Runs next to a letter, as in references, are left alone.
func plainMaskPhones(s string) string {
	out := []byte(s)
	for _, run := range plainDigitRuns(s) {
		if run.from > 0 && isLetter(s[run.from-1]) || run.to < len(s) && isLetter(s[run.to]) {
			continue
		}
		if likePhone(s[run.from:run.to]) {
			copy(out[run.from:run.to], maskDigits(s[run.from:run.to], 4))
		}
	}
	return string(out)
}
