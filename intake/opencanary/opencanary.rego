# OpenCanary: a honeypot that pretends to be file servers, logins and
# databases. Nobody has a reason to touch it, so every touch is high.
#
# It writes one JSON object an event; opencanary/logger.py names the numbers in
# logtype. Its webhook handler sends that object bare or as text in "message",
# syslog puts a header before it, Splunk's collector puts it in "event".
package ingest.opencanary

import data.lib.yagura as lib

alerts := [made(event)]

made(e) := {
	"title": concat("", [what, on, from, detail]),
	"description": yagura.pick(e, ["description"]),
	"rule": rule,
	"severity": severity,
	"action": "detected",
	"seen_at": seen_at,
	"observables": yagura.observables(e, who),
	"attributes": array.concat(yagura.attributes(e, about), typed),
	"tags": ["honeypot"],
	"event_id": event_id(e, seen_at),
	"fingerprint": fingerprint,
} if {
	code := yagura.pick(e, ["logtype"])
	node := yagura.pick(e, ["node_id"])
	visitor := yagura.pick(e, ["src_host"])

	# OpenCanary writes local_time in UTC; local_time_adjusted is the honeypot's zone.
	seen_at := yagura.pick(e, ["utc_time", "local_time"])
	[what, severity, rule] := meaning(e, code)
	detail := detail_of(e, severity)
	on := words(" on ", node)
	from := words(" from ", visitor)
	typed := sent(e)
	fingerprint := basis(rule, [node, code, visitor, detail], severity)
}

event := input if yagura.pick(input, ["logtype"]) != ""

else := input.event if is_object(input.event)

else := input.message if is_object(input.message)

else := v if v := parsed(yagura.pick(input, ["event", "message", "text"]))

else := input

parsed(s) := v if {
	at := indexof(s, "{")
	at >= 0
	body := substring(s, at, -1)
	json.is_valid(body)
	v := json.unmarshal(body)
	is_object(v)
}

# What each logtype means: in words, and how bad it is.
logtypes := {
	"2000": ["FTP login attempt", "high"],
	"2001": ["FTP authentication started", "high"],
	"3000": ["HTTP page requested", "high"],
	"3001": ["HTTP login attempt", "high"],
	"3002": ["HTTP request with an unimplemented method", "high"],
	"3003": ["HTTP request redirected", "high"],
	"4000": ["SSH connection", "high"],
	"4001": ["SSH client version received", "high"],
	"4002": ["SSH login attempt", "high"],
	"5000": ["SMB file opened", "high"],
	"5001": ["Port scan (SYN)", "high"],
	"5002": ["Port scan (nmap OS detection)", "high"],
	"5003": ["Port scan (nmap NULL)", "high"],
	"5004": ["Port scan (nmap Xmas)", "high"],
	"5005": ["Port scan (nmap FIN)", "high"],
	"6001": ["Telnet login attempt", "high"],
	"6002": ["Telnet connection", "high"],
	"7001": ["HTTP proxy login attempt", "high"],
	"8001": ["MySQL login attempt", "high"],
	"9001": ["MSSQL login attempt (SQL authentication)", "high"],
	"9002": ["MSSQL login attempt (Windows authentication)", "high"],
	"9003": ["MSSQL malformed login", "high"],
	"10001": ["TFTP request", "high"],
	"11001": ["NTP monlist request", "high"],
	"12001": ["VNC login attempt", "high"],
	"13001": ["SNMP request", "high"],
	"14001": ["RDP login attempt", "high"],
	"15001": ["SIP request", "high"],
	"16001": ["Git clone attempt", "high"],
	"17001": ["Redis command", "high"],
	"18001": ["TCP banner connection", "high"],
	"18002": ["TCP banner connection (keep-alive)", "high"],
	"18003": ["TCP banner: secret received", "high"],
	"18004": ["TCP banner: data received (keep-alive)", "high"],
	"18005": ["TCP banner: data received", "high"],
	"19001": ["LLMNR query answered", "high"],

	# The honeypot speaking of itself, not of a visitor.
	"1000": ["OpenCanary started", "info"],
	"1001": ["OpenCanary message", "info"],
	"1002": ["OpenCanary debug message", "info"],
	"1003": ["OpenCanary error", "low"],
	"1004": ["OpenCanary ping", "info"],
	"1005": ["OpenCanary configuration saved", "info"],
	"1006": ["OpenCanary example event", "info"],
}

meaning(e, code) := array.concat(known, [concat("", [known[0], " (", code, ")"])]) if known := logtypes[code]

else := [name, "high", name] if {
	code != ""
	name := concat(" ", ["OpenCanary event", code])
}

else := [substring(text, 0, 200), "high", ""] if {
	text := yagura.pick(e, ["title", "description", "text", "message"])
	text != ""
}

else := ["OpenCanary event", "high", ""]

words(before, text) := "" if text == ""

else := concat("", [before, text])

# Whom the visitor pretended to be; or what the honeypot says of itself, which
# stands in logdata.msg, as text or in a logdata of its own.
detail_of(e, severity) := words(" as ", yagura.pick(e, ["logdata.USERNAME", "logdata.USER", "logdata.UserName"])) if {
	severity == "high"
}

else := words(": ", substring(yagura.pick(e, ["logdata.msg", "logdata.msg.logdata"]), 0, 200))

# The log has no id of its own; no two events are the same to the microsecond.
event_id(e, seen_at) := "" if seen_at == ""

else := lib.digest([json.marshal(e)])

# The same visitor at the same service of the same honeypot; names tried change.
basis(rule, parts, severity) := null if rule == ""

else := array.slice(parts, 0, 3) if severity == "high"

else := parts

# What the visitor sent is named differently by every service. Passwords stay in
# the payload: people try their real ones by mistake, and attributes are shown
# in lists and in chat.
sent(e) := array.slice([{"key": lower(k), "value": substring(value, 0, 500)} |
	some k, v in e.logdata
	not kept_back[k]
	value := concat(", ", yagura.all([v], [[], ["*"]]))
	value != ""
], 0, 12)

kept_back := {
	"USERNAME", "USER", "UserName", "msg",
	"PASSWORD", "PASS", "Password", "password", "COMMUNITY_STRING",
	"VNC Password", "VNC Server Challenge", "VNC Client Response", "SECRET_STRING",
}

who := [
	["ip", "source", "src_host"],
	["ip", "target", "dst_host"],
	["host", "target", "node_id"],
	["user", "attempted", "logdata.USERNAME", "logdata.USER", "logdata.UserName"],
	["file", "target", "logdata.FILENAME", "logdata.FileName"],
]

about := [
	["logtype", "logtype"],
	["node_id", "node_id"],
	["src_port", "src_port"],
	["dst_port", "dst_port"],
	["username", "logdata.USERNAME", "logdata.USER", "logdata.UserName"],
]
