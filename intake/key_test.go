package intake_test

import (
	"strings"
	"testing"

	"yagura/intake"
)

// DESK-02, DESK-03: what a queue or a topic delivers twice is one delivery.
func TestMessageKeyNamesADelivery(t *testing.T) {
	t.Parallel()
	push := `{"message":{"data":"e30=","messageId":"77"},"subscription":"projects/p/subscriptions/s"}`
	tests := map[string]struct {
		body   string
		header map[string]string
		paths  []string
		want   string
	}{
		"Idempotency-Key before all": {sns("s1", "{}"), map[string]string{"idempotency-key": "k", "x-github-delivery": "g"}, nil, "key k"},
		"GitHub's delivery":          {`{"action":"opened"}`, map[string]string{"x-github-delivery": "g"}, nil, "github g"},
		"SNS":                        {sns("s1", "{}"), nil, nil, snsPart + "s1"},
		"SNS raw delivery":           {`{}`, map[string]string{"x-amz-sns-message-id": "s1", "x-amz-sns-topic-arn": "arn:aws:sns:eu-west-1:111122223333:alerts"}, nil, snsPart + "s1"},
		"Pub/Sub":                    {push, nil, nil, "pubsub projects/p/subscriptions/s 77"},
		"Pub/Sub without id":         {`{"message":{"data":"e30="}}`, nil, nil, ""},
		"Pub/Sub unwrapped":          {`{}`, map[string]string{"x-goog-pubsub-message-id": "77", "x-goog-pubsub-subscription-name": "projects/p/subscriptions/s"}, nil, "pubsub projects/p/subscriptions/s 77"},
		"CloudEvents":                {`{"specversion":"1.0","type":"t","source":"/s","id":"1","data":{}}`, nil, nil, "cloudevents /s 1"},
		"CloudEvents, binary":        {`{}`, map[string]string{"ce-specversion": "1.0", "ce-source": "/s", "ce-id": "1"}, nil, "cloudevents /s 1"},
		"EventBridge":                {event, nil, nil, eventID},
		"one SQS message":            {`{"MessageId":"q1","ReceiptHandle":"r","Body":"x"}`, nil, nil, "sqs q1"},
		"Firehose":                   {`{"requestId":"f1","timestamp":1,"records":[{"data":"e30="}]}`, nil, nil, "firehose f1"},
		"space around it":            {"\xef\xbb\xbf \n" + event + "\n", nil, nil, eventID},
		"a kind's own id":            {`{"x":{"uuid":"u1"}}`, nil, []string{"uuid", "x.uuid"}, "event x.uuid u1"},
		"a kind's own number":        {`{"seq":9007199254740993}`, nil, []string{"seq"}, "event seq 9007199254740993"},
		"an envelope before it":      {event, nil, []string{"id"}, eventID},
		"an id that is an object":    {`{"uuid":{"a":1}}`, nil, []string{"uuid"}, ""},
		"a finding's own id":         {`{"schemaVersion":"2.0","id":"f1","type":"Recon","updatedAt":"2026-01-01T00:00:00Z"}`, nil, nil, ""},
		"a batch of messages":        {`{"Messages":[{"MessageId":"q1","ReceiptHandle":"r","Body":"x"}]}`, nil, nil, ""},
		"an array":                   {"[" + event + "]", nil, nil, ""},
		"lines":                      {event + "\n" + event, nil, nil, ""},
		"a body cut short":           {event[:len(event)-1], nil, nil, ""},
		"text":                       {"disk is full", nil, []string{"uuid"}, ""},
		"nothing":                    {"", nil, nil, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := intake.MessageKey([]byte(test.body), test.header, test.paths); got != test.want {
				t.Errorf("key %q, want %q", got, test.want)
			}
		})
	}
}

func TestLongKeysAreHashed(t *testing.T) {
	t.Parallel()
	key := func(s string) string {
		return intake.MessageKey(nil, map[string]string{"idempotency-key": s}, nil)
	}
	a, b := key(strings.Repeat("a", 5000)), key(strings.Repeat("a", 5001))
	if len(a) > 200 || a == b || !strings.HasPrefix(a, "key sha256:") {
		t.Errorf("keys %q and %q, want two short ones", a, b)
	}
}
