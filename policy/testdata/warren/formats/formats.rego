package ingest.formats

# Two shapes of one product, print, partial rules of attributes.
alerts contains {
	"title": input.title,
	"description": input.message,
	"attrs": [],
} if {
	input.format == "plain"
}

alerts contains result if {
	input.format == "rich"
	print("reading", input.event)
	result := {
		"title": input.event.name,
		"description": input.event.more,
		"attrs": [a | some a in extra],
	}
}

extra contains {"key": "user", "value": input.event.user, "link": sprintf("/users/%s", [input.event.user])} if input.event.user

extra contains {"key": "team", "value": input.event.team, "link": ""} if input.event.team
