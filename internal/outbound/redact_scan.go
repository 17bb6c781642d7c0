package outbound

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// jsonScanner reads the tokens of JSON in place, to the letter of RFC 8259:
// what encoding/json refuses it refuses as well. Bodies are read for every
// payment, and a Decoder's tokens cost an allocation each, and more.
type jsonScanner struct {
	text string
	at   int
}

// next returns the first byte of the next token, 0 at the end.
func (s *jsonScanner) next() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// took steps over c when it is the next token.
func (s *jsonScanner) took(c byte) bool {
	if s.next() != c {
		return false
	}
	s.at++
	return true
}

// ended tells whether nothing but blanks is left.
func (s *jsonScanner) ended() bool {
	s.next()
	return s.at == len(s.text)
}

// jsonString is a string as it is written.
type jsonString struct {
	quoted string
	plain  bool // ASCII without an escape: it means what it shows
}

// value decodes the string. Bytes that are not UTF-8 come out replaced.
func (s jsonString) value() string {
	inner := s.quoted[1 : len(s.quoted)-1]
	if s.plain || strings.IndexByte(inner, '\\') < 0 && utf8.ValidString(inner) {
		return inner
	}
	var decoded string
	_ = json.Unmarshal([]byte(s.quoted), &decoded) // the scanner has found it valid
	return decoded
}

// string reads a string, whose quote comes next.
func (s *jsonScanner) string() (jsonString, bool) {
	plain := true
	for i := s.at + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			quoted := s.text[s.at : i+1]
			s.at = i + 1
			return jsonString{quoted, plain}, true
		case c == '\\':
			n := escape(s.text[i:])
			if n == 0 {
				return jsonString{}, false
			}
			i += n - 1
			plain = false
		case c < ' ':
			return jsonString{}, false
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	return jsonString{}, false
}

// escape returns the length of the escape that text begins with, 0 when it is
// none.
func escape(text string) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(text) >= 6 && isHex(text[2]) && isHex(text[3]) && isHex(text[4]) && isHex(text[5]) {
			return 6
		}
	}
	return 0
}

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

// number reads a number, whose sign or first digit comes next.
func (s *jsonScanner) number() (string, bool) {
	from := s.at
	if s.text[s.at] == '-' {
		s.at++
	}
	if s.has("0") {
		s.at++
	} else if !s.digits() {
		return "", false
	}
	if s.has(".") {
		s.at++
		if !s.digits() {
			return "", false
		}
	}
	if s.has("eE") {
		s.at++
		if s.has("+-") {
			s.at++
		}
		if !s.digits() {
			return "", false
		}
	}
	return s.text[from:s.at], true
}

// has tells whether one of signs stands right here.
func (s *jsonScanner) has(signs string) bool {
	return s.at < len(s.text) && strings.IndexByte(signs, s.text[s.at]) >= 0
}

// digits steps over digits, one at least.
func (s *jsonScanner) digits() bool {
	from := s.at
	for s.at < len(s.text) && isDigit(s.text[s.at]) {
		s.at++
	}
	return s.at > from
}

// literal reads true, false or null.
func (s *jsonScanner) literal() (string, bool) {
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(s.text[s.at:], word) {
			s.at += len(word)
			return word, true
		}
	}
	return "", false
}

// skip steps over the next value and returns it as it is written.
func (s *jsonScanner) skip() (string, bool) {
	switch c := s.next(); {
	case c == '"':
		written, ok := s.string()
		return written.quoted, ok
	case c == '{' || c == '[':
		return s.skipNested()
	case c == '-' || isDigit(c):
		return s.number()
	}
	return s.literal()
}

// skipNested steps over an object or array. Where it ends its brackets tell;
// that it is JSON is left to who can tell without recursion, as it may nest as
// deep as it likes.
func (s *jsonScanner) skipNested() (string, bool) {
	from := s.at
	for open := 0; s.at < len(s.text); {
		switch s.text[s.at] {
		case '"':
			if _, ok := s.string(); !ok {
				return "", false
			}
			continue // string has stepped over it
		case '{', '[':
			open++
		case '}', ']':
			open--
		}
		s.at++
		if open == 0 {
			whole := s.text[from:s.at]
			return whole, json.Valid([]byte(whole))
		}
	}
	return "", false
}
