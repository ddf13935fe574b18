package alert.ancient

# Written before if and contains.
alert[out] {
	not ignore
	out := {
		"title": input.title,
		"attrs": [{"key": "count", "value": input.count, "link": ""}],
	}
}

default ignore = false

ignore {
	input.count < 3
}

ignore = true {
	any([input.muted, input.test])
}
