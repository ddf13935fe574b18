package ticket

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"yagura/alert"
	"yagura/fault"
)

// Bounds of what a ticket holds: lengths in characters, and numbers of things.
const (
	maxTitle    = 300
	maxText     = 10_000 // of a comment or reason
	maxReason   = 2_000  // of a conclusion
	maxName     = 200    // of a person, team or system
	maxTags     = 50
	maxTag      = 64
	maxFields   = 50
	maxField    = 64    // of a field's name
	maxValue    = 2_000 // of a field's value
	maxTasks    = 200
	maxTask     = 500
	maxLinks    = 50
	maxURL      = 2_048
	maxMentions = 20
)

// Title makes any text, such as a stranger's, one that a ticket may have: one
// line, cut to its bound. An empty one becomes "untitled".
func Title(s string) string {
	s = oneLine(s)
	if utf8.RuneCountInString(s) > maxTitle {
		s = string([]rune(s)[:maxTitle-1]) + "…"
	}
	if s == "" {
		return "untitled"
	}
	return s
}

// oneLine turns line ends and other control characters into spaces and trims.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.TrimSpace(s)
}

func limit(what, s string, most int) error {
	if len(s) > most && utf8.RuneCountInString(s) > most {
		return fault.New(fault.Invalid, "%s has more than %d characters; shorten it", what, most)
	}
	return nil
}

// line cleans a text of one line and holds it to a length.
func line(what string, s *string, most int, needed bool) error {
	*s = oneLine(*s)
	if *s == "" && needed {
		return fault.New(fault.Invalid, "%s is empty; write something", what)
	}
	return limit(what, *s, most)
}

// normalize returns a cleaned, validated copy.
func (d Delta) normalize() (Delta, error) {
	if d.MergedInto != nil && *d.MergedInto < 0 {
		return d, fault.New(fault.Invalid, "there is no such ticket to merge into")
	}
	d.ResolvedAt = nil // follows from the status
	for _, f := range []func(*Delta) error{cleanTitle, cleanWords, cleanJudgement, cleanHandOver, cleanTags, cleanFields, cleanTasks, cleanLinks} {
		if err := f(&d); err != nil {
			return d, err
		}
	}
	return d, nil
}

func cleanTitle(d *Delta) error {
	if d.Title == nil {
		return nil
	}
	title := *d.Title
	d.Title = &title
	return line("the title", d.Title, maxTitle, true)
}

func cleanWords(d *Delta) error {
	if d.Status != nil && !slices.Contains(Statuses(), *d.Status) {
		return fault.New(fault.Invalid, "status %q: use open, in progress, waiting or resolved", *d.Status)
	}
	if d.Assignee != nil {
		name := *d.Assignee
		if err := line("the assignee", &name, maxName, false); err != nil {
			return err
		}
		d.Assignee = &name
	}
	if d.Severity != nil && *d.Severity != "" {
		v, ok := alert.ParseSeverity(*d.Severity)
		if !ok {
			return fault.New(fault.Invalid, "severity %q: use info, low, medium, high or critical, or nothing", *d.Severity)
		}
		name := v.String()
		d.Severity = &name
	}
	return nil
}

func cleanJudgement(d *Delta) error {
	if d.Judgement == nil {
		return nil
	}
	j := *d.Judgement
	d.Judgement = &j
	if j.Conclusion == "" {
		j = Judgement{}
		return nil
	}
	if !slices.Contains(Conclusions(), j.Conclusion) {
		return fault.New(fault.Invalid, "conclusion %q: use false positive, intended, unaffected, true positive or undetermined", j.Conclusion)
	}
	d.Judgement.Reason = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(j.Reason, "\x00", ""), "\uFFFD"))
	return limit("the reason", d.Judgement.Reason, maxReason)
}

func cleanHandOver(d *Delta) error {
	if d.HandOver == nil {
		return nil
	}
	h := *d.HandOver
	if err := line("the hand-over's receiver", &h.To, maxName, false); err != nil {
		return err
	}
	if h.To == "" {
		d.HandOver = &HandOver{}
		return nil
	}
	if !slices.Contains([]string{"person", "team", "system"}, h.Kind) {
		return fault.New(fault.Invalid, "a hand-over of kind %q: use person, team or system", h.Kind)
	}
	if h.Link != "" {
		if err := checkURL("the hand-over's link", h.Link); err != nil {
			return err
		}
	}
	d.HandOver = &h
	return nil
}

func cleanTags(d *Delta) error {
	if d.Tags == nil {
		return nil
	}
	tags := []string{}
	for _, tag := range *d.Tags {
		if err := line("a tag", &tag, maxTag, true); err != nil {
			return err
		}
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	if len(tags) > maxTags {
		return fault.New(fault.Invalid, "a ticket has at most %d tags", maxTags)
	}
	d.Tags = &tags
	return nil
}

func cleanFields(d *Delta) error {
	if d.Fields == nil {
		return nil
	}
	fields := map[string]string{}
	for name, value := range *d.Fields {
		if err := line("a field's name", &name, maxField, true); err != nil {
			return err
		}
		value = strings.ToValidUTF8(strings.ReplaceAll(value, "\x00", ""), "\uFFFD")
		if err := limit("the field "+name, value, maxValue); err != nil {
			return err
		}
		fields[name] = value
	}
	if len(fields) > maxFields {
		return fault.New(fault.Invalid, "a ticket has at most %d fields", maxFields)
	}
	d.Fields = &fields
	return nil
}

func cleanTasks(d *Delta) error {
	if d.Tasks == nil {
		return nil
	}
	if len(*d.Tasks) > maxTasks {
		return fault.New(fault.Invalid, "a ticket has at most %d tasks", maxTasks)
	}
	tasks := whole(*d.Tasks)
	for i := range tasks {
		if err := line("a task", &tasks[i].Text, maxTask, true); err != nil {
			return err
		}
		if err := line("a task's assignee", &tasks[i].Assignee, maxName, false); err != nil {
			return err
		}
	}
	d.Tasks = &tasks
	return nil
}

func cleanLinks(d *Delta) error {
	if d.Links == nil {
		return nil
	}
	if len(*d.Links) > maxLinks {
		return fault.New(fault.Invalid, "a ticket has at most %d links", maxLinks)
	}
	links := whole(*d.Links)
	for i := range links {
		if err := checkURL("a link", links[i].URL); err != nil {
			return err
		}
		if err := line("a link's title", &links[i].Title, maxName, false); err != nil {
			return err
		}
	}
	d.Links = &links
	return nil
}

// checkURL refuses what a browser would run or fetch from elsewhere than the web.
func checkURL(what, s string) error {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || s != oneLine(s) {
		return fault.New(fault.Invalid, "%s must be an address that begins with https:// or http://", what)
	}
	return limit(what, s, maxURL)
}

var mentioned = regexp.MustCompile(`(?:^|[\s(,;:、。「（])@([\pL\pN][\pL\pN._+-]*(?:@[A-Za-z0-9][A-Za-z0-9.-]*)?)`)

// mentions returns the names that a text addresses with @, each once.
func mentions(text string) []string {
	var list []string
	for _, m := range mentioned.FindAllStringSubmatch(text, -1) {
		name := strings.TrimRight(m[1], ".-")
		if name != "" && !slices.Contains(list, name) && len(list) < maxMentions {
			list = append(list, name)
		}
	}
	return list
}
