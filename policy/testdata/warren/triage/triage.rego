package triage

result_of(task) := r if {
	some e in input.enrich
	e.id == task
	r := e.result
}

title := sprintf("CONFIRMED: %s", [input.alert.metadata.title]) if {
	result_of("look_up").bad == true
}

default channel := "security"

channel := "cloud-team" if {
	input.alert.metadata.channel == "cloud"
}

attr contains {"key": "judged", "value": count(input.alert.metadata.attributes), "link": ""} if {
	input.alert.schema == "portscan"
}

default publish := "alert"

publish := "discard" if {
	result_of("look_up").harmless == true
}

publish := "notice" if {
	some a in input.alert.metadata.attributes
	a.key == "ports"
	to_number(a.value) < 1000
}

publish := "discard" if {
	input.alert.data.muted == true
}
