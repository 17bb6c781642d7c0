package outbound

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// valuePattern finds a value by the name before it. The two are apart so that
// a long text is searched for names once, and for values only behind names that
// matter: one expression for both would take quadratic time on hostile text.
type valuePattern struct {
	begins, ends signs // one of each stands in whatever next finds
	next         func(s string) (nameBefore, bool)
	value        *regexp.Regexp // anchored
}

// nameBefore is where a name stands, s[from:to], in the match that begins with
// start and ends where the value begins.
type nameBefore struct{ start, from, to, value int }

var valuePatterns = []valuePattern{
	{ // XML elements
		lessSign, greaterSign,
		nextBy(regexp.MustCompile(`<([A-Za-z_][\w:.-]*)(?:\s[^<>]*)?>`)),
		regexp.MustCompile(`^(?:\s*<!\[CDATA\[[\s\S]*?\]\]>|[^<]*)`),
	},
	{ // members of JSON that is cut or broken
		quoteSign, colonSign,
		nextBy(regexp.MustCompile(`"([^"\\\n]+)"\s*:\s*`)),
		regexp.MustCompile(`^(?:"(?:[^"\\]|\\.)*"?|[^\s,}\]"\[{]+)`),
	},
	{ // name=value, name: value, attributes, JSON quoted within a string
		equalsSign | colonSign, equalsSign | colonSign,
		nextPair,
		regexp.MustCompile(`^(?:"[^"]*"?|'[^']*'?|[^\s&;,"'<>]+)`),
	},
}

func nextBy(re *regexp.Regexp) func(string) (nameBefore, bool) {
	return func(s string) (nameBefore, bool) {
		at := re.FindStringSubmatchIndex(s)
		if at == nil {
			return nameBefore{}, false
		}
		return nameBefore{start: at[0], from: at[2], to: at[3], value: at[1]}, true
	}
}

// nextPair finds what ([\pL\pN_.%\[\]-]+)\\?["']?[ \t]*[=:][ \t]*\\? does, from
// the sign in its middle. Colons stand in every date, address and message, and
// the expression takes longer to pass them by than all else together.
func nextPair(s string) (nameBefore, bool) {
	for i := range len(s) {
		if s[i] != '=' && s[i] != ':' {
			continue
		}
		to := nameEnd(s[:i])
		from := nameStart(s[:to])
		if from == to {
			continue
		}
		value := len(s) - len(strings.TrimLeft(s[i+1:], " \t"))
		if value < len(s) && s[value] == '\\' {
			value++
		}
		return nameBefore{start: from, from: from, to: to, value: value}, true
	}
	return nameBefore{}, false
}

// nameEnd returns where a name before the sign that s led to would end: before
// blanks, a quote and the backslash of the quote.
func nameEnd(s string) int {
	s = strings.TrimRight(s, " \t")
	if s != "" && (s[len(s)-1] == '"' || s[len(s)-1] == '\'') {
		s = s[:len(s)-1]
	}
	return len(strings.TrimSuffix(s, `\`))
}

// nameStart returns where the name that s ends in begins, len(s) when there is
// none.
func nameStart(s string) int {
	at := len(s)
	for at > 0 {
		size := nameSign(s[:at])
		if size == 0 {
			break
		}
		at -= size
	}
	return at
}

// nameSign returns the length of the sign of a name that s ends in, 0 when the
// last sign is none.
func nameSign(s string) int {
	if c := s[len(s)-1]; c < utf8.RuneSelf {
		if isDigit(c) || isLetter(c) || strings.IndexByte(".%[]-", c) >= 0 {
			return 1
		}
		return 0
	}
	if c, size := utf8.DecodeLastRuneInString(s); unicode.IsLetter(c) || unicode.IsNumber(c) {
		return size
	}
	return 0
}

// mask masks the values whose names demand it. What stays as it is may hold
// further pairs ("error: token=…"): those names were found as well.
func (p valuePattern) mask(s string) string {
	var out strings.Builder
	last := 0
	for from := 0; ; {
		at, ok := p.next(s[from:])
		if !ok {
			break
		}
		start, value := from+at.start, from+at.value
		k := knownKind(unescape(s[from+at.from : from+at.to]))
		from = value
		if start < last || k == plainName { // inside a value already masked
			continue
		}
		end := value + len(p.value.FindString(s[value:]))
		out.WriteString(s[last:value])
		out.WriteString(maskValue(k, s[value:end]))
		last = end
	}
	if last == 0 {
		return s
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
