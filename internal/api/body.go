package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// maxBody bounds a request's body, in bytes.
	maxBody = 1 << 20
	// maxInteger is the largest integer that every JSON reader keeps exactly.
	maxInteger = 1<<53 - 1
	// maxDepth bounds the nesting of a body; no operation needs half of it.
	maxDepth = 32
)

// readBody reads a body once and refuses what is no JSON at all, and what no
// operation could take: text that can't be stored and numbers that are not
// integers. GET and DELETE have none.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Method != http.MethodPost && r.Method != http.MethodPatch {
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return nil, newProblem(http.StatusRequestEntityTooLarge, codeTooLarge, fmt.Sprintf("the body is larger than %d bytes", maxBody))
	}
	if err != nil {
		return nil, newProblem(http.StatusBadRequest, codeBrokenJSON, "the body could not be read to its end")
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	if !announcesJSON(r.Header.Get("Content-Type")) {
		return nil, newProblem(http.StatusUnsupportedMediaType, codeMediaType, "the body is JSON, announced as application/json")
	}
	return body, checkJSON(body)
}

// announcesJSON takes a missing header for JSON, the only thing that is spoken here.
func announcesJSON(header string) bool {
	if header == "" {
		return true
	}
	kind, params, err := mime.ParseMediaType(header)
	if err != nil || kind != "application/json" {
		return false
	}
	charset := params["charset"]
	return charset == "" || strings.EqualFold(charset, "utf-8")
}

// checkJSON reads the whole text, so that a fault is told with its field even
// where the typed reading would lose it.
func checkJSON(body []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return newProblem(http.StatusBadRequest, codeBrokenJSON, "the body is not valid JSON")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return newProblem(http.StatusBadRequest, codeBrokenJSON, "something follows the JSON value")
	}
	if errors.Is(provider.CheckJSON(body), provider.ErrAmbiguousJSON) {
		return newProblem(http.StatusBadRequest, codeBrokenJSON, "the body is not UTF-8, or a name stands twice in one object")
	}
	if _, ok := v.(map[string]any); !ok {
		return newProblem(http.StatusUnprocessableEntity, pay.CodeInvalid, "the body is a JSON object")
	}
	return checkValue("body", v, 0)
}

func checkValue(location string, v any, depth int) error {
	if depth > maxDepth {
		return pay.Invalid(fieldName(location), "the value is nested too deeply")
	}
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if !storable(name) {
				return pay.Invalid(fieldName(location), "a name is not valid text")
			}
			if err := checkValue(location+"."+name, v[name], depth+1); err != nil {
				return err
			}
		}
	case []any:
		for i, item := range v {
			if err := checkValue(fmt.Sprintf("%s[%d]", location, i), item, depth+1); err != nil {
				return err
			}
		}
	case string:
		if !storable(v) {
			return pay.Invalid(fieldName(location), "the value is not valid text")
		}
	case json.Number:
		return checkInteger(location, v.String())
	}
	return nil
}

// checkInteger refuses 200.0 and 2e2: whoever writes amounts like that may
// mean major units.
func checkInteger(location, text string) error {
	if strings.ContainsAny(text, ".eE") {
		return pay.Invalid(fieldName(location), "expected an integer, written without point or exponent")
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > maxInteger || n < -maxInteger {
		return pay.Invalid(fieldName(location), "the number is too large")
	}
	return nil
}
