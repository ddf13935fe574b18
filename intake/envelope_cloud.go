package intake

import (
	"bytes"
	"strconv"
	"strings"
)

// Pub/Sub (push, pull and the headers of its unwrapped push) and CloudEvents
// 1.0 (structured, batched by way of arrays, and binary mode).

// isPush reports whether an object is a Pub/Sub push request. The subscription
// may be missing: small test publishers leave it out.
func isPush(s *shape) bool {
	if s.others > 0 || !isObject(s.at[fMessage]) {
		return false
	}
	extra := 1
	for _, f := range []field{fSubscription, fDeliveryAttempt} {
		if s.has(f) {
			extra++
		}
	}
	m := look(s.at[fMessage])
	return s.known == extra && (m.has(fData) && isString(m.at[fData]) ||
		m.has(fMessageID) && s.has(fSubscription))
}

func (d *decoder) push(b []byte, s *shape, at place) {
	d.pubsub(b, look(s.at[fMessage]), s.text(fSubscription), at, "message")
}

// pulled opens what a Pub/Sub pull returns.
func (d *decoder) pulled(_ []byte, s *shape, at place) {
	elements(s.at[fReceivedMessages], func(i int, v []byte) bool {
		d.pubsub(v, look(look(v).at[fMessage]), "", at.part(i), "receivedMessages["+strconv.Itoa(i)+"].message")
		return true
	})
}

func (d *decoder) pubsub(b []byte, m *shape, subscription string, at place, step string) {
	at = at.known(pubsubID(subscription, scalar(m.at[fMessageID])), m.text(fPublishTime))
	at = at.attributes(m.at[fAttributes], "", scalar)
	if id, source := at.header["ce-id"], at.header["ce-source"]; id != "" && source != "" {
		at = at.known(envelopeID("cloudevents", source, id), at.header["ce-time"])
	}
	if v := m.at[fData]; len(v) <= 2 || !isString(v) { // attributes only
		d.emit(b, false, at.in("pubsub", step))
		return
	}
	d.coded(b, m.at[fData], at, "pubsub", step+".data")
}

func pubsubID(subscription, id string) string {
	if id == "" {
		return ""
	}
	return envelopeID("pubsub", subscription, id)
}

// cloudEvent strips a structured event to its data, where that is JSON. An
// event of other or no data stays whole: its type and source say more than "1.5".
func (d *decoder) cloudEvent(b []byte, s *shape, at place) {
	at = at.attributes(b, "ce-", scalar)
	delete(at.header, "ce-data")
	delete(at.header, "ce-data_base64")
	at = at.known(cloudEventID(s.text(fSource), s.text(fID)), s.text(fTime))
	data := s.at[fData]
	switch {
	case isObject(data) || isArray(data):
		d.value(data, at.in("cloudevents", "data"))
	case isString(data) && looksJSON(bytes.TrimSpace(unquote(data))):
		d.content(data, at.in("cloudevents", "data"))
	case !s.has(fData) && s.has(fDataBase64):
		d.coded(b, s.at[fDataBase64], at, "cloudevents", "data_base64")
	default:
		d.emit(b, false, at.in("cloudevents", ""))
	}
}

func cloudEventID(source, id string) string {
	if id == "" {
		return ""
	}
	return envelopeID("cloudevents", source, id)
}

// rootPlace is where a delivery begins, with what its headers say: binary
// CloudEvents, SNS raw delivery and Pub/Sub's unwrapped push put the envelope there.
func rootPlace(header map[string]string) place {
	var p place
	switch id := headerID(header); {
	case id == "":
	case strings.HasPrefix(id, "cloudevents "):
		p = place{depth: 1, via: []string{"cloudevents"}}.known(id, header["ce-time"])
	case strings.HasPrefix(id, "pubsub "):
		p = place{depth: 1, via: []string{"pubsub"}}.known(id, header["x-goog-pubsub-publish-time"])
	case header["x-amz-sns-rawdelivery"] == "true":
		p = place{depth: 1, via: []string{"sns"}}.known(id, "")
	}
	return p
}

// headerID returns the message id that an envelope put into the headers, or "".
func headerID(header map[string]string) string {
	if id := header["ce-id"]; id != "" && header["ce-specversion"] != "" {
		return cloudEventID(header["ce-source"], id)
	}
	if id := header["x-goog-pubsub-message-id"]; id != "" {
		return pubsubID(header["x-goog-pubsub-subscription-name"], id)
	}
	if id := header["x-amz-sns-message-id"]; id != "" {
		return snsID(header["x-amz-sns-topic-arn"], id)
	}
	return ""
}
