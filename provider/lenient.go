package provider

import "bytes"

// WithoutTrailingCommas drops the commas that only spaces part from a closing
// bracket, outside strings: several providers print them in their samples, and
// some send them.
func WithoutTrailingCommas(text []byte) []byte {
	out := make([]byte, 0, len(text))
	inString, escaped := false, false
	for i, c := range text {
		switch {
		case escaped:
			escaped = false
		case inString && c == '\\':
			escaped = true
		case c == '"':
			inString = !inString
		case c == ',' && !inString && closesNext(text[i+1:]):
			continue
		}
		out = append(out, c)
	}
	return out
}

func closesNext(rest []byte) bool {
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return len(rest) > 0 && (rest[0] == '}' || rest[0] == ']')
}
