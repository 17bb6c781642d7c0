package api

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/pay"
)

// Page is the part of a list that is asked for.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many to return"`
	Cursor string `query:"cursor" maxLength:"200" doc:"The next_cursor of the page before"`
}

// list is one page.
type list[T any] struct {
	Data       []T     `json:"data"`
	NextCursor *string `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last"`
}

// TransformSchema documents that the last page has no cursor.
func (list[T]) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return orNull(s, "next_cursor")
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// after is the key behind which the page starts; "" is the beginning.
func (p Page) after() (string, error) {
	if p.Cursor == "" {
		return "", nil
	}
	key, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil || !plainKey.Match(key) {
		return "", pay.Invalid("cursor", "the cursor is not one that was given")
	}
	return string(key), nil
}

// paged makes a page of rows, of which one more than the limit was read to
// know whether another page follows.
func paged[R, T any](p Page, rows []R, key func(R) string, view func(R) T) list[T] {
	l := list[T]{Data: make([]T, 0, min(len(rows), p.Limit))}
	for i, row := range rows {
		if i == p.Limit {
			next := base64.RawURLEncoding.EncodeToString([]byte(key(rows[i-1])))
			l.NextCursor = &next
			break
		}
		l.Data = append(l.Data, view(row))
	}
	return l
}

// pagedAll makes a page of a list that is short enough to be read whole.
func pagedAll[R, T any](p Page, rows []R, key func(R) string, view func(R) T) (list[T], error) {
	last, err := p.after()
	if err != nil {
		return list[T]{}, err
	}
	if last != "" {
		start := -1
		for i, row := range rows {
			if key(row) == last {
				start = i + 1
			}
		}
		if start < 0 {
			return list[T]{}, pay.Invalid("cursor", "the cursor leads nowhere any more; start again without")
		}
		rows = rows[start:]
	}
	return paged(p, rows, key, view), nil
}

// beginning sorts after every id, for lists that run from the newest. It is
// made of letters: collations disagree about where other signs stand.
const beginning = "zzzz"

// before is after for those lists.
func (p Page) before() (string, error) {
	key, err := p.after()
	if key == "" {
		key = beginning
	}
	return key, err
}

// newest makes one transaction's rows, which are few, into those of a page that
// starts before a key: in the caller's mode, newest first.
func newest[R any](rows []R, before string, c *call, of func(R) (id, mode string)) []R {
	rows = slices.DeleteFunc(rows, func(r R) bool {
		id, mode := of(r)
		return id >= before || mode != string(c.caller.Mode)
	})
	slices.SortFunc(rows, func(a, b R) int {
		first, _ := of(a)
		second, _ := of(b)
		return strings.Compare(second, first)
	})
	return rows
}
