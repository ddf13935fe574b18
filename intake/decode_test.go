package intake_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"yagura/alert"
	"yagura/intake"
)

// quote returns s as a JSON string.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

// sns returns an SNS notification about message.
func sns(id, message string) string {
	return `{"Type":"Notification","MessageId":"` + id + `","TopicArn":"arn:aws:sns:eu-west-1:111122223333:alerts","Subject":"From the tower",` +
		`"Message":` + quote(message) + `,"Timestamp":"2026-02-03T04:05:06.789Z","SignatureVersion":"1","Signature":"c2ln",` +
		`"MessageAttributes":{"Team":{"Type":"String","Value":"blue"}}}`
}

const event = `{"version":"0","id":"6f0c2a51-0001","detail-type":"GuardDuty Finding","source":"aws.guardduty","account":"111122223333",` +
	`"time":"2026-02-03T04:00:00Z","region":"eu-west-1","resources":[],"detail":{"type":"Recon:EC2/Portscan","severity":5,"count":9007199254740993}}`

const (
	snsAt   = "2026-02-03T04:05:06.789Z"
	eventAt = "2026-02-03T04:00:00Z"
	snsPart = "sns arn:aws:sns:eu-west-1:111122223333:alerts "
	eventID = "eventbridge aws.guardduty 6f0c2a51-0001"
)

// got is a Message as the tests compare it.
type got struct {
	Body, Path, ID, Time string
	Via                  []string
	Text                 bool
}

func decoded(t *testing.T, body string, header map[string]string) []got {
	t.Helper()
	messages, problems := intake.Decode([]byte(body), header)
	for _, p := range problems {
		t.Errorf("problem at %q: %s", p.Path, p.Reason)
	}
	return seen(messages)
}

func seen(messages []intake.Message) []got {
	var out []got
	for _, m := range messages {
		out = append(out, got{string(m.Body), m.Path, m.ID, m.Time, m.Via, m.Text})
	}
	return out
}

// DESK-01, DESK-02, DESK-03, DESK-09
func TestDecodeUnwrapsAndSplits(t *testing.T) {
	t.Parallel()
	const a, b = `{"n":1}`, `{ "n" : 2 }`
	queue := func(id, body string) string {
		return `{"MessageId":"` + id + `","ReceiptHandle":"r","MD5OfBody":"x","Body":` + quote(body) + `,"Attributes":{"SentTimestamp":"1770091506789"}}`
	}
	lambda := func(id, body string) string {
		return `{"messageId":"` + id + `","receiptHandle":"r","body":` + quote(body) + `,"eventSource":"aws:sqs","attributes":{"SentTimestamp":"1770091506789"}}`
	}
	push := func(data string) string {
		return `{"message":{"data":"` + b64(data) + `","messageId":"77","message_id":"77","publishTime":"2026-02-03T04:05:06.789Z"},"subscription":"projects/p/subscriptions/s"}`
	}
	cloud := func(id, data string) string {
		return `{"specversion":"1.0","type":"com.example.finding","source":"/tower","id":"` + id + `","time":"2026-02-03T04:05:06.789Z",` + data + `}`
	}
	const pushID, cloudID = "pubsub projects/p/subscriptions/s 77", "cloudevents /tower c1"
	tests := map[string]struct {
		body   string
		header map[string]string
		want   []got
	}{
		"one object":               {a, nil, []got{{Body: a}}},
		"one object amid space":    {"\xef\xbb\xbf\n " + b + "\r\n\x00", nil, []got{{Body: b}}},
		"text":                     {" disk is full\n", nil, []got{{Body: "disk is full", Text: true}}},
		"text in brackets":         {"[ERROR] disk is full", nil, []got{{Body: "[ERROR] disk is full", Text: true}}},
		"text in braces":           {"{disk} is full", nil, []got{{Body: "{disk} is full", Text: true}}},
		"text that begins as JSON": {"[1] disk is full", nil, []got{{Body: "[1] disk is full", Text: true}}},
		"text after a number":      {"500 internal error", nil, []got{{Body: "500 internal error", Text: true}}},
		"a number":                 {"42", nil, []got{{Body: "42", Text: true}}},
		"a string":                 {`"disk is full"`, nil, []got{{Body: "disk is full", Text: true}}},
		"a string of JSON":         {quote(a), nil, []got{{Body: a}}},
		"an array":                 {"[" + a + ", " + b + "]", nil, []got{{Body: a, Path: "[0]", Via: []string{"array"}}, {Body: b, Path: "[1]", Via: []string{"array"}}}},
		"an array of words":        {`["a",{"n":1}]`, nil, []got{{Body: `["a",{"n":1}]`}}},
		"an empty array":           {"[]", nil, nil},
		"lines":                    {a + "\r\n\n" + b + "\n", nil, []got{{Body: a, Path: "line 1", Via: []string{"ndjson"}}, {Body: b, Path: "line 3", Via: []string{"ndjson"}}}},
		"values without separator": {a + b, nil, []got{{Body: a, Path: "line 1", Via: []string{"ndjson"}}, {Body: b, Path: "line 1", Via: []string{"ndjson"}}}},
		"values over several lines": {"{\n \"n\": 1\n}\n{\n \"n\": 2\n}", nil, []got{
			{Body: "{\n \"n\": 1\n}", Path: "line 1", Via: []string{"ndjson"}}, {Body: "{\n \"n\": 2\n}", Path: "line 4", Via: []string{"ndjson"}},
		}},
		"a JSON text sequence":   {"\x1e" + a + "\n\x1e" + b + "\n", nil, []got{{Body: a, Path: "line 1", Via: []string{"ndjson"}}, {Body: b, Path: "line 2", Via: []string{"ndjson"}}}},
		"gzip":                   {gzipped(a), map[string]string{"content-encoding": "gzip"}, []got{{Body: a}}},
		"gzip undeclared":        {gzipped(a), nil, []got{{Body: a}}},
		"gzip undone by a proxy": {a, map[string]string{"content-encoding": "gzip"}, []got{{Body: a}}},
		"a form's payload":       {"payload=%7B%22n%22%3A1%7D&x=1", map[string]string{"content-type": "application/x-www-form-urlencoded; charset=utf-8"}, []got{{Body: a, Path: "payload", Via: []string{"form"}}}},

		"EventBridge stays whole": {event, nil, []got{{Body: event, ID: eventID, Time: eventAt, Via: []string{"eventbridge"}}}},
		"SNS with JSON":           {sns("s1", a), nil, []got{{Body: a, Path: "Message", ID: snsPart + "s1", Time: snsAt, Via: []string{"sns"}}}},
		"SNS with text":           {sns("s1", "the disk\nis full"), nil, []got{{Body: "the disk\nis full", Path: "Message", ID: snsPart + "s1", Time: snsAt, Via: []string{"sns"}, Text: true}}},
		"SNS with a batch": {sns("s1", "["+a+","+b+"]"), nil, []got{
			{Body: a, Path: "Message[0]", ID: snsPart + "s1 #0", Time: snsAt, Via: []string{"sns", "array"}},
			{Body: b, Path: "Message[1]", ID: snsPart + "s1 #1", Time: snsAt, Via: []string{"sns", "array"}},
		}},
		"SNS of Lambda": {
			`{"Records":[{"EventSource":"aws:sns","EventVersion":"1.0","Sns":` + sns("s1", a) + `}]}`, nil,
			[]got{{Body: a, Path: "Records[0].Sns.Message", ID: snsPart + "s1", Time: snsAt, Via: []string{"sns"}}},
		},
		"SNS raw delivery": {
			a,
			map[string]string{"x-amz-sns-message-id": "s1", "x-amz-sns-topic-arn": "arn:aws:sns:eu-west-1:111122223333:alerts", "x-amz-sns-rawdelivery": "true"},
			[]got{{Body: a, ID: snsPart + "s1", Via: []string{"sns"}}},
		},
		"one SQS message": {queue("q1", a), nil, []got{{Body: a, Path: "Body", ID: "sqs q1", Time: "2026-02-03T04:05:06.789Z", Via: []string{"sqs"}}}},
		"SQS messages": {`{"Messages":[` + queue("q1", a) + `,` + queue("q2", "text") + `]}`, nil, []got{
			{Body: a, Path: "Messages[0].Body", ID: "sqs q1", Time: snsAt, Via: []string{"sqs"}},
			{Body: "text", Path: "Messages[1].Body", ID: "sqs q2", Time: snsAt, Via: []string{"sqs"}, Text: true},
		}},
		"SQS of Lambda, SNS, EventBridge": {`{"Records":[` + lambda("q1", sns("s1", event)) + `,` + lambda("q2", b) + `]}`, nil, []got{
			{Body: event, Path: "Records[0].body.Message", ID: eventID, Time: eventAt, Via: []string{"sqs", "sns", "eventbridge"}},
			{Body: b, Path: "Records[1].body", ID: "sqs q2", Time: snsAt, Via: []string{"sqs"}},
		}},
		"Kinesis": {
			`{"Records":[{"eventSource":"aws:kinesis","eventSourceARN":"arn:k","eventID":"shard:1","kinesis":{"data":"` + b64(gzipped(a)) + `","approximateArrivalTimestamp":1770091506.789}}]}`, nil,
			[]got{{Body: a, Path: "Records[0].kinesis.data", ID: "kinesis arn:k shard:1", Time: snsAt, Via: []string{"kinesis"}}},
		},
		"CloudWatch Logs in Kinesis": {
			`{"Records":[{"eventSource":"aws:kinesis","kinesis":{"data":"` +
				b64(gzipped(`{"messageType":"DATA_MESSAGE","logGroup":"/g","logStream":"s","logEvents":[{"id":"1","timestamp":1770091506789,"message":`+quote(a)+`},{"id":"2","timestamp":1770091506789,"message":"plain"}]}`)) + `"}}]}`, nil,
			[]got{
				{Body: a, Path: "Records[0].kinesis.data.logEvents[0].message", ID: "cloudwatch-logs /g 1", Time: snsAt, Via: []string{"kinesis", "cloudwatch-logs"}},
				{Body: "plain", Path: "Records[0].kinesis.data.logEvents[1].message", ID: "cloudwatch-logs /g 2", Time: snsAt, Via: []string{"kinesis", "cloudwatch-logs"}, Text: true},
			},
		},
		"Firehose": {`{"requestId":"f1","timestamp":1770091506789,"records":[{"data":"` + b64(a) + `"},{"data":"` + b64(b) + `"}]}`, nil, []got{
			{Body: a, Path: "records[0].data", ID: "firehose f1 #0", Time: snsAt, Via: []string{"firehose"}},
			{Body: b, Path: "records[1].data", ID: "firehose f1 #1", Time: snsAt, Via: []string{"firehose"}},
		}},
		"CloudTrail records": {`{"Records":[{"eventVersion":"1.08","eventSource":"iam.amazonaws.com","eventName":"CreateUser"},{"eventName":"x"}]}`, nil, []got{
			{Body: `{"eventVersion":"1.08","eventSource":"iam.amazonaws.com","eventName":"CreateUser"}`, Path: "Records[0]", Via: []string{"records"}},
			{Body: `{"eventName":"x"}`, Path: "Records[1]", Via: []string{"records"}},
		}},
		"Records that are a part of something": {`{"Records":[{"a":1}],"title":"x"}`, nil, []got{{Body: `{"Records":[{"a":1}],"title":"x"}`}}},

		"Pub/Sub push":                   {push(a), nil, []got{{Body: a, Path: "message.data", ID: pushID, Time: snsAt, Via: []string{"pubsub"}}}},
		"Pub/Sub with bytes":             {push("\x01\x02"), nil, []got{{Body: push("\x01\x02"), ID: pushID, Time: snsAt, Via: []string{"pubsub"}}}},
		"Pub/Sub, CloudEvents":           {push(cloud("c1", `"data":`+a)), nil, []got{{Body: a, Path: "message.data.data", ID: cloudID, Time: snsAt, Via: []string{"pubsub", "cloudevents"}}}},
		"Pub/Sub pull":                   {`{"receivedMessages":[{"ackId":"k","message":{"data":"` + b64(a) + `","messageId":"5"}}]}`, nil, []got{{Body: a, Path: "receivedMessages[0].message.data", ID: "pubsub  5", Via: []string{"pubsub"}}}},
		"Pub/Sub in binary events":       {push(a), map[string]string{"ce-specversion": "1.0", "ce-id": "77", "ce-source": "//pubsub", "ce-time": "2026-02-03T04:05:00Z"}, []got{{Body: a, Path: "message.data", ID: pushID, Time: snsAt, Via: []string{"cloudevents", "pubsub"}}}},
		"an alert with a message object": {`{"message":{"data":"x"},"level":"high"}`, nil, []got{{Body: `{"message":{"data":"x"},"level":"high"}`}}},

		"CloudEvents with an object": {cloud("c1", `"data":`+a), nil, []got{{Body: a, Path: "data", ID: cloudID, Time: snsAt, Via: []string{"cloudevents"}}}},
		"CloudEvents with a string":  {cloud("c1", `"data":`+quote(a)), nil, []got{{Body: a, Path: "data", ID: cloudID, Time: snsAt, Via: []string{"cloudevents"}}}},
		"CloudEvents in base64":      {cloud("c1", `"data_base64":"`+b64(a)+`"`), nil, []got{{Body: a, Path: "data_base64", ID: cloudID, Time: snsAt, Via: []string{"cloudevents"}}}},
		"CloudEvents with text":      {cloud("c1", `"data":"<x/>"`), nil, []got{{Body: cloud("c1", `"data":"<x/>"`), ID: cloudID, Time: snsAt, Via: []string{"cloudevents"}}}},
		"CloudEvents without data":   {cloud("c1", `"subject":null`), nil, []got{{Body: cloud("c1", `"subject":null`), ID: cloudID, Time: snsAt, Via: []string{"cloudevents"}}}},
		"a batch of CloudEvents": {"[" + cloud("c1", `"data":`+a) + "," + cloud("c2", `"data":`+b) + "]", nil, []got{
			{Body: a, Path: "[0].data", ID: cloudID, Time: snsAt, Via: []string{"array", "cloudevents"}},
			{Body: b, Path: "[1].data", ID: "cloudevents /tower c2", Time: snsAt, Via: []string{"array", "cloudevents"}},
		}},
		"CloudEvents in binary mode": {a, map[string]string{"ce-specversion": "1.0", "ce-id": "c1", "ce-source": "/tower", "ce-time": snsAt}, []got{{Body: a, ID: cloudID, Time: snsAt, Via: []string{"cloudevents"}}}},

		"lines of envelopes": {sns("s1", a) + "\n" + event, nil, []got{
			{Body: a, Path: "line 1: Message", ID: snsPart + "s1", Time: snsAt, Via: []string{"ndjson", "sns"}},
			{Body: event, Path: "line 2", ID: eventID, Time: eventAt, Via: []string{"ndjson", "eventbridge"}},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, decoded(t, test.body, test.header)); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

// DESK-09
func TestEveryAlertOfAnAlertmanagerGroupStandsAlone(t *testing.T) {
	t.Parallel()
	group := `{"receiver":"yagura","status":"firing","title":"[FIRING:2]","message":"both","alerts":[` +
		`{"status":"firing","labels":{"alertname":"A"},"startsAt":"2026-02-03T04:05:06.789Z","fingerprint":"f1"},` +
		`{"status":"resolved","labels":{"alertname":"B"},"externalURL":"https://own.example.com","n":9007199254740993}, { }],` +
		`"groupLabels":{"g":"1"},"commonLabels":{"severity":"high"},"commonAnnotations":{"summary":"s"},` +
		`"externalURL":"https://alerts.example.com","version":"4","groupKey":"{}:{g=\"1\"}","truncatedAlerts":0}`
	rest := `"groupLabels":{"g":"1"},"commonLabels":{"severity":"high"},"commonAnnotations":{"summary":"s"},`
	tail := `"version":"4","groupKey":"{}:{g=\"1\"}","truncatedAlerts":0}`
	want := []got{
		{
			Body: `{"status":"firing","labels":{"alertname":"A"},"startsAt":"2026-02-03T04:05:06.789Z","fingerprint":"f1","receiver":"yagura",` + rest + `"externalURL":"https://alerts.example.com",` + tail,
			Path: "alerts[0]", Time: "2026-02-03T04:05:06.789Z", Via: []string{"alertmanager"},
		},
		{
			Body: `{"status":"resolved","labels":{"alertname":"B"},"externalURL":"https://own.example.com","n":9007199254740993,"receiver":"yagura",` + rest + tail,
			Path: "alerts[1]", Via: []string{"alertmanager"},
		},
		{Body: `{ "receiver":"yagura",` + rest + `"externalURL":"https://alerts.example.com",` + tail, Path: "alerts[2]", Via: []string{"alertmanager"}},
	}
	if diff := cmp.Diff(want, decoded(t, group, nil)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestEnvelopesSpeakThroughHeaders(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want map[string]string
	}{
		"SNS":     {sns("s1", `{}`), map[string]string{"x-amz-sns-topic-arn": "arn:aws:sns:eu-west-1:111122223333:alerts", "x-amz-sns-subject": "From the tower", "team": "blue"}},
		"SQS":     {`{"MessageId":"q","ReceiptHandle":"r","Body":"{}","MessageAttributes":{"X-GitHub-Event":{"DataType":"String","StringValue":"push"}}}`, map[string]string{"x-github-event": "push"}},
		"Pub/Sub": {`{"message":{"data":"e30=","attributes":{"Kind":"scc"}}}`, map[string]string{"kind": "scc"}},
		"CloudEvents": {
			`{"specversion":"1.0","type":"t","source":"/s","id":"1","rank":5,"data":{}}`,
			map[string]string{"ce-specversion": "1.0", "ce-type": "t", "ce-source": "/s", "ce-id": "1", "ce-rank": "5"},
		},
		"an object": {`{}`, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messages, _ := intake.Decode([]byte(test.body), nil)
			if len(messages) != 1 {
				t.Fatalf("%d messages, want 1", len(messages))
			}
			if diff := cmp.Diff(test.want, messages[0].Header); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAConfirmationIsNoAlert(t *testing.T) {
	t.Parallel()
	body := `{"Type":"SubscriptionConfirmation","MessageId":"m","Token":"t","TopicArn":"arn:aws:sns:eu-west-1:111122223333:alerts","Message":"You have chosen to subscribe","SubscribeURL":"https://sns.eu-west-1.amazonaws.com/"}`
	messages, problems := intake.Decode([]byte(body), nil)
	if len(messages) != 1 || len(problems) != 0 || messages[0].Notice == "" {
		t.Errorf("got %+v, %v; want one message with a notice", messages, problems)
	}
}

func TestNumbersAndNamesStayAsTheyWere(t *testing.T) {
	t.Parallel()
	body := []byte(`{"id":12345678901234567890123,"id":9007199254740993,"x":1.0e+2,"nul":"\u0000","half":"\ud800"}`)
	messages, problems := intake.Decode(body, nil)
	if len(messages) != 1 || len(problems) != 0 {
		t.Fatalf("got %d messages, problems %v", len(messages), problems)
	}
	if &messages[0].Body[0] != &body[0] || len(messages[0].Body) != len(body) {
		t.Error("the message is a copy, want the delivery's own bytes")
	}
}

func TestTheLastOfTwoNamesCounts(t *testing.T) {
	t.Parallel()
	body := strings.Replace(sns("s1", `{"n":1}`), `"MessageId"`, `"Message":"{\"n\":0}","MessageId"`, 1)
	want := []got{{Body: `{"n":1}`, Path: "Message", ID: snsPart + "s1", Time: snsAt, Via: []string{"sns"}}}
	if diff := cmp.Diff(want, decoded(t, body, nil)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestNamesMayBeEscaped(t *testing.T) {
	t.Parallel()
	body := strings.Replace(event, `"detail"`, `"\u0064etail"`, 1)
	if m := decoded(t, body, nil); len(m) != 1 || m[0].ID != eventID {
		t.Errorf("got %+v, want an EventBridge event", m)
	}
}

func TestOtherTextIsReadAsUTF8(t *testing.T) {
	t.Parallel()
	wide := []byte{0xff, 0xfe}
	for _, c := range utf16.Encode([]rune(`{"t":"攻撃😀"}`)) {
		wide = append(wide, byte(c), byte(c>>8))
	}
	tests := map[string]struct {
		body string
		want got
	}{
		"invalid in JSON": {"{\"t\":\"caf\xe9\"}", got{Body: `{"t":"caf` + "\uFFFD" + `"}`}},
		"invalid in text": {"caf\xe9", got{Body: "caf\uFFFD", Text: true}},
		"UTF-16":          {string(wide), got{Body: `{"t":"攻撃😀"}`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff([]got{test.want}, decoded(t, test.body, nil)); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOtherEncodings(t *testing.T) {
	t.Parallel()
	var deflated, zstandard bytes.Buffer
	z := zlib.NewWriter(&deflated)
	_, _ = z.Write([]byte(`{"n":1}`))
	_ = z.Close()
	s, err := zstd.NewWriter(&zstandard)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = s.Write([]byte(`{"n":1}`))
	_ = s.Close()
	for encoding, body := range map[string]string{"deflate": deflated.String(), "zstd": zstandard.String(), "identity": `{"n":1}`, "GZIP": gzipped(`{"n":1}`)} {
		if diff := cmp.Diff([]got{{Body: `{"n":1}`}}, decoded(t, body, map[string]string{"content-encoding": encoding})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", encoding, diff)
		}
	}
}

func TestWhatCannotBeReadIsNamedAndTheRestStands(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	promised := map[string]string{"content-type": "application/json; charset=utf-8"}
	tests := map[string]struct {
		body   string
		header map[string]string
		bodies []string
		path   []string
	}{
		"a broken line":              {"{\"n\":1}\n{\"n\":}\n{\"n\":3}", nil, []string{`{"n":1}`, `{"n":3}`}, []string{"line 2, byte 6"}},
		"a line cut short":           {"{\"n\":1}\n{\"n\":\n{\"n\":3}", nil, []string{`{"n":1}`, `{"n":3}`}, []string{"line 2, byte 6"}},
		"a broken first line":        {"{\"n\"\n{\"n\":2}\n{\"n\":3}", nil, []string{`{"n":2}`, `{"n":3}`}, []string{"line 1, byte 5"}},
		"other text for first line":  {"hello\n{\"n\":2}\n{\"n\":3}", nil, []string{`{"n":2}`, `{"n":3}`}, []string{"line 1, byte 1"}},
		"text between lines":         {"{\"n\":1}\nhello\n{\"n\":3}", nil, []string{`{"n":1}`, `{"n":3}`}, []string{"line 2, byte 1"}},
		"text behind the object":     {`{"n":1} hello`, nil, []string{`{"n":1}`}, []string{"line 1, byte 9"}},
		"a document cut short":       {"{\n \"a\": {\n  \"b\": 1\n", nil, nil, []string{"line 4, byte 1"}},
		"a string cut short":         {`{"a": "b`, nil, nil, []string{"line 1, byte 7"}},
		"a tab in a string":          {"{\"a\": \"b\tc\"}", nil, nil, []string{"line 1, byte 9"}},
		"a NUL in a string":          {"{\"a\": \"b\x00c\"}", nil, nil, []string{"line 1, byte 9"}},
		"text promised to be JSON":   {"disk is full", promised, nil, []string{"line 1, byte 1"}},
		"a log line promised JSON":   {"[ERROR] disk", promised, nil, []string{"line 1, byte 2"}},
		"nothing":                    {" \n", nil, nil, []string{""}},
		"nesting at the limit":       {deep(200), nil, []string{deep(200)}, nil},
		"nesting over it":            {deep(201), nil, nil, []string{"line 1, byte 1001"}},
		"one line nested over it":    {deep(201) + "\n{\"n\":2}", nil, []string{`{"n":2}`}, []string{"line 1, byte 1001"}},
		"unknown content encoding":   {`{}`, map[string]string{"content-encoding": "br"}, nil, []string{""}},
		"gzip cut short":             {gzipped(`{"n":1}`)[:15], nil, nil, []string{""}},
		"a broken message in SNS":    {sns("s1", `{"n":`), nil, nil, []string{"Message: line 1, byte 6"}},
		"a broken record in a queue": {`{"Messages":[{"MessageId":"1","ReceiptHandle":"r","Body":"{\"a\""},{"MessageId":"2","ReceiptHandle":"r","Body":"{}"}]}`, nil, []string{`{}`}, []string{"Messages[0].Body: line 1, byte 5"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messages, problems := intake.Decode([]byte(test.body), test.header)
			var bodies, paths []string
			for _, m := range messages {
				bodies = append(bodies, string(m.Body))
			}
			for _, p := range problems {
				paths = append(paths, p.Path)
				if p.Reason == "" {
					t.Error("a problem without a reason")
				}
			}
			if diff := cmp.Diff(test.bodies, bodies); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.path, paths); diff != "" {
				t.Errorf("problems (-want +got):\n%s\n%v", diff, problems)
			}
		})
	}
}

func TestEnvelopesNestUpToALimit(t *testing.T) {
	t.Parallel()
	wrapped := func(n int) string {
		s := `{"n":1}`
		for range n {
			s = sns("s", s)
		}
		return s
	}
	if m := decoded(t, wrapped(intake.MaxEnvelopes), nil); len(m) != 1 || m[0].Body != `{"n":1}` {
		t.Errorf("got %+v, want the message within", m)
	}
	messages, problems := intake.Decode([]byte(wrapped(intake.MaxEnvelopes+1)), nil)
	if len(messages) != 1 || len(problems) != 1 || string(messages[0].Body) != sns("s", `{"n":1}`) {
		t.Errorf("got %+v and %v, want the last envelope and a problem", seen(messages), problems)
	}
}

func TestMoreMessagesThanADeliveryMayHoldAreCounted(t *testing.T) {
	t.Parallel()
	const over = 3
	for name, body := range map[string]string{
		"lines": strings.Repeat("{}\n", alert.MaxPerDelivery+over),
		"array": "[" + strings.Repeat("{},", alert.MaxPerDelivery+over-1) + "{}]",
	} {
		messages, problems := intake.Decode([]byte(body), nil)
		if len(messages) != alert.MaxPerDelivery {
			t.Errorf("%s: %d messages, want %d", name, len(messages), alert.MaxPerDelivery)
		}
		if len(problems) != 1 || !strings.Contains(problems[0].Reason, "last 3") {
			t.Errorf("%s: problems %v, want one that counts the 3", name, problems)
		}
	}
}

func TestUnpackingIsBounded(t *testing.T) {
	t.Parallel()
	bomb := gzipped(strings.Repeat(" ", intake.MaxUnpacked+1))
	group := `{"receiver":"r","groupKey":"k","commonAnnotations":{"a":"` + strings.Repeat("x", 1<<20) + `"},"alerts":[` + strings.Repeat("{},", 100) + `{}]}`
	tests := map[string]struct {
		body  string
		count int
	}{
		"a gzip bomb":            {bomb, 0},
		"a bomb in a record":     {`{"Records":[{"eventSource":"aws:kinesis","kinesis":{"data":"` + b64(bomb) + `"}}]}`, 0},
		"a group that swells":    {group, 101},
		"a bomb before a record": {`{"Records":[{"eventSource":"aws:kinesis","kinesis":{"data":"` + b64(bomb) + `"}},{"a":1}]}`, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messages, problems := intake.Decode([]byte(test.body), nil)
			total := 0
			for _, m := range messages {
				total += len(m.Body)
			}
			if len(messages) != test.count || len(problems) != 1 || total > intake.MaxUnpacked+len(test.body) {
				t.Errorf("%d messages of %d bytes, problems %v; want %d and one problem", len(messages), total, problems, test.count)
			}
		})
	}
}

func TestHostileTextIsReadInTimeThatGrowsWithItsLength(t *testing.T) {
	t.Parallel()
	const size = 2 << 20 // read in square time, each of these takes minutes
	for name, unit := range map[string]string{"open arrays": "[\n", "open objects": "{\"a\":\n", "open brackets": "[", "open lists": "[1,\n", "quotes": "\"\n{", "words": "a\n{}"} {
		messages, problems := intake.Decode([]byte(strings.Repeat(unit, size/len(unit))), nil)
		if len(messages) > alert.MaxPerDelivery || len(problems) > 102 {
			t.Errorf("%s: %d messages, %d problems", name, len(messages), len(problems))
		}
		if len(messages)+len(problems) == 0 {
			t.Errorf("%s: neither message nor problem", name)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	plain := `{"rule":"ssh brute force","level":7,"agent":{"name":"web-1","ip":"192.0.2.7"},"full_log":"` + strings.Repeat("Failed password for root from 198.51.100.4; ", 10) + `",` +
		fmt.Sprintf(`"data":{%s"z":1}}`, strings.Repeat(`"field":"value","n":12345,`, 16))
	for name, body := range map[string]string{"plain": plain, "event": event, "sns": sns("s", plain)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			in := []byte(body)
			for b.Loop() {
				intake.Decode(in, nil)
			}
		})
	}
}
