package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"yagura/client"
)

func (e Env) showAlert(ctx context.Context, cmd *cli.Command) error {
	id, err := one(cmd, "an alert")
	if err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	if cmd.Bool("raw") {
		b, err := s.client.AlertRaw(ctx, id)
		if err != nil {
			return err
		}
		return s.bytes(b)
	}
	a, err := s.client.Alert(ctx, id)
	switch {
	case err != nil:
		return err
	case s.json:
		return s.answer()
	case s.quiet:
		return s.ids(a.ID)
	}
	return s.alertCard(a)
}

// alertCard prints all that is known of an alert.
func (s *session) alertCard(a *client.AlertDetail) error {
	e := s.env
	s.say("%s  %s", s.screen.bold(clean(a.ID)), s.screen.paint(clean(a.Severity)))
	s.say("%s\n", s.screen.bold(clean(defangText(a.Title, a.Observables))))
	seen := e.when(a.SeenAt)
	if a.Sightings.Count > 1 {
		seen = fmt.Sprintf("%d times, from %s to %s", a.Sightings.Count, e.when(a.Sightings.First), e.when(a.Sightings.Last))
	}
	renewed := ""
	if a.RenewedAt != nil {
		renewed = e.when(*a.RenewedAt) + ": " + a.RenewedWhy
	}
	s.card([]field{
		{"source", with(a.Source, a.Kind)},
		{"rule", a.Rule},
		{"product severity", a.ProductSeverity},
		{"action", a.Action},
		{"condition", a.Condition},
		{"seen", seen},
		{"received", with(e.when(a.ReceivedAt), strings.Join(a.Marks, ", "))},
		{"new again", renewed},
		{"disposition", standing(a)},
		{"channel", a.Channel},
		{"assignee", a.Assignee},
		{"ticket", a.Ticket},
		{"techniques", strings.Join(a.Techniques, " ")},
		{"tags", strings.Join(a.Tags, ", ")},
		{"product's page", a.Link},
		{"event id", a.EventID},
		{"fingerprint", a.Fingerprint},
		{"delivery", a.Delivery},
	})
	if text := strings.TrimSpace(a.Description); text != "" {
		s.section("Description")
		s.say("%s", indent(cleanLines(defangText(text, a.Observables))))
	}
	return s.alertParts(a)
}

func (s *session) alertParts(a *client.AlertDetail) error {
	if len(a.Observables) > 0 {
		s.section("Observables")
		t := &table{head: []string{"  TYPE", "VALUE", "ROLE", "SCOPE"}, flex: map[int]int{1: 24}}
		for _, o := range a.Observables {
			t.add("  "+o.Type, defang(o), o.Role, o.Scope)
		}
		if err := t.write(s.out, s.screen); err != nil {
			return err
		}
	}
	if len(a.Attributes) > 0 {
		s.section("Attributes")
		fields := make([]field, len(a.Attributes))
		for i, at := range a.Attributes {
			fields[i] = field{clean(at.Key), defangText(at.Value, a.Observables)}
		}
		s.card(fields)
	}
	if len(a.LastSightings) > 0 {
		s.section("Seen again")
		t := &table{head: []string{"  SEEN", "SEVERITY", "DELIVERY", "NEW"}, flex: map[int]int{3: 12}}
		for _, sg := range a.LastSightings {
			t.add("  "+s.env.when(sg.SeenAt), sg.Severity, sg.Delivery, observables(sg.Observables))
		}
		return t.write(s.out, s.screen)
	}
	return nil
}

// standing words where an alert stands, who put it there and why.
func standing(a *client.AlertDetail) string {
	text := a.Disposition
	if a.DispositionBy != "" && a.DispositionBy != "default" {
		text += " by " + a.DispositionBy
	}
	if a.DispositionReason != "" {
		text += ": " + a.DispositionReason
	}
	return text
}

// with adds what stands in brackets.
func with(text, more string) string {
	if text == "" || more == "" {
		return text
	}
	return text + " (" + more + ")"
}

func indent(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }

// event prints one live event as one line.
func (s *session) event(ev client.Event) error {
	if ev.Alert == nil {
		if ev.Type == "reset" {
			s.note("too much was missed; list the alerts again")
		}
		return nil
	}
	if s.json {
		b, err := json.Marshal(ev)
		if err != nil {
			return fmt.Errorf("writing the event: %w", err)
		}
		return s.printJSON(b, false)
	}
	if s.quiet {
		return s.ids(ev.Alert.ID)
	}
	a := ev.Alert
	what := strings.TrimPrefix(ev.Type, "alert.")
	if a.Sightings.Count > 1 {
		what += " ×" + strconv.Itoa(a.Sightings.Count)
	}
	line := fmt.Sprintf("%s  %s  %s  %s  %s", s.env.when(a.Sightings.Last), s.screen.paint(clean(a.Severity)), clean(a.ID), clean(what), clean(defangText(a.Title, a.Observables)))
	s.say("%s", line)
	return nil
}
