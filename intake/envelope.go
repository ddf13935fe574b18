package intake

import (
	"maps"
	"strconv"
	"strings"
)

// object reads one object that scanValue has passed: an envelope, or a message.
// SNS comes first, so that a signed notification is never taken for anything
// else by names that its signature does not cover.
func (d *decoder) object(b []byte, at place) {
	s := look(b)
	open := d.opener(s)
	if open == nil || d.tooDeep(at) {
		if isEventBridge(s) {
			at = at.known(eventBridgeID(s), s.text(fTime))
			at.via = append(at.via[:len(at.via):len(at.via)], "eventbridge")
		}
		d.emit(b, false, at)
		return
	}
	open(b, s, at)
}

// opener returns what opens an envelope of this shape, or nil for a message.
func (d *decoder) opener(s *shape) func([]byte, *shape, place) {
	switch {
	case isSNS(s):
		return d.sns
	case isEventBridge(s):
		return nil // it stays whole
	case s.has(fSpecVersion, fType, fSource, fID):
		return d.cloudEvent
	case s.has(fBody, fMessageID, fReceiptHandle):
		return d.sqsMessage
	case isPush(s):
		return d.push
	case s.only(fReceivedMessages) && isArray(s.at[fReceivedMessages]):
		return d.pulled
	case s.has(fMessages) && holdsObjects(s.at[fMessages], fBody):
		return d.sqsBatch
	case s.only(fRecords) && holdsObjects(s.at[fRecords]):
		return d.records
	case s.has(fRequestID, fTimestamp, fFirehose) && s.others == 0 && holdsObjects(s.at[fFirehose], fData):
		return d.firehose
	case s.only(fAWSLogs) && isObject(s.at[fAWSLogs]):
		return d.awsLogs
	case s.has(fMessageType, fLogGroup, fLogEvents) && isArray(s.at[fLogEvents]):
		return d.logEvents
	case s.has(fGroupKey, fReceiver, fAlerts) && holdsObjects(s.at[fAlerts]):
		return d.alertmanager
	}
	return nil
}

// holdsObjects reports whether b is an array of at least one object and nothing
// else, each with the fields named.
func holdsObjects(b []byte, with ...field) bool {
	some, all := false, true
	elements(b, func(_ int, v []byte) bool {
		some = true
		all = isObject(v) && (len(with) == 0 || look(v).has(with...))
		return all
	})
	return some && all
}

// content reads the value that an envelope carries: an object as it stands, or
// what its string holds. It reports false where that is nothing worth a message.
func (d *decoder) content(v []byte, at place) bool {
	switch {
	case isObject(v) || isArray(v):
		d.value(v, at)
	case isString(v):
		if len(strings.TrimSpace(string(v[1:len(v)-1]))) == 0 {
			return false
		}
		at.depth-- // the envelope counts, not the quotes around its content
		d.quoted(v, at, at.path)
	case len(v) == 0 || string(v) == "null":
		return false
	default:
		d.emit(v, true, at)
	}
	return true
}

// binary reads the value that an envelope carries in base64. It reports false
// where the value is no base64, or holds no text.
func (d *decoder) binary(v []byte, at place) bool {
	if !isString(v) || len(v) <= 2 {
		return false
	}
	out, ok := d.base64(unquote(v), at.path)
	if out == nil {
		return true // over the budget, and said so
	}
	if !ok || !readable(out) {
		return false
	}
	d.blob(out, at, false)
	return true
}

// readable reports whether bytes may be text, zipped or not: anything but white
// space, and no control characters.
func readable(b []byte) bool {
	if isGzip(b) || isUTF16(b) {
		return true
	}
	some := false
	for _, c := range b {
		switch {
		case c > ' ':
			some = true
		case strings.IndexByte(" \t\r\n\f\x1b\x1e\x00", c) < 0:
			return false
		}
	}
	return some
}

// Limits on what envelopes may say beside a message.
const (
	maxAttributes     = 64
	maxAttributeName  = 64
	maxAttributeValue = 1 << 10
)

// with returns p with one more header that an envelope set.
func (p place) with(name, value string) place {
	if value != "" {
		p.header = maps.Clone(p.header)
		p.set(name, value)
	}
	return p
}

// attributes returns p with the members of b as headers, each named by its own
// name behind prefix; value takes the text out of one.
func (p place) attributes(b []byte, prefix string, value func([]byte) string) place {
	p.header = maps.Clone(p.header)
	members(b, func(name, v []byte) bool {
		p.set(prefix+string(name), value(v))
		return len(p.header) < maxAttributes
	})
	return p
}

// set adds to the header, which must be p's own.
func (p *place) set(name, value string) {
	if value == "" || name == "" || len(name) > maxAttributeName || len(value) > maxAttributeValue || len(p.header) >= maxAttributes {
		return
	}
	if p.header == nil {
		p.header = map[string]string{}
	}
	p.header[strings.ToLower(name)] = value
}

// scalar returns a string's text or a number or word as written, else "".
func scalar(v []byte) string {
	switch {
	case isString(v):
		return text(v)
	case len(v) == 0 || isObject(v) || isArray(v) || string(v) == "null":
		return ""
	}
	return string(v)
}

// alertmanager makes each alert of a group one self-contained message.
func (d *decoder) alertmanager(b []byte, s *shape, at place) {
	type member struct{ name, raw []byte }
	var group []member
	size := 0
	members(b, func(name, value []byte) bool {
		switch string(name) {
		case "alerts", "status", "state", "title", "message": // they speak of the group, not of the alert
		default:
			if !jsonSafe(name) {
				return true
			}
			raw := append([]byte{'"'}, name...)
			raw = append(append(raw, '"', ':'), value...)
			for i := range group {
				if string(group[i].name) == string(name) {
					size += len(raw) - len(group[i].raw)
					group[i].raw = raw
					return true
				}
			}
			group = append(group, member{name, raw})
			size += len(raw) + 1
		}
		return len(group) < maxAttributes
	})
	elements(s.at[fAlerts], func(i int, alert []byte) bool {
		at := at.part(i).in("alertmanager", "alerts["+strconv.Itoa(i)+"]")
		if !d.spend(len(alert)+size, at.path) {
			d.emit(alert, false, at)
			return true
		}
		own := map[string]bool{}
		members(alert, func(name, value []byte) bool {
			own[string(name)] = true
			if string(name) == "startsAt" {
				at = at.known("", text(value))
			}
			return true
		})
		out := make([]byte, 0, len(alert)+size)
		out = append(out, alert[:len(alert)-1]...) // without its closing brace
		empty := len(own) == 0
		for _, m := range group {
			if own[string(m.name)] {
				continue
			}
			if !empty {
				out = append(out, ',')
			}
			out = append(out, m.raw...)
			empty = false
		}
		d.emit(append(out, '}'), false, at)
		return true
	})
}

// jsonSafe reports whether a name can be written between quotes as it is.
func jsonSafe(name []byte) bool {
	for _, c := range name {
		if !plain[c] || c >= 0x7f {
			return false
		}
	}
	return true
}
