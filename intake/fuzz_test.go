package intake_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"yagura/alert"
	"yagura/intake"
)

// FuzzDecode holds that no delivery makes us panic, that what is called JSON is
// JSON, and that nothing vanishes: what gives no message gives a problem.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		event, sns("s", event), "[" + event + "]", event + "\n" + event, "[]", "[1] x", "{\"a\":\n{}", "\x1f\x8b\x08",
		`{"Records":[{"eventSource":"aws:kinesis","kinesis":{"data":"e30="}},{"eventSource":"aws:sqs","body":"{}"}]}`,
		`{"receiver":"r","groupKey":"k","alerts":[{},{ "a":1 }],"x":{"y":[1]}}`,
		`{"specversion":"1.0","type":"t","source":"s","id":"1","data_base64":"e30="}`,
		`{"message":{"data":"eyJhIjoxfQ","attributes":{"a":"b"}}}`, "\"\\ud83d\\ude00\\u0000\"", "\xff\xfe{\x00}\x00", "payload=%7B%7D",
		`{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[{"message":"{}"},7]}`,
	} {
		f.Add([]byte(s), "application/x-www-form-urlencoded", "")
	}
	f.Fuzz(func(t *testing.T, body []byte, media, encoding string) {
		header := map[string]string{"content-type": media, "content-encoding": encoding}
		messages, problems := intake.Decode(body, header)
		if len(messages) > alert.MaxPerDelivery {
			t.Fatalf("%d messages", len(messages))
		}
		total := 0
		for _, m := range messages {
			total += len(m.Body)
			if len(m.Body) == 0 {
				t.Errorf("an empty message at %q", m.Path)
			}
			if !utf8.Valid(m.Body) {
				t.Errorf("no UTF-8 at %q: %q", m.Path, m.Body)
			}
			if !m.Text && (!json.Valid(m.Body) || m.Body[0] != '{' && m.Body[0] != '[') {
				t.Errorf("no JSON object or array at %q: %q", m.Path, m.Body)
			}
		}
		if total > 8*len(body)+2*intake.MaxUnpacked {
			t.Errorf("%d bytes out of %d", total, len(body))
		}
		if len(messages)+len(problems) == 0 && !emptyArray(body) && encoding == "" {
			t.Errorf("nothing came of %q", body)
		}
		intake.MessageKey(body, header, []string{"id", "a.b"})
	})
}

// emptyArray reports whether an array without elements may be what body held:
// that is the one thing that gives neither messages nor problems.
func emptyArray(body []byte) bool {
	for i, c := range body {
		if c == '[' {
			for _, c := range body[i+1:] {
				if c == ']' {
					return true
				}
				if c > ' ' {
					break
				}
			}
		}
	}
	return len(body) > 2 && body[0] == 0x1f
}

// FuzzScan holds our scanner to the standard library's judgement.
func FuzzScan(f *testing.F) {
	for _, s := range []string{event, `[1,-0,1.5e+3,"\u12aB\n",true,null,{}]`, `{"a":01}`, `{"a":1,}`, `[1 2]`, `{"a" 1}`, `[.5]`, `{`, `[`, `"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !utf8.Valid(body) || len(body) == 0 {
			return
		}
		for _, c := range body {
			if c == 0 || c == 0x1e {
				return // white space to us, around a value
			}
		}
		if body[0] != '{' {
			return
		}
		messages, problems := intake.Decode(body, map[string]string{"content-type": "application/json"})
		valid := json.Valid(body)
		if valid && len(problems) > 0 && !deepOrEnvelope(problems) {
			t.Errorf("%q is JSON, but: %v", body, problems)
		}
		several := len(messages) > 0 && len(messages[0].Via) > 0 // commas between or behind values are let pass
		if !valid && len(problems) == 0 && !several {
			t.Errorf("%q is no JSON, but gave %+v", body, messages)
		}
	})
}

// deepOrEnvelope reports whether the problems are other than of JSON's syntax.
func deepOrEnvelope(problems []intake.Problem) bool {
	for _, p := range problems {
		if len(p.Path) < 5 || p.Path[:5] != "line " || p.Reason[:7] == "objects" {
			return true
		}
	}
	return false
}
