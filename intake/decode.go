package intake

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"yagura/alert"
)

// Limits on one delivery.
const (
	MaxUnpacked  = 64 << 20 // bytes that may be decompressed, decoded or copied while a delivery is taken apart
	MaxEnvelopes = 8        // envelopes within envelopes
	maxProblems  = 100      // more are only counted
)

// Decode takes a delivery apart: it unwraps envelopes, nested ones too, splits
// batches, and returns the product messages in the order they stood. header
// holds the request's headers, names in lower case; content-type,
// content-encoding and the headers of binary CloudEvents, SNS raw delivery and
// Pub/Sub's unwrapped push are read.
//
// A message's bytes are those of the delivery: nothing is re-encoded. What is
// no JSON becomes one text message, unless it is meant to be JSON, by its
// content type or by its beginning ({" or [{): then it is a Problem with its
// position. An empty array gives neither messages nor problems. Bytes that are
// no UTF-8 become U+FFFD.
//
//   - EventBridge events stay whole, as policies read input.detail and input.source.
//   - CloudEvents, structured, batched or binary, are stripped to their data; their
//     attributes stand in Message.Header as in binary mode: ce-id, ce-source, ce-type, ….
//     An event whose data is no JSON object or array stays whole.
//   - SNS and Pub/Sub attributes stand in Message.Header by their own names, in lower case,
//     beside x-amz-sns-topic-arn and x-amz-sns-subject.
//   - Each alert of an Alertmanager group becomes a message: the alert's own object with the
//     group's fields behind its own (receiver, groupKey, groupLabels, commonLabels, commonAnnotations,
//     externalURL, version, …), except status, state, title and message, which speak of the whole group.
//   - SNS's confirmations and CloudWatch Logs' checks are messages with a Notice, and no alerts.
//   - {"Records":[…]}, arrays of objects and lines of JSON become one message each.
func Decode(body []byte, header map[string]string) ([]Message, []Problem) {
	d := decoder{budget: MaxUnpacked}
	at := rootPlace(header)
	body, err := d.decompress(body, header["content-encoding"])
	if err != nil {
		d.problem("", err.Error())
		return d.result()
	}
	media, _, _ := strings.Cut(strings.ToLower(header["content-type"]), ";")
	media = strings.TrimSpace(media)
	if media == "application/x-www-form-urlencoded" && bytes.HasPrefix(body, []byte("payload=")) {
		if body, err = d.formPayload(body); err != nil {
			d.problem("payload", err.Error())
			return d.result()
		}
		at = at.in("form", "payload")
	}
	d.blob(body, at, jsonMedia(media))
	return d.result()
}

// jsonMedia reports whether a media type promises JSON.
func jsonMedia(media string) bool {
	return media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json") || manyMedia(media)
}

// manyMedia reports whether a media type promises several JSON texts.
func manyMedia(media string) bool {
	switch media {
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
		"application/jsonlines", "application/json-seq", "application/x-json-stream":
		return true
	}
	return false
}

// place is where in a delivery the decoder stands, and what the envelopes
// around it said.
type place struct {
	path     string
	depth    int // envelopes around it
	via      []string
	id, time string
	header   map[string]string
}

// in returns the place step inside p, in an envelope of the given name.
func (p place) in(envelope, step string) place {
	p.path = join(p.path, step)
	p.depth++
	p.via = append(p.via[:len(p.via):len(p.via)], envelope)
	return p
}

// known returns p with what an envelope said of its message; empty strings say nothing.
func (p place) known(id, when string) place {
	if id != "" {
		p.id = id
	}
	if _, err := time.Parse(time.RFC3339, when); err == nil {
		p.time = when
	}
	return p
}

// part returns p for the i-th of several parts: they share one id no longer.
func (p place) part(i int) place {
	if p.id != "" {
		p.id += " #" + strconv.Itoa(i)
	}
	return p
}

func join(path, step string) string {
	switch {
	case path == "" || step == "":
		return path + step
	case step[0] == '[':
		return path + step
	case path[len(path)-1] >= '0' && path[len(path)-1] <= '9': // "line 3"
		return path + ": " + step
	}
	return path + "." + step
}

// decoder takes one delivery apart.
type decoder struct {
	out      []Message
	problems []Problem
	dropped  int // messages over the limit
	unnamed  int // problems over the limit
	budget   int // bytes that may still be unpacked
	spent    bool
}

func (d *decoder) result() ([]Message, []Problem) {
	if d.dropped > 0 {
		d.problems = append(d.problems, Problem{"", fmt.Sprintf("the delivery holds %d messages, more than the %d that one may; the last %d were left out",
			alert.MaxPerDelivery+d.dropped, alert.MaxPerDelivery, d.dropped)})
	}
	if d.unnamed > 0 {
		d.problems = append(d.problems, Problem{"", fmt.Sprintf("%d more parts could not be read", d.unnamed)})
	}
	return d.out, d.problems
}

// emit adds a message; only objects and arrays are JSON to those who read it.
func (d *decoder) emit(body []byte, isText bool, at place) {
	isText = isText || !isObject(body) && !isArray(body)
	d.put(Message{Body: body, Text: isText, Path: at.path, ID: at.id, Time: at.time, Via: at.via, Header: at.header})
}

func (d *decoder) put(m Message) {
	if len(d.out) >= alert.MaxPerDelivery {
		d.dropped++
		return
	}
	d.out = append(d.out, m)
}

func (d *decoder) problem(path, reason string) {
	if len(d.problems) >= maxProblems {
		d.unnamed++
		return
	}
	d.problems = append(d.problems, Problem{path, reason})
}

// spend takes n bytes from what may be unpacked, and reports whether they were left.
func (d *decoder) spend(n int, path string) bool {
	if d.budget < n {
		if !d.spent {
			d.spent = true
			d.problem(path, fmt.Sprintf("the delivery unpacks to more than %d MiB; what follows was left packed or out", MaxUnpacked>>20))
		}
		return false
	}
	d.budget -= n
	return true
}

// tooDeep reports, and records, that no further envelope may be opened.
func (d *decoder) tooDeep(at place) bool {
	if at.depth < MaxEnvelopes {
		return false
	}
	d.problem(at.path, fmt.Sprintf("more than %d envelopes within one another; the rest was left as it is", MaxEnvelopes))
	return true
}

// blob reads bytes of unknown form: JSON, several JSON texts, or plain text.
// due says that they were promised to be JSON.
func (d *decoder) blob(b []byte, at place, due bool) {
	b, ok := d.plainText(b, at)
	if !ok {
		return
	}
	trimmed := bytes.Trim(b, " \t\r\n\x00\x1e")
	if len(trimmed) == 0 {
		d.problem(at.path, "there is no message: the text is empty")
		return
	}
	switch trimmed[0] {
	case '{', '[':
		d.sequence(b, at, due)
		return
	case '"':
		if end, _, bad := scanValue(trimmed, 0); bad == nil && end == len(trimmed) {
			d.quoted(trimmed, at, at.path)
			return
		}
	default:
		if end, _, bad := scanValue(trimmed, 0); bad == nil && end == len(trimmed) {
			d.emit(trimmed, true, at) // a bare number or word
			return
		}
	}
	if mostlyJSON(trimmed) {
		d.sequence(b, at, true)
		return
	}
	if due {
		end, _, bad := scanValue(b, 0)
		if bad == nil {
			bad = &flaw{skipSpace(b, end), "text follows the value"}
		}
		d.flaw(b, at.path, *bad)
		return
	}
	d.emit(trimmed, true, at)
}

// quoted reads the content of the JSON string b; path names it in problems.
func (d *decoder) quoted(b []byte, at place, path string) {
	if bytes.IndexByte(b, '\\') >= 0 && !d.spend(len(b), path) {
		return
	}
	inner := unquote(b)
	if at.depth >= MaxEnvelopes {
		d.tooDeep(at)
		d.emit(inner, true, at)
		return
	}
	at.depth++
	d.blob(inner, at, false)
}

// plainText returns b unzipped, without byte order mark and in valid UTF-8.
func (d *decoder) plainText(b []byte, at place) ([]byte, bool) {
	if isGzip(b) {
		unzipped, err := d.decompress(b, "gzip")
		if err != nil {
			d.problem(at.path, err.Error())
			return nil, false
		}
		b = unzipped
	}
	if isUTF16(b) {
		if !d.spend(2*len(b), at.path) {
			return nil, false
		}
		b = fromUTF16(b)
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(b) {
		if !d.spend(len(b), at.path) {
			return nil, false
		}
		b = bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	return b, true
}

// flaw records where b breaks.
func (d *decoder) flaw(b []byte, path string, f flaw) {
	line := 1 + bytes.Count(b[:f.at], []byte{'\n'})
	column := f.at - bytes.LastIndexByte(b[:f.at], '\n')
	if path != "" {
		path += ": "
	}
	d.problem(fmt.Sprintf("%sline %d, byte %d", path, line, column), f.reason)
}

// value reads one container that scanValue has passed.
func (d *decoder) value(b []byte, at place) {
	if isArray(b) {
		d.array(b, at)
		return
	}
	d.object(b, at)
}

// array splits an array of objects (or of such arrays); another one is a
// message as it stands.
func (d *decoder) array(b []byte, at place) {
	split := true
	elements(b, func(_ int, v []byte) bool {
		split = isObject(v) || isArray(v)
		return split
	})
	if !split || d.tooDeep(at) {
		d.emit(b, false, at)
		return
	}
	elements(b, func(i int, v []byte) bool {
		d.value(v, at.part(i).in("array", "["+strconv.Itoa(i)+"]"))
		return true
	})
}
