package alert.oldname

# The older package, with the older rule, which asks ignore itself.
alert contains {
	"title": input.name,
	"description": input.text,
	"attrs": [{"key": "level", "value": upper(input.level), "link": ""}],
} if {
	not ignore
	input.level in ["high", "critical"]
}

ignore if {
	startswith(input.address, "10.")
}
