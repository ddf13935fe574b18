package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"yagura/alert"
)

func TestADocumentKeepsTheEntities(t *testing.T) {
	t.Parallel()
	a := alert.Alert{Title: "t", Entities: []alert.Entity{
		{Type: alert.EntityProcess, Value: "pc-07/4312/x.exe"},
		{Type: alert.EntityHost, Value: "dc-01", Aliases: []string{"dc"}, Shared: true},
	}}
	b, err := docOf(&a, "").pack()
	if err != nil {
		t.Fatal(err)
	}
	d, err := unpackDoc(b)
	if err != nil {
		t.Fatal(err)
	}
	var got alert.Alert
	d.into(&got)
	if diff := cmp.Diff(a, got); diff != "" {
		t.Error(diff)
	}
}
