package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"
)

// page is one page of a list.
type page[T any] struct {
	Data       []T     `json:"data"`
	NextCursor *string `json:"next_cursor"`
}

// all goes through a list page by page. It stops after the first error.
func all[T any](ctx context.Context, c *Client, path string, q url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		at := url.Values{}
		for name, values := range q {
			at[name] = values
		}
		for {
			p, err := get[page[T]](ctx, c, path, at)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, v := range p.Data {
				if !yield(v, nil) {
					return
				}
			}
			if p.NextCursor == nil {
				return
			}
			at.Set("cursor", *p.NextCursor)
		}
	}
}

// query makes query parameters of pairs, leaving empty ones out.
func query(pageSize int, pairs ...string) url.Values {
	q := url.Values{}
	if pageSize > 0 {
		q.Set("limit", strconv.Itoa(pageSize))
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}
