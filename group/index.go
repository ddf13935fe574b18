package group

import "yagura/alert"

// Index remembers which group each thing was last seen in. It is not safe for
// concurrent use: one writer of alerts holds it.
type Index struct{}

// NewIndex returns an empty index. infrastructure reports what is declared to be
// shared by many (domain controllers, gateways, scanners); nil means nothing is.
func NewIndex(infrastructure func(t alert.ObservableType, value string) bool) *Index {
	return &Index{}
}

// Place decides where an alert belongs, and remembers it there.
func (x *Index) Place(a *alert.Alert) Placement {
	return Placement{Group: Of(a.ID), New: true}
}

// Put remembers an alert in a group that is known already: at start, after
// another node wrote it, or because a person moved it there.
func (x *Index) Put(a *alert.Alert, g ID) {}

// Merge makes from part of into.
func (x *Index) Merge(into, from ID) {}

// Keep marks a group that a person shaped (split, merged, moved into): the machine
// may add alerts to it, but never merges it with another again.
func (x *Index) Keep(g ID) {}

// Close makes a group take no further alert: what people have concluded is not
// added to, and what comes after is seen anew.
func (x *Index) Close(g ID) {}
