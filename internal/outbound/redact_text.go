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
)

// text masks what the patterns find. Most texts are short values without the
// characters that a pattern needs; those are not searched for it, as that would
// cost more than the call which is being told of.
func (r *redactor) text(s string) string {
	s = r.secrets.replace(s)
	if has := signsIn(s); has&(patternSigns|digitSign) != 0 {
		s = maskPatterns(s, has)
		if has&digitSign != 0 && manyDigits(s) {
			s = r.secrets.replace(maskNumbers(s))
		}
	}
	return s
}

// maskPatterns masks what is no number. Each pattern is asked when what it
// cannot do without is there; masking adds no sign, so that those of the
// original will do.
func maskPatterns(s string, has signs) string {
	if has&atSign != 0 && strings.Contains(s, "://") {
		s = userInfo.ReplaceAllString(s, "://"+mask+"@")
	}
	// Without regard to case Go takes a Kelvin sign for the k of cookie and a
	// long s for that of basic: those words are asked for as far as those letters.
	if has&colonSign != 0 && (containsFold(s, "authorization") || containsFold(s, "coo")) {
		s = authLine.ReplaceAllString(s, "${1}${2}"+mask)
	}
	if has&blankSign != 0 && (containsFold(s, "bearer") || containsFold(s, "ba")) {
		s = authScheme.ReplaceAllString(s, "${1}${2}"+mask)
	}
	if has&underscoreSign != 0 && (strings.Contains(s, "_test_") || strings.Contains(s, "_live_") || strings.Contains(s, "whsec_")) {
		s = ownKey.ReplaceAllString(s, "${1}${2}"+mask)
	}
	if has&capitalJSign != 0 && strings.Contains(s, "eyJ") {
		s = jwt.ReplaceAllString(s, mask)
	}
	for _, p := range valuePatterns {
		if has&p.begins != 0 && has&p.ends != 0 {
			s = p.mask(s)
		}
	}
	return s
}

// containsFold looks for a word of small letters in any case.
func containsFold(s, word string) bool {
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == word[0] && beginsFold(s[i:], word) {
			return true
		}
	}
	return false
}

// beginsFold compares the bytes of a word of small ASCII letters, which no
// other byte than their capitals becomes by the bit that sets them apart.
func beginsFold(s, word string) bool {
	for i := range len(word) {
		if s[i]|0x20 != word[i] {
			return false
		}
	}
	return true
}
