package intake

import (
	"strconv"
	"strings"
	"time"
)

// The envelopes of AWS, as its developer guides describe them: SNS over HTTP
// and Lambda, SQS by its API and Lambda, Kinesis, Firehose and CloudWatch Logs
// subscriptions, EventBridge, and files of records as CloudTrail writes them.

// isSNS reports whether an object is what SNS posts to an HTTP endpoint, which
// is also what it puts into a queue or a Lambda record.
func isSNS(s *shape) bool {
	if !s.has(fType, fMessageID, fTopicArn, fMessage) {
		return false
	}
	switch s.text(fType) {
	case "Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation":
		return true
	}
	return false
}

func (d *decoder) sns(b []byte, s *shape, at place) {
	at = at.known(snsID(s.text(fTopicArn), s.text(fMessageID)), s.text(fTimestamp))
	at = at.with("x-amz-sns-topic-arn", s.text(fTopicArn)).with("x-amz-sns-subject", s.text(fSubject))
	if kind := s.text(fType); kind != "Notification" {
		at = at.in("sns", "")
		d.put(Message{
			Body: b, Path: at.path, ID: at.id, Time: at.time, Via: at.via, Header: at.header,
			Notice: "SNS sent a " + kind + " for the topic " + s.text(fTopicArn),
		})
		return
	}
	at = at.attributes(s.at[fMessageAttributes], "", func(v []byte) string {
		value := ""
		members(v, func(name, v []byte) bool {
			if string(name) == "Value" {
				value = scalar(v)
			}
			return true
		})
		return value
	})
	if !d.content(s.at[fMessage], at.in("sns", "Message")) {
		d.emit(b, false, at.in("sns", ""))
	}
}

func snsID(topic, id string) string {
	if id == "" {
		return ""
	}
	return envelopeID("sns", topic, id)
}

// isEventBridge reports whether an object is an EventBridge event.
func isEventBridge(s *shape) bool {
	return s.has(fDetailType, fDetail, fSource) && isString(s.at[fSource]) && isString(s.at[fDetailType])
}

func eventBridgeID(s *shape) string {
	if id := s.text(fID); id != "" {
		return envelopeID("eventbridge", s.text(fSource), id)
	}
	return ""
}

// sqsMessage opens one message of a queue: SQS's own form and Lambda's.
func (d *decoder) sqsMessage(b []byte, s *shape, at place) {
	if id := s.text(fMessageID); id != "" {
		at = at.known(envelopeID("sqs", id), "")
	}
	members(s.at[fAttributes], func(name, v []byte) bool {
		if string(name) == "SentTimestamp" {
			at = at.known("", unixTime(scalar(v), time.Millisecond))
		}
		return true
	})
	at = at.attributes(s.at[fMessageAttributes], "", func(v []byte) string {
		value := ""
		members(v, func(name, v []byte) bool {
			if string(name) == "StringValue" || string(name) == "stringValue" {
				value = scalar(v)
			}
			return true
		})
		return value
	})
	step := "body"
	if !strings.Contains(at.path, "Records[") {
		step = "Body"
	}
	if !d.content(s.at[fBody], at.in("sqs", step)) {
		d.emit(b, false, at.in("sqs", ""))
	}
}

// sqsBatch opens what ReceiveMessage returns.
func (d *decoder) sqsBatch(_ []byte, s *shape, at place) {
	elements(s.at[fMessages], func(i int, v []byte) bool {
		inner := at.part(i)
		inner.path = join(inner.path, "Messages["+strconv.Itoa(i)+"]")
		d.sqsMessage(v, look(v), inner)
		return true
	})
}

// records opens {"Records":[…]}: what Lambda is invoked with, and CloudTrail's files.
func (d *decoder) records(_ []byte, s *shape, at place) {
	elements(s.at[fRecords], func(i int, v []byte) bool {
		inner := at.part(i)
		inner.path = join(inner.path, "Records["+strconv.Itoa(i)+"]")
		r := look(v)
		switch source := r.text(fEventSource); {
		case source == "aws:sqs" && r.has(fBody):
			d.sqsMessage(v, r, inner)
		case source == "aws:sns" && isObject(r.at[fSNS]):
			inner.path = join(inner.path, "Sns")
			if n := look(r.at[fSNS]); isSNS(n) {
				d.sns(r.at[fSNS], n, inner)
				return true
			}
			d.emit(r.at[fSNS], false, inner)
		case source == "aws:kinesis" && isObject(r.at[fKinesis]):
			d.kinesis(v, r, inner)
		default:
			d.object(v, inner.in("records", ""))
		}
		return true
	})
}

func (d *decoder) kinesis(b []byte, r *shape, at place) {
	k := look(r.at[fKinesis])
	if id := r.text(fEventID); id != "" {
		at = at.known(envelopeID("kinesis", r.text(fEventSourceARN), id), "")
	}
	at = at.known("", unixTime(scalar(k.at[fArrival]), time.Second))
	d.coded(b, k.at[fData], at, "kinesis", "kinesis.data")
}

// coded reads base64 content that stands at a step inside the envelope b; where
// it is none, or holds no text, the envelope is the message: it has all there is.
func (d *decoder) coded(b, content []byte, at place, envelope, step string) {
	if !d.binary(content, at.in(envelope, step)) {
		d.emit(b, false, at.in(envelope, ""))
	}
}

// firehose opens what Data Firehose posts to an HTTP endpoint.
func (d *decoder) firehose(_ []byte, s *shape, at place) {
	if id := s.text(fRequestID); id != "" {
		at = at.known(envelopeID("firehose", id), unixTime(scalar(s.at[fTimestamp]), time.Millisecond))
	}
	elements(s.at[fFirehose], func(i int, v []byte) bool {
		d.coded(v, look(v).at[fData], at.part(i), "firehose", "records["+strconv.Itoa(i)+"].data")
		return true
	})
}

// awsLogs opens what CloudWatch Logs invokes Lambda with.
func (d *decoder) awsLogs(b []byte, s *shape, at place) {
	d.coded(b, look(s.at[fAWSLogs]).at[fData], at, "awslogs", "awslogs.data")
}

// logEvents opens the batch of log lines of a CloudWatch Logs subscription.
func (d *decoder) logEvents(b []byte, s *shape, at place) {
	if s.text(fMessageType) == "CONTROL_MESSAGE" {
		at = at.in("cloudwatch-logs", "")
		d.put(Message{
			Body: b, Path: at.path, ID: at.id, Time: at.time, Via: at.via, Header: at.header,
			Notice: "CloudWatch Logs checked that it can deliver",
		})
		return
	}
	group, stream := s.text(fLogGroup), s.text(fLogStream)
	at = at.with("x-aws-log-group", group).with("x-aws-log-stream", stream)
	elements(s.at[fLogEvents], func(i int, v []byte) bool {
		e := look(v)
		inner := at.part(i)
		if id := scalar(e.at[fID]); id != "" {
			inner = inner.known(envelopeID("cloudwatch-logs", group, id), "")
		}
		inner = inner.known("", unixTime(scalar(e.at[fTimestamp]), time.Millisecond))
		step := "logEvents[" + strconv.Itoa(i) + "]"
		if !d.content(e.at[fMessage], inner.in("cloudwatch-logs", step+".message")) {
			d.emit(v, false, inner.in("cloudwatch-logs", step))
		}
		return true
	})
}

// unixTime returns a count of units since 1970 as RFC 3339, or "".
func unixTime(s string, unit time.Duration) string {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f > 0 && f*float64(unit) < 1<<62) {
		return ""
	}
	ms := int64(f*float64(unit)/float64(time.Millisecond) + 0.5)
	return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano)
}
