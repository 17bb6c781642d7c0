package mypvit

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/passerelle-pay/passerelle/provider"
)

const (
	mediaJSON = "application/json"
	mediaXML  = "application/xml"
	mediaForm = "application/x-www-form-urlencoded"
)

// errUnreadable says that a body is not one object of named values. It never
// repeats the body.
var errUnreadable = errors.New("unreadable body")

// value is one field of a flat object as it was written: JSON numbers keep
// their digits, so that no amount passes through a float.
type value struct {
	text string
	kind valueKind
}

type valueKind int

const (
	textValue valueKind = iota
	numberValue
	nullValue
	otherValue // a list, an object, true or false
)

// fields is a flat object, in JSON or in XML.
type fields map[string]value

// text is the field's text or number, "" when it is absent, null or neither.
func (f fields) text(names ...string) string {
	for _, name := range names {
		if v, ok := f[name]; ok && v.kind <= numberValue && v.text != "" {
			return v.text
		}
	}
	return ""
}

func decodeFields(media string, body []byte) (fields, error) {
	if media == mediaXML {
		return decodeXML(body)
	}
	return decodeJSON(body)
}

func decodeJSON(body []byte) (fields, error) {
	if provider.CheckJSON(body) != nil {
		return nil, errUnreadable
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil || object == nil {
		return nil, errUnreadable
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errUnreadable
	}
	out := make(fields, len(object))
	for name, v := range object {
		switch v := v.(type) {
		case string:
			out[name] = value{text: v}
		case json.Number:
			out[name] = value{text: v.String(), kind: numberValue}
		case nil:
			out[name] = value{kind: nullValue}
		default:
			out[name] = value{kind: otherValue}
		}
	}
	return out, nil
}

// decodeXML reads a root of any name with one child per field. A document type
// is refused, as it could define entities; so is every entity but XML's own
// five, by the decoder being strict.
func decodeXML(body []byte) (fields, error) {
	dec := xml.NewDecoder(bytes.NewReader(body))
	out := fields{}
	depth, roots := 0, 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			if roots != 1 {
				return nil, errUnreadable
			}
			return out, nil
		}
		if err != nil {
			return nil, errUnreadable
		}
		switch token := token.(type) {
		case xml.Directive:
			return nil, errUnreadable
		case xml.CharData:
			if len(bytes.TrimSpace(token)) > 0 {
				return nil, errUnreadable
			}
		case xml.EndElement:
			depth--
		case xml.StartElement:
			if depth == 0 {
				depth, roots = 1, roots+1
				continue
			}
			v, err := xmlValue(dec)
			if err != nil {
				return nil, err
			}
			if _, twice := out[token.Name.Local]; twice {
				v = value{kind: otherValue}
			}
			out[token.Name.Local] = v
		}
	}
}

// xmlValue reads the text up to the end of the element just started. An
// element with children has no single value.
func xmlValue(dec *xml.Decoder) (value, error) {
	var text strings.Builder
	kind := textValue
	for {
		token, err := dec.Token()
		if err != nil {
			return value{}, errUnreadable
		}
		switch token := token.(type) {
		case xml.CharData:
			text.Write(token)
		case xml.Directive:
			return value{}, errUnreadable
		case xml.StartElement:
			kind = otherValue
			if err := dec.Skip(); err != nil {
				return value{}, errUnreadable
			}
		case xml.EndElement:
			return value{text: strings.TrimSpace(text.String()), kind: kind}, nil
		}
	}
}

// encode writes an answer or a notification in JSON, or in XML under the root
// name.
func encode(media, root string, v any) ([]byte, error) {
	var b bytes.Buffer
	if media == mediaXML {
		b.WriteString(xml.Header)
		enc := xml.NewEncoder(&b)
		if err := enc.EncodeElement(v, xml.StartElement{Name: xml.Name{Local: root}}); err != nil {
			return nil, fmt.Errorf("write %s: %w", root, err)
		}
		return b.Bytes(), nil
	}
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("write %s: %w", root, err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
