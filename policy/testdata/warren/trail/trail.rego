package ingest.trail

# Several records in one message, functions, null checks and older assignments.
alerts contains {
	"title": sprintf("%s by %s", [event.call, event.who.name]),
	"description": event.error,
	"attrs": attributes_of(event),
} if {
	event := input.Records[_]
	suspicious(event)
}

suspicious(event) if {
	event.error != null
	event.call in ["RemoveStore", "StopMachine"]
}

attributes_of(event) = list if {
	list := [
		{"key": "call", "value": event.call, "link": ""},
		{"key": "from", "value": event.address, "link": sprintf("https://lookup.example.com/%s", [event.address])},
	]
}
