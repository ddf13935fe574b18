package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"yagura/alert"
	"yagura/store"
)

// A range of the product's times that holds more alerts than are checked at once
// loses none because other filters left some out.
func TestARangeOfTimesLosesNothingToOtherFilters(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		const n = 900
		list := make([]alert.Alert, n)
		for i := range list {
			list[i] = thing(fmt.Sprint("thing ", i), func(a *alert.Alert) {
				a.SeenAt = dawn
				if i%3 == 0 {
					a.Rule = "R2"
				}
			})
		}
		w.bring(s, list...)
		page, err := s.ListAlerts(context.Background(), store.AlertFilter{Rules: []string{"R2"}, SeenFrom: dawn.Add(-time.Minute), Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Items) != n/3 {
			t.Errorf("%d of %d alerts of the rule are listed", len(page.Items), n/3)
		}
	})
}
