package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxKey is the longest idempotency key in bytes; a longer one is hashed.
const maxKey = 200

// envelopeID writes an id that names its own kind of envelope. Its parts are
// joined by spaces, which none but the last can hold.
func envelopeID(kind string, parts ...string) string {
	id := kind + " " + strings.Join(parts, " ")
	if len(id) > maxKey {
		sum := sha256.Sum256([]byte(id))
		return kind + " sha256:" + hex.EncodeToString(sum[:])
	}
	return id
}

// MessageKey returns the idempotency key of a delivery, or "" where it names
// none: a delivery that comes again with the same key is the same one. header
// holds the request's headers, names in lower case. In this order it is
//
//   - the header Idempotency-Key, then X-GitHub-Delivery;
//   - the id of an envelope around the whole delivery: in the headers (binary CloudEvents, SNS raw
//     delivery, Pub/Sub's unwrapped push) or in the body (SNS, Pub/Sub push, CloudEvents, EventBridge,
//     one SQS message, Firehose);
//   - the first of eventID found in the body as a text or number: dotted paths of names, such as
//     "uuid" or "alert.id", where a kind's product gives every event an id that no update uses again.
//
// A batch has a key only by header or by an envelope around all of it. A
// compressed body has one only by header, for it is not unpacked at the door.
func MessageKey(body []byte, header map[string]string, eventID []string) string {
	if key := header["idempotency-key"]; key != "" {
		return envelopeID("key", key)
	}
	if key := header["x-github-delivery"]; key != "" {
		return envelopeID("github", key)
	}
	if key := headerID(header); key != "" {
		return key
	}
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	start := skipSpace(body, 0)
	if start >= len(body) || body[start] != '{' {
		return ""
	}
	end, _, bad := scanValue(body, start)
	if bad != nil || skipSpace(body, end) < len(body) {
		return "" // broken or several: the sender may send it again, whole
	}
	body = body[start:end]
	s := look(body)
	switch {
	case isSNS(s):
		return snsID(s.text(fTopicArn), s.text(fMessageID))
	case isEventBridge(s):
		return eventBridgeID(s)
	case s.has(fSpecVersion, fType, fSource, fID):
		return cloudEventID(s.text(fSource), s.text(fID))
	case s.has(fBody, fMessageID, fReceiptHandle):
		if id := s.text(fMessageID); id != "" {
			return envelopeID("sqs", id)
		}
		return ""
	case isPush(s):
		return pubsubID(s.text(fSubscription), scalar(look(s.at[fMessage]).at[fMessageID]))
	case s.has(fRequestID, fTimestamp, fFirehose) && s.others == 0:
		if id := s.text(fRequestID); id != "" {
			return envelopeID("firehose", id)
		}
		return ""
	}
	for _, path := range eventID {
		if id := scalar(follow(body, path)); id != "" {
			return envelopeID("event", path, id)
		}
	}
	return ""
}

// follow returns the value at a dotted path of names in the object b, or nil.
func follow(b []byte, path string) []byte {
	for name := range strings.SplitSeq(path, ".") {
		var found []byte
		members(b, func(n, v []byte) bool {
			if string(n) == name {
				found = v
			}
			return true
		})
		if b = found; b == nil {
			return nil
		}
	}
	return b
}
