package ingest.shared

import data.lib.common

alerts contains {
	"title": title,
	"attrs": [],
} if {
	common.weight(input.grade) >= 3
	not common.inside(input.address)
}

title := input.heading if {
	input.heading
} else := "Something without a heading"
