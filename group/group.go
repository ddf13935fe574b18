// Package group says which alerts belong together, found as they come in, with
// no model and no labels: by what they share (a process, a session, a host, a
// user, an address) and how long ago. It is pure: no I/O. What it decides is
// explained by the evidence it decided on.
package group

import (
	"fmt"
	"strings"
	"time"

	"yagura/alert"
)

// ID numbers a group: it is the id of the alert that founded it.
type ID int64

// Of returns the id of the group that an alert founds.
func Of(a alert.ID) ID { return ID(a) }

// Founder returns the alert that founded the group.
func (id ID) Founder() alert.ID { return alert.ID(id) }

// String returns the id as people write it, e.g. "G-00G6Q4ZW2R".
func (id ID) String() string { return "G-" + strings.TrimPrefix(alert.ID(id).String(), "A-") }

// ParseID reads an id as String writes it, in any letter case.
func ParseID(s string) (ID, error) {
	rest, ok := strings.CutPrefix(strings.ToUpper(strings.TrimSpace(s)), "G-")
	if ok {
		if id, err := alert.ParseID("A-" + rest); err == nil {
			return ID(id), nil
		}
	}
	return 0, fmt.Errorf("%q is no group id; one looks like G-00G6Q4ZW2R", s)
}

// Reason is one thing that an alert shares with an earlier one of its group.
type Reason struct {
	Type  string        `json:"type" doc:"what is shared: process, session, host, user, ip and the like"`
	Value string        `json:"value" doc:"the shared value, not defanged"`
	Alert alert.ID      `json:"alert" doc:"the earlier alert that had it last"`
	Gap   time.Duration `json:"gap" doc:"between the two by the product's clock, nanoseconds"`
	Score float64       `json:"score" doc:"what it counts; a sum of 1 joins"`
}

// Placement is where the machine puts an alert, and why.
type Placement struct {
	Group   ID
	New     bool     // the alert founded it: nothing was like it
	Reasons []Reason // strongest first; empty where New
	Merged  []ID     // groups that the alert shows to be the same incident: their alerts are Group's from now on
}
