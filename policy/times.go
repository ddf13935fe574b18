package policy

import (
	"math/big"
	"strings"
	"time"
)

// layouts are the forms of time that products write, RFC 3339 and its
// relatives first. A form without a zone is UTC.
var layouts = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02T15:04:05.999999999Z07",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999Z0700",
	"2006-01-02 15:04:05.999999999 Z07:00",
	"2006-01-02 15:04:05.999999999 Z0700",
	"2006-01-02 15:04:05.999999999 Z0700 MST",
	"2006-01-02 15:04:05.999999999 MST",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02 15:04",
	"2006-01-02",
	"2006/01/02 15:04:05.999999999",
	"20060102T150405Z0700",
	"20060102T150405",
	time.RFC1123Z,
	time.RFC1123,
	time.RFC850,
	time.UnixDate,
	time.ANSIC,
	"Mon, 2 Jan 2006 15:04:05 -0700",
	"Mon, 2 Jan 2006 15:04:05 MST",
	"2 Jan 2006 15:04:05 -0700",
	"02/Jan/2006:15:04:05 -0700",
	"Jan 2 2006 15:04:05",
	"Jan 2 2006 15:04:05 MST",
	"Jan 2, 2006 15:04:05",
	"January 2, 2006 15:04:05",
	"2006-01-02T15:04:05.999999999Z07:00:00",
}

// ParseTime reads a product's time: RFC 3339 and common variants of it, dates
// of mail and logs that name their year, or a Unix time in seconds (fractions
// allowed), milli-, micro- or nanoseconds, told apart by magnitude. A time
// without a zone is UTC. Zero, negative and unreadable ones are not ok.
func ParseTime(s string) (t time.Time, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 64 {
		return time.Time{}, false
	}
	if t, ok := parseUnix(s); ok {
		return t, true
	}
	if i := strings.IndexByte(s, '['); i > 0 && strings.HasSuffix(s, "]") {
		s = s[:i] // Java writes 2026-01-01T00:00:00+09:00[Asia/Tokyo]
	}
	s = strings.TrimSuffix(s, " (UTC)")
	if len(s) > 10 && s[4] == '-' {
		s = strings.Replace(s, ",", ".", 1) // ISO 8601 allows a decimal comma
		s = strings.ToUpper(s)              // and a small t and z
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return plausible(t.UTC())
		}
	}
	return time.Time{}, false
}

// parseUnix reads a count of seconds or of a part of them since 1970.
func parseUnix(s string) (time.Time, bool) {
	if strings.Trim(s, "0123456789.eE+") != "" || len(s) > 32 {
		return time.Time{}, false
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 && len(s)-i > 4 {
		return time.Time{}, false
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return time.Time{}, false
	}
	// 1e11 seconds are the year 5138, 1e11 milliseconds 1973.
	scale := int64(time.Second)
	for limit := int64(1e11); scale > 1 && r.Cmp(new(big.Rat).SetInt64(limit)) >= 0; limit *= 1000 {
		scale /= 1000
	}
	r.Mul(r, new(big.Rat).SetInt64(scale))
	ns := new(big.Int).Quo(r.Num(), r.Denom())
	if !ns.IsInt64() {
		return time.Time{}, false
	}
	return plausible(time.Unix(0, ns.Int64()).UTC())
}

// plausible refuses times that products write for "none": year 1, the epoch.
func plausible(t time.Time) (time.Time, bool) {
	if t.Year() < 1971 || t.Year() > 2261 {
		return time.Time{}, false
	}
	return t, true
}
