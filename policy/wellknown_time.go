package policy

import (
	"strconv"
	"strings"
	"time"
)

// Times outside of these are no times of events: zero values, serial numbers.
var (
	earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// otherLayouts are forms that ParseTime leaves out because in other fields
// they would be ambiguous: twelve-hour clocks, which only Americans write.
var otherLayouts = []string{
	"1/2/2006 3:04:05 PM", "1/2/2006, 3:04:05 PM", "1/2/2006 3:04 PM", "Jan _2, 2006 3:04:05 PM", "Jan _2, 2006, 3:04:05 PM",
	"January _2, 2006 3:04:05 PM", "Jan _2, 2006 @ 15:04:05.999", "Mon Jan _2 15:04:05 MST 2006", "Mon _2 Jan 2006 15:04:05 MST",
	"Jan _2 2006 15:04:05.999", "Jan _2 2006 15:04:05.999 MST", "_2-Jan-2006 15:04:05", "_2 Jan 2006 15:04:05", "_2 January 2006 15:04:05",
	"Mon, _2 Jan, 2006 15:04:05",
}

// readTime reads a time as products write it. What names no zone is UTC.
func readTime(s string, number bool) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 8 || len(s) > 64 {
		return time.Time{}, false
	}
	var t time.Time
	var ok bool
	switch {
	case number || digits(s) || s[0] >= '0' && s[0] <= '9' && strings.Count(s, ".") == 1 && digits(strings.Replace(s, ".", "", 1)):
		t, ok = ParseTime(s)
	case len(s) >= 10 && digits(s[:4]) && (s[4] == '-' || s[4] == '/' || s[4] == '.'):
		t, ok = isoTime(s)
	default:
		t, ok = otherTime(s)
	}
	t = t.UTC()
	return t, ok && t.After(earliest) && t.Before(latest)
}

// isoTime reads 2006-01-02T15:04:05.999+09:00 and its relatives: a space for
// the T, slashes, no seconds, any number of digits of a second, " UTC",
// " (UTC)", " +0000 UTC", or the date alone.
func isoTime(s string) (time.Time, bool) {
	number := func(at, n int) int {
		if at+n > len(s) || !digits(s[at:at+n]) {
			return -1
		}
		v, _ := strconv.Atoi(s[at : at+n])
		return v
	}
	year, month, day := number(0, 4), number(5, 2), number(8, 2)
	if year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || s[7] != s[4] {
		return time.Time{}, false
	}
	if len(s) == 10 {
		return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC), true
	}
	if s[10] != 'T' && s[10] != ' ' && s[10] != 't' && s[10] != '_' {
		if zone, ok := readZone(s[10:]); ok { // a date with a zone
			return time.Date(year, time.Month(month), day, 0, 0, 0, 0, zone), true
		}
		return time.Time{}, false
	}
	hour, minute, second, nano := number(11, 2), number(14, 2), 0, 0
	if hour < 0 || hour > 24 || minute < 0 || minute > 59 || s[13] != ':' {
		return time.Time{}, false
	}
	at := 16
	if at < len(s) && s[at] == ':' {
		if second = number(17, 2); second < 0 || second > 60 {
			return time.Time{}, false
		}
		at = 19
	}
	if at < len(s) && (s[at] == '.' || s[at] == ',') {
		at++
		scale := 100_000_000
		for at < len(s) && s[at] >= '0' && s[at] <= '9' {
			nano += int(s[at]-'0') * scale
			scale /= 10
			at++
		}
	}
	zone, ok := readZone(s[at:])
	if !ok {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nano, zone), true
}

func readZone(s string) (*time.Location, bool) {
	s = strings.Trim(s, " ()")
	switch s {
	case "", "Z", "z", "UTC", "GMT", "Etc/UTC":
		return time.UTC, true
	}
	if s[0] != '+' && s[0] != '-' {
		return nil, false
	}
	digit := strings.ReplaceAll(s[1:], ":", "")
	digit, _, _ = strings.Cut(digit, " ") // "+0000 UTC"
	if len(digit) == 2 {
		digit += "00"
	}
	if len(digit) != 4 || !digits(digit) {
		return nil, false
	}
	h, _ := strconv.Atoi(digit[:2])
	m, _ := strconv.Atoi(digit[2:])
	offset := (h*60 + m) * 60
	if s[0] == '-' {
		offset = -offset
	}
	if offset == 0 {
		return time.UTC, true
	}
	if h > 15 || m > 59 {
		return nil, false
	}
	return time.FixedZone("", offset), true
}

func otherTime(s string) (time.Time, bool) {
	s = strings.TrimSuffix(s, " (UTC)")
	for _, layout := range otherLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, t.Year() > 0
		}
	}
	if t, ok := ParseTime(s); ok {
		return t, true
	}
	// Day and month may stand in either order; only a day over 12 tells.
	if parts := strings.SplitN(s, "/", 3); len(parts) == 3 && len(parts[0]) <= 2 && len(parts[1]) <= 2 {
		a, _ := strconv.Atoi(parts[0])
		b, _ := strconv.Atoi(parts[1])
		layouts := []string{"1/2/2006 15:04:05", "1/2/2006, 15:04:05", "1/2/2006"}
		switch {
		case a > 12 && b <= 12:
			layouts = []string{"2/1/2006 15:04:05", "2/1/2006, 15:04:05", "2/1/2006"}
		case b <= 12 && a != b:
			return time.Time{}, false
		}
		for _, layout := range layouts {
			if t, err := time.Parse(layout, s); err == nil {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

// time decides which of the times is the event's own.
func (r *reading) time() {
	for _, dates := range [...]bool{false, true} { // a day only where there is no time
		if dates {
			if r.dayAndTime(); r.seenAt != "" {
				return
			}
		}
		for _, c := range r.best[roleTime] {
			l := &r.leaves[c.leaf]
			if l.items != nil || date(l.text) != dates {
				continue
			}
			if t, ok := readTime(l.text, l.number); ok {
				for _, other := range r.best[roleTime] { // the same time in a shallower field, which people will look at
					o := &r.leaves[other.leaf]
					if same, ok := readTime(o.text, o.number); ok && same.Sub(t).Abs() < time.Second && !date(o.text) &&
						strings.Count(o.path, ".") < strings.Count(l.path, ".") {
						t, l = same, o
					}
				}
				r.seenAt, r.seenWhy = t.Format(time.RFC3339Nano), l.path
				return
			}
		}
	}
}

// dayAndTime puts together a time of day and a day that stand in fields of
// their own, as firewalls write them.
func (r *reading) dayAndTime() {
	var day, clock, zone *leaf
	for i := range r.leaves[:r.own] {
		l := &r.leaves[i]
		switch name := lastName(l.path); {
		case day == nil && date(l.text) && strings.HasSuffix(name, "date"):
			day = l
		case clock == nil && len(l.text) >= 8 && l.text[2] == ':' && strings.HasSuffix(name, "time"):
			clock = l
		case zone == nil && (name == "tz" || name == "timezone"):
			zone = l
		}
	}
	if day == nil || clock == nil {
		return
	}
	text := day.text + " " + clock.text
	if zone != nil {
		if _, ok := readZone(zone.text); ok {
			text += zone.text
		}
	}
	if t, ok := readTime(text, false); ok {
		r.seenAt, r.seenWhy = t.Format(time.RFC3339Nano), day.path+" and "+clock.path
	}
}

// date recognises a day without a time.
func date(s string) bool { return len(s) == 10 && !digits(s) }
