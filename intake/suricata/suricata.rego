# Suricata's EVE log: its alert events, and drops that name the signature.
# Other event types (flow, dns, http, stats, …) are traffic records, no alerts.
# Format: docs.suricata.io/en/latest/output/eve/eve-json-format.html
package ingest.suricata

import data.lib.yagura as lib

# Shippers that wrap an event keep it under one of these.
event := input.suricata.eve if is_object(input.suricata.eve)

else := input._source if is_object(input._source)

else := input

signature := object.get(event, "alert", null)

# f holds the fields that rules below look at, "" where the event has none.
f := yagura.fields(event, {
	"kind": ["event_type"],
	"priority": ["alert.severity"],
	"word": ["alert.metadata.signature_severity"],
	"action": ["alert.action"],
	"verdict": ["verdict.action"],
	"attacker": ["alert.source.ip"],
	"proto": ["proto"],
	"app_proto": ["app_proto"],
	"src_ip": ["src_ip"],
	"src_port": ["src_port"],
	"dest_ip": ["dest_ip"],
	"dest_port": ["dest_port"],
})

reason := concat("", ["event type ", f.kind, " is a record of traffic, no alert"]) if {
	f.kind != ""
	not is_object(signature)
}

alerts := [detection] if is_object(signature)

else := [] if f.kind != ""

# A message that is not of EVE at all is still shown, so that it is not missed.
else := [{
	"title": yagura.pick([input, {"none": "Message that is no Suricata event"}], ["message", "msg", "text", "none"]),
	"severity": "medium",
	"seen_at": yagura.pick(input, ["timestamp", "@timestamp"]),
}]

detection := object.union(
	yagura.fields([event, {"none": "Suricata alert"}], {
		"title": ["alert.signature", "alert.category", "none"],
		"rule": ["alert.signature", "alert.signature_id"],
		"product_severity": ["alert.severity"],
		"seen_at": ["timestamp", "@timestamp", "flow.start"],
	}),
	{
		"description": description,
		"severity": severity,
		"action": action,
		"techniques": yagura.all(event, ["alert.metadata.mitre_technique_id"]),
		"observables": array.concat(yagura.observables(event, ends), yagura.observables(event, who)),
		"attributes": yagura.attributes(event, about),
		"tags": yagura.all(event, ["alert.category", "alert.metadata.tag"]),
		# Suricata gives events no id. One flow may meet a signature several
		# times, never twice in the same microsecond.
		"event_id": lib.digest(yagura.all(event, ["flow_id", "timestamp", "alert.gid", "alert.signature_id", "tx_id", "pcap_cnt", "src_ip", "src_port", "dest_ip", "dest_port"])),
		"fingerprint": lib.basis(yagura.all(event, ["alert.gid", "alert.signature_id", "alert.signature", "src_ip", "dest_ip"])),
	},
)

# In words: "TCP 192.0.2.1 port 4711 to 192.0.2.2 port 80 http".
description := "" if f.src_ip == ""

else := yagura.join(" ", [f.proto, yagura.join(" port ", [f.src_ip, f.src_port]), "to", yagura.join(" port ", [f.dest_ip, f.dest_port]), f.app_proto])

# The priority of the signature's class, 1 the most severe: classification.config
# of Suricata has 1 to 4; 255 stands where a rule has none.
severities := {"1": "high", "2": "medium", "3": "low", "4": "info"}

severity := severities[f.priority] if severities[f.priority]

else := words[lower(f.word)] if words[lower(f.word)]

else := "info" if lib.num(f.priority) > 4

else := "medium"

# Rule writers' own word (ET Open), used where a signature has no priority.
words := {"critical": "critical", "major": "high", "minor": "low", "informational": "info"}

# In IDS mode everything is allowed; an IPS says blocked, and records the drop.
action := "blocked" if f.action == "blocked"

else := "blocked" if f.kind == "drop"

else := "blocked" if f.verdict in {"drop", "reject"}

else := "allowed" if f.action == "allowed"

else := "detected"

# A rule with the keyword target says who attacks whom; others only who sent.
ends := [["ip", "source", "alert.source.ip"], ["ip", "target", "alert.target.ip"]] if {
	f.attacker != ""
}

else := [["ip", "source", "src_ip"], ["ip", "target", "dest_ip"]]

who := [
	["ip", "client", "http.xff", "alert.xff", "xff"],
	["domain", "target", "tls.sni", "dns.query.rrname", "dns.queries.rrname", "dns.rrname", "quic.sni"],
	["host", "target", "http.hostname"],
	["host", "sensor", "host"],
	["hash", "file", "fileinfo.sha256", "fileinfo.sha1", "fileinfo.md5", "files.sha256", "files.sha1", "files.md5"],
	["email", "source", "smtp.mail_from", "email.from"],
	["email", "target", "smtp.rcpt_to", "email.to"],
	["user", "actor", "smb.ntlmssp.user", "ftp.user", "krb5.cname"],
	["cve", "exploited", "alert.metadata.cve"],
]

about := [
	["category", "alert.category"],
	["signature_id", "alert.signature_id"],
	["gid", "alert.gid"],
	["rev", "alert.rev"],
	["signature_severity", "alert.metadata.signature_severity"],
	["attack_target", "alert.metadata.attack_target"],
	["affected_product", "alert.metadata.affected_product"],
	["proto", "proto"],
	["app_proto", "app_proto"],
	["src_port", "src_port"],
	["dest_port", "dest_port"],
	["direction", "direction", "flow.direction"],
	["http_method", "http.http_method"],
	["http_host", "http.hostname"],
	["url", "http.url"],
	["user_agent", "http.http_user_agent"],
	["referrer", "http.http_refer"],
	["status", "http.status"],
	["dns_query", "dns.query.rrname", "dns.queries.rrname", "dns.rrname"],
	["tls_sni", "tls.sni"],
	["tls_subject", "tls.subject"],
	["ja3", "tls.ja3.hash"],
	["ja4", "tls.ja4"],
	["file", "fileinfo.filename", "files.filename"],
	["mail_subject", "email.subject"],
	["smb_filename", "smb.filename"],
	["ssh_client", "ssh.client.software_version"],
	["payload", "payload_printable"],
	["bytes_toserver", "flow.bytes_toserver"],
	["bytes_toclient", "flow.bytes_toclient"],
	["interface", "in_iface"],
	["vlan", "vlan"],
	["community_id", "community_id"],
	["flow_id", "flow_id"],
]
