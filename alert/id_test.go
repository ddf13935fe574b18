package alert

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestIDsReadBackAndSort(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := DeliveryID(rapid.Int64Range(0, 1<<47-1).Draw(t, "delivery"))
		i := rapid.IntRange(0, MaxPerDelivery-1).Draw(t, "index")
		id := d.Alert(i)
		if id.Delivery() != d || id.Index() != i {
			t.Fatalf("%s is %s and %d, want %s and %d", id, id.Delivery(), id.Index(), d, i)
		}
		if got, err := ParseID(id.String()); err != nil || got != id {
			t.Fatalf("%s reads back as %s, %v", id, got, err)
		}
		if got, err := ParseDeliveryID(d.String()); err != nil || got != d {
			t.Fatalf("%s reads back as %s, %v", d, got, err)
		}
		if next := d + 1; int64(next) < 1<<47 && (next.String() <= d.String() || next.Alert(0) <= id) {
			t.Fatalf("%s does not sort after %s", next, d)
		}
	})
}

func TestIDTellsTheTimeOfReceipt(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 8, 30, 0, 120_000, time.UTC)
	d := DeliveryAt(at)
	if !d.Time().Equal(at) || !d.Alert(7).Time().Equal(at) {
		t.Errorf("%s was received %s, want %s", d, d.Time(), at)
	}
	if got := DeliveryAt(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)); got != 0 {
		t.Errorf("a time before the epoch gives %s", got)
	}
	for _, year := range []int{2071, 2100, 2300, 9999} { // "to" without an end
		if late := DeliveryAt(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)); late.Alert(0) <= d.Alert(0) {
			t.Errorf("the ids of %d lie before today's", year)
		}
	}
	if last := DeliveryID(1<<47 - 1).Time(); last.Year() < 2070 {
		t.Errorf("ids end in %d", last.Year())
	}
}

func TestIDForms(t *testing.T) {
	t.Parallel()
	d := DeliveryID(123456789)
	if got, want := d.String(), "D-00003NQK8N"; got != want {
		t.Errorf("delivery %s, want %s", got, want)
	}
	if got, want := d.Alert(0).String(), "A-00003NQK8N"; got != want {
		t.Errorf("first alert %s, want %s", got, want)
	}
	if got, want := d.Alert(3).String(), "A-00003NQK8N-3"; got != want {
		t.Errorf("fourth alert %s, want %s", got, want)
	}
	if id, err := ParseID(" a-00003nqk8n-3 "); err != nil || id != d.Alert(3) {
		t.Errorf("in small letters it reads as %s, %v", id, err)
	}
	b, err := json.Marshal(map[string]any{"id": d.Alert(3), "delivery": d})
	if err != nil || string(b) != `{"delivery":"D-00003NQK8N","id":"A-00003NQK8N-3"}` {
		t.Errorf("JSON is %s, %v", b, err)
	}
}

func TestParseIDRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "A-", "D-00003NQK8N", "A-00003NQK8", "A-00003NQK8U", "A-00003NQK8N-", "A-00003NQK8N-x", "A-00003NQK8N-65536", "A-00003NQK8N3", "A-ZZZZZZZZZZ", "A-00003NQK8N-1-1", "A-00003NQK8N--1"} {
		if id, err := ParseID(s); err == nil {
			t.Errorf("%q is read as %s", s, id)
		}
	}
	for _, s := range []string{"", "A-00003NQK8N", "D-00003NQK8N-1", "D-ZZZZZZZZZZ"} {
		if d, err := ParseDeliveryID(s); err == nil {
			t.Errorf("%q is read as %s", s, d)
		}
	}
	var id ID
	if err := id.UnmarshalText([]byte("nonsense")); err == nil {
		t.Error("nonsense is taken")
	}
}
