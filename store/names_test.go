package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"yagura/alert"
	"yagura/store"
)

// Readers hold a connection while they look up words that another node named.
// Many of them at once must not wait for each other's connection.
func TestManyReadersOfNewWords(t *testing.T) {
	t.Parallel()
	w, a, b := twoNodes(t)
	var list []alert.Alert
	for i := range 60 {
		list = append(list, thing(fmt.Sprint(i), func(a *alert.Alert) { a.Rule = fmt.Sprint("rule ", i) }))
	}
	w.bring(a, list...)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if page, err := b.ListAlerts(ctx, store.AlertFilter{Limit: 100}); err != nil || len(page.Items) != len(list) {
				t.Errorf("listing: %v", err)
			}
		})
	}
	wg.Wait()
}
