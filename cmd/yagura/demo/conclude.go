package demo

import (
	"context"
	"fmt"
	"strings"

	"yagura/client"
)

// desk are the people who handled the quiet days.
var desk = []string{"a.mori", "m.sato"}

// judgement is what one of them concluded of a line, and why.
type judgement struct{ who, conclusion, reason string }

// judge says what was concluded of a quiet day's line, by its worst alert.
func judge(a client.Alert) judgement {
	backup := strings.Contains(a.Title, "backup-runner") || a.Rule == "Read sensitive file untrusted"
	switch {
	case backup:
		return judgement{"m.sato", "intended", "the nightly backup reads everything; it runs as backup-runner"}
	case a.Kind == "securityhub":
		return judgement{"m.sato", "unaffected", "known; the account moves to the new baseline this quarter"}
	case a.Kind == "okta":
		return judgement{"a.mori", "false positive", "a mistyped password or a new phone; the person confirmed it"}
	case a.Kind == "suricata":
		return judgement{"a.mori", "unaffected", "noise from outside; nothing answered"}
	case a.Kind == "opencanary":
		return judgement{"a.mori", "intended", "our own vulnerability scanner, 10.20.0.200"}
	case a.Kind == "defender":
		return judgement{"m.sato", "unaffected", "stopped before it ran; the machine was checked"}
	case a.Kind == "wazuh":
		return judgement{"m.sato", "intended", "an update by the administrators"}
	}
	return judgement{"a.mori", "unaffected", "looked at; nothing followed from it"}
}

// conclude handles every line of the queue as the people of the quiet days did,
// through the API like anybody.
func (s Seeding) conclude(ctx context.Context) error {
	people := map[string]*client.Client{}
	for _, name := range desk {
		c, err := s.person(ctx, name)
		if err != nil {
			return fmt.Errorf("making the demo's %s: %w", name, err)
		}
		people[name] = c
	}
	sets := map[judgement][]client.TicketSet{}
	for g, err := range s.Client.EachGroup(ctx, client.AlertFilter{Limit: 200}) {
		if err != nil {
			return fmt.Errorf("reading the queue: %w", err)
		}
		set, lead, err := s.members(ctx, g)
		if err != nil {
			return err
		}
		j := judge(lead)
		sets[j] = append(sets[j], set)
	}
	for j, list := range sets {
		got, err := people[j.who].ConcludeMany(ctx, client.ConcludeMany{Sets: list, Assignee: j.who, Conclusion: j.conclusion, Reason: j.reason})
		if err != nil {
			return fmt.Errorf("concluding the quiet days: %w", err)
		}
		if len(got.Refused) > 0 {
			return fmt.Errorf("concluding the quiet days: %s", got.Refused[0].Why)
		}
	}
	return nil
}

// members returns a line's alerts, and the worst of them.
func (s Seeding) members(ctx context.Context, g client.Group) (set client.TicketSet, lead client.Alert, err error) {
	set.Title = g.Title
	for cursor := ""; ; {
		page, err := s.Client.Group(ctx, g.ID, 0, cursor)
		if err != nil {
			return set, lead, fmt.Errorf("reading %s: %w", g.ID, err)
		}
		for _, a := range page.Alerts {
			set.Alerts = append(set.Alerts, a.ID)
			if a.ID == g.Lead {
				lead = a.Alert
			}
		}
		if cursor = page.Next; cursor == "" {
			return set, lead, nil
		}
	}
}

// person is a client of the server as one of the demo's people.
func (s Seeding) person(ctx context.Context, name string) (*client.Client, error) {
	key := client.NewKey{Name: name, Role: "analyst"}
	made, err := s.Client.CreateKey(ctx, key)
	if client.Status(err) == 409 { // of an earlier run; its token is known to nobody any more
		if err = s.Client.RevokeKey(ctx, name); err == nil {
			made, err = s.Client.CreateKey(ctx, key)
		}
	}
	if err != nil {
		return nil, err
	}
	return client.New(s.URL, made.Token)
}
