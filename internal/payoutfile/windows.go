package payoutfile

import (
	"strings"
	"unicode/utf8"
)

// upper are the characters of Windows-1252 from 0x80 to 0x9f, where it parts
// from Latin-1; a zero is a byte that stands for nothing.
var upper = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

// toUTF8 takes what is not UTF-8 for Windows-1252, in which a French Excel saves
// CSV unless told otherwise. Accented text in the one is never valid in the other.
func toUTF8(content []byte) (text string, ok bool) {
	if utf8.Valid(content) {
		return string(content), true
	}
	var b strings.Builder
	for _, c := range content {
		r := rune(c)
		if c >= 0x80 && c <= 0x9f {
			if r = upper[c-0x80]; r == 0 {
				return "", false
			}
		}
		b.WriteRune(r)
	}
	return b.String(), true
}
