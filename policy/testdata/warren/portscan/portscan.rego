package alert.portscan

# Numbers as attribute values, to_string as guides write it, and a clock.
alert contains {
	"title": sprintf("Port scan of %s", [input.target]),
	"description": sprintf("%d ports on %s", [input.ports, input.target]),
	"attrs": [
		{"key": "from", "value": input.from, "link": ""},
		{"key": "ports", "value": to_string(input.ports), "link": ""},
		{"key": "open", "value": input.open, "link": ""},
		{"key": "confirmed", "value": input.confirmed, "link": ""},
		{"key": "list", "value": input.list, "link": ""},
	],
} if {
	not ignore
	input.ports > 100
}

ignore if {
	input.from in {"192.0.2.50", "192.0.2.51"}
}

ignore if {
	input.ports < 1000
	hour := time.clock(time.now_ns())[0]
	hour >= 24
}
