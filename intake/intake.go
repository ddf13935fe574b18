// Package intake knows how messages come in: the envelopes that carry them
// (SNS, Pub/Sub, EventBridge, CloudEvents, SQS, Alertmanager, NDJSON, arrays),
// how a sender proves itself, and the kinds of products we ship a policy for.
package intake

// Message is one product message found inside a delivery.
type Message struct {
	Body   []byte            // JSON object or array of one message, or text where Text is set; may share memory with the delivery
	Text   bool              // Body is no JSON
	Path   string            // where it stood in the delivery, for people: "line 3", "Records[1].body", ""
	ID     string            // the envelope's id of this very message, such as "eventbridge aws.guardduty 6f0c…"; may be empty
	Time   string            // the innermost envelope's own time, RFC 3339; may be empty; a hint where the product gives none
	Via    []string          // envelopes it came out of, outermost first, e.g. "sqs", "sns", "eventbridge"
	Header map[string]string // what the envelopes said beside the message, see Decode; lies over the delivery's header; may be nil
	Notice string            // set where an envelope speaks for itself, e.g. SNS asking to confirm a subscription: no alert, this is the reason
}

// Problem is a part of a delivery that could not be read. The rest stands.
type Problem struct {
	Path   string // where, e.g. "line 17, byte 2043": both count from 1, the byte within its line
	Reason string // one sentence for people
}
