package enrich

prompts contains {
	"id": "look_up",
	"inline": "Who owns the source address?",
	"format": "json",
} if {
	outside
}

prompts contains {
	"template": "summary.md",
	"params": {"language": "en"},
	"format": "text",
} if {
	input.schema == "cloudfinding"
}

outside if {
	some attr in input.metadata.attributes
	attr.key == "from"
	not startswith(attr.value, "10.")
}
