package ingest.cloudfinding

# Findings wrapped by an event bus, with a threshold, labels by else and a topic.
alerts contains {
	"title": sprintf("%s at %s", [input.detail.kind, input.detail.place]),
	"description": input.detail.text,
	"topic": "cloud",
	"attrs": [
		{"key": "severity", "value": label, "link": ""},
		{"key": "score", "value": input.detail.score, "link": ""},
	],
} if {
	input.source == "example.cloud"
	input.detail.score >= 3.5
}

ignore if {
	input.source == "drill"
}

label := "critical" if { input.detail.score >= 9 }
else := "high" if { input.detail.score >= 7 }
else := "medium"
