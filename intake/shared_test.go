package intake_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yagura/intake"
)

const shared = "../../shared/data/alerts"

// expected is what one published envelope holds, by reading it.
type expected struct {
	count    int
	text     bool   // the first message is text
	contains string // of the first message
	id, time string // of the first message
}

// DESK-02, DESK-03, DESK-09
func TestPublishedEnvelopes(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(shared); err != nil {
		t.Skipf("the shared payloads are not here: %v", err)
	}
	const kinesis = "kinesis arn:aws:kinesis:us-east-1:123456789012:stream/simple-stream shardId-000000000000:49568167373333333333333333333333333333333333333333333333"
	want := map[string]expected{
		"envelope_aws_eventbridge/codebuild-state-change.json":             {1, false, `"detail-type"`, "eventbridge aws.codebuild c030038d-8c4d-6141-9545-00ff7b7153EX", "2017-09-01T16:14:28Z"},
		"envelope_aws_eventbridge/ecr-image-scan-event.json":               {1, false, `"repository-name"`, "eventbridge aws.ecr 01234567-0123-0123-0123-012345678901", "2019-10-30T21:32:27Z"},
		"envelope_aws_kinesis/kinesis-event.json":                          {2, true, "Hello World", kinesis, "2016-12-02T01:18:43.477Z"},
		"envelope_aws_sns/cloudwatch-alarm-sns-payload-single-metric.json": {1, false, `"NewStateValue": "ALARM"`, "sns arn:aws:sns:EXAMPLE 95df01b4-ee98-5cb9-9903-4c221d41eb5e", "2015-06-03T17:43:27.123Z"},
		"envelope_aws_sns/ses-sns-event.json":                              {1, false, `"spamVerdict"`, "", ""},
		"envelope_aws_sns/sns-event.json":                                  {1, true, "Hello from SNS!", "sns arn:aws:sns:EXAMPLE 95df01b4-ee98-5cb9-9903-4c221d41eb5e", "2015-06-03T17:43:27.123Z"},
		"envelope_aws_sqs/sqs-event.json":                                  {1, true, "Message Body", "sqs MessageID_1", "2018-03-09T18:53:45.029Z"},
		"envelope_cloudevents/LogEntryData-pubsubCreateTopic.json":         {1, false, "google.pubsub.v1.Publisher.CreateTopic", "", ""},
		"envelope_cloudevents/MessagePublishedData-binary.json":            {1, false, `"AQIDBA=="`, "pubsub projects/my-project/subscriptions/my-subscription message-id", "2021-02-05T04:06:14.109Z"},
		"envelope_cloudevents/spec_example_0.json":                         {1, false, `"specversion"`, "cloudevents /mycontext A234-1234-1234", "2018-04-05T17:31:00Z"},
		"envelope_cloudevents/spec_example_1.json":                         {1, false, "much wow", "cloudevents /mycontext B234-1234-1234", "2018-04-05T17:31:00Z"},
		"envelope_cloudevents/spec_example_3.json":                         {1, false, `"data": 1.5`, "cloudevents /mycontext C234-1234-1234", "2018-04-05T17:31:00Z"},
		"envelope_cloudevents/spec_example_4.json":                         {1, false, "I'm just a string", "cloudevents /mycontext D234-1234-1234", "2018-04-05T17:31:00Z"},
		"envelope_cloudevents/spec_example_6.json":                         {2, false, `"/mycontext/4"`, "cloudevents /mycontext/4 B234-1234-1234", "2018-04-05T17:31:00Z"},
		"envelope_gcp_pubsub/warren_pubsub_push.json":                      {1, false, `"value"`, "", ""},
		"alertmanager_webhook/grafana12_alertmanager_compatible.json":      {1, false, `"commonLabels"`, "", "2026-05-05T13:04:57.62281314Z"},
		"okta_systemlog/okta_get_logs.json":                                {2, false, `"eventType"`, "", ""},
		"aws_guardduty/warren_example_guardduty.json":                      {1, false, `"detail"`, "", ""},
		"ops_thousandeyes/keep_mock.json":                                  {2, false, `"eventId"`, "", ""},
	}
	for name, want := range want {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(filepath.Join(shared, name))
			if os.IsNotExist(err) {
				t.Skipf("this payload is not here: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			messages, problems := intake.Decode(body, nil)
			if len(problems) > 0 || len(messages) != want.count {
				t.Fatalf("%d messages, problems %v; want %d and none", len(messages), problems, want.count)
			}
			m := messages[0]
			if m.Text != want.text || !strings.Contains(string(m.Body), want.contains) {
				t.Errorf("text %v, body %.200q; want %v, holding %q", m.Text, m.Body, want.text, want.contains)
			}
			if want.id != "" && m.ID != want.id {
				t.Errorf("id %q, want %q", m.ID, want.id)
			}
			if want.time != "" && m.Time != want.time {
				t.Errorf("time %q, want %q", m.Time, want.time)
			}
		})
	}
}

// Every published payload is read without a problem, and what is not an
// envelope or a list comes out whole.
func TestPublishedPayloadsAreRead(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(shared, "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("the shared payloads are not here")
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		messages, problems := intake.Decode(body, map[string]string{"content-type": "application/json"})
		if len(problems) > 0 || len(messages) == 0 {
			t.Errorf("%s: %d messages, problems %v", file, len(messages), problems)
		}
		for _, m := range messages {
			if !m.Text && !json.Valid(m.Body) {
				t.Errorf("%s: %q is no JSON", file, m.Path)
			}
			if !strings.Contains(file, "envelope_") && len(m.Via) == 0 && len(m.Body)+10 < len(strings.TrimSpace(string(body))) {
				t.Errorf("%s: %d bytes of %d came out", file, len(m.Body), len(body))
			}
		}
	}
}
