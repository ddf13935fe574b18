package alert.firewall

# Values by rules of their own, array.concat, and a fallback by else.
alert contains {
	"title": headline,
	"description": body,
	"attrs": array.concat(always, sometimes),
} if {
	not ignore
}

headline = t if { t := sprintf("Firewall %s %s", [input.did, input.src]) }

body = d if {
	d := sprintf("%s: %s:%d to %s:%d", [input.did, input.src, input.sport, input.dst, input.dport])
}

always = [{"key": "protocol", "value": upper(input.protocol), "link": ""}]

sometimes = list if {
	input.threat > 0
	list := [{"key": "threat", "value": to_string(input.threat), "link": ""}]
} else = []

ignore if {
	startswith(input.src, "10.")
	startswith(input.dst, "10.")
}
