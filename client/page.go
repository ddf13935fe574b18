package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"
)

// each walks pages to the end: get returns one page's items and the next cursor.
func each[T any](ctx context.Context, cursor string, get func(ctx context.Context, cursor string) ([]T, string, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			items, next, err := get(ctx, cursor)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if next == "" || next == cursor { // a server that turns in circles is left
				return
			}
			cursor = next
		}
	}
}

// values writes a query; what is empty is left out.
type values struct{ url.Values }

func (v values) text(name string, texts ...string) {
	for _, t := range texts {
		if t != "" {
			v.Add(name, t)
		}
	}
}

func (v values) number(name string, n int64) {
	if n != 0 {
		v.Set(name, strconv.FormatInt(n, 10))
	}
}
