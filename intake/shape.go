package intake

// field is a name that tells one envelope from another, or carries what we need of it.
type field uint8

const (
	fType field = iota
	fMessageID
	fTopicArn
	fMessage
	fTimestamp
	fSubject
	fMessageAttributes
	fSignature
	fSubscribeURL
	fBody
	fReceiptHandle
	fAttributes
	fMessages
	fRecords
	fFirehose
	fSubscription
	fDeliveryAttempt
	fReceivedMessages
	fDetail
	fDetailType
	fSource
	fID
	fTime
	fSpecVersion
	fData
	fDataBase64
	fPublishTime
	fAlerts
	fGroupKey
	fReceiver
	fAWSLogs
	fLogEvents
	fLogGroup
	fLogStream
	fMessageType
	fEventSource
	fEventSourceARN
	fEventID
	fSNS
	fKinesis
	fArrival
	fRequestID
	fields
)

// nameField knows the names as the envelopes spell them; SQS is spelt one way by its
// API and another by Lambda, Pub/Sub likewise by its two encoders.
func nameField(name []byte) (field, bool) {
	switch string(name) {
	case "Type", "type":
		return fType, true
	case "MessageId", "messageId", "message_id":
		return fMessageID, true
	case "Message", "message":
		return fMessage, true
	case "Timestamp", "timestamp":
		return fTimestamp, true
	case "Subject", "subject":
		return fSubject, true
	case "Attributes", "attributes":
		return fAttributes, true
	case "subscription":
		return fSubscription, true
	case "deliveryAttempt", "delivery_attempt":
		return fDeliveryAttempt, true
	case "receivedMessages", "received_messages":
		return fReceivedMessages, true
	case "source":
		return fSource, true
	case "id":
		return fID, true
	case "time":
		return fTime, true
	case "specversion":
		return fSpecVersion, true
	case "data":
		return fData, true
	case "data_base64":
		return fDataBase64, true
	case "publishTime", "publish_time":
		return fPublishTime, true
	case "alerts":
		return fAlerts, true
	case "groupKey":
		return fGroupKey, true
	case "receiver":
		return fReceiver, true
	}
	return awsField(name)
}

// awsField knows the names that only AWS uses.
func awsField(name []byte) (field, bool) {
	switch string(name) {
	case "TopicArn":
		return fTopicArn, true
	case "MessageAttributes", "messageAttributes":
		return fMessageAttributes, true
	case "Signature":
		return fSignature, true
	case "SubscribeURL", "SubscribeUrl":
		return fSubscribeURL, true
	case "Body", "body":
		return fBody, true
	case "ReceiptHandle", "receiptHandle":
		return fReceiptHandle, true
	case "Messages":
		return fMessages, true
	case "Records":
		return fRecords, true
	case "records":
		return fFirehose, true
	case "detail":
		return fDetail, true
	case "detail-type":
		return fDetailType, true
	case "awslogs":
		return fAWSLogs, true
	case "logEvents":
		return fLogEvents, true
	case "logGroup":
		return fLogGroup, true
	case "logStream":
		return fLogStream, true
	case "messageType":
		return fMessageType, true
	case "eventSource", "EventSource":
		return fEventSource, true
	case "eventSourceARN":
		return fEventSourceARN, true
	case "eventID":
		return fEventID, true
	case "Sns":
		return fSNS, true
	case "kinesis":
		return fKinesis, true
	case "approximateArrivalTimestamp":
		return fArrival, true
	case "requestId":
		return fRequestID, true
	}
	return 0, false
}

// shape is what an object's own names say about what it is.
type shape struct {
	at     [fields][]byte // the value of each known name; nil where absent
	known  int            // how many of them are there
	others int            // names that no envelope has
}

// look reads the names of the object b.
func look(b []byte) *shape {
	s := new(shape)
	members(b, func(name, value []byte) bool {
		f, ok := nameField(name)
		switch {
		case !ok:
			s.others++
		case s.at[f] == nil:
			s.known++
			fallthrough
		default:
			s.at[f] = value
		}
		return true
	})
	return s
}

// has reports whether all of these names are there.
func (s *shape) has(list ...field) bool {
	for _, f := range list {
		if s.at[f] == nil {
			return false
		}
	}
	return true
}

// only reports whether these names and no others are there.
func (s *shape) only(list ...field) bool {
	return s.others == 0 && s.known == len(list) && s.has(list...)
}

// text returns the text of a field that is a string, else "".
func (s *shape) text(f field) string { return text(s.at[f]) }
