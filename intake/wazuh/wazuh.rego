# Wazuh: alerts as the manager's integrations post them and the indexer keeps
# them (alone, as a hit, as the hits of a search), vulnerabilities as the API
# (4.7 and before) and the states index (4.8 and after) list them, and the short
# form of chat-like integrations ({"message", "severity", "description"}).
# Format: documentation.wazuh.com/current/user-manual/manager/event-logging.html
package ingest.wazuh

import data.lib.yagura as lib

events := [object.union({"_id": object.get(h, "_id", "")}, h._source) | some h in input.hits.hits; is_object(h._source)] if is_array(input.hits.hits)

else := input.data.affected_items if is_array(input.data.affected_items)

else := [input._source] if is_object(input._source)

# Shuffle and the like: the alert is one field of theirs.
else := [input.all_fields] if is_object(input.all_fields)

else := [input]

reason := "the list of vulnerabilities is empty" if count(events) == 0

alerts := [read(e) | some e in events]

read(e) := found(e, "") if yagura.pick(e, ["cve"]) != ""

else := found(e, "vulnerability") if {
	is_object(e.vulnerability)
	not is_object(object.get(e, "rule", null))
}

else := event(e) if is_object(e.rule)

else := brief(e)

# ---- events that matched a rule ----

event(e) := object.union(
	yagura.fields([e, {"none": "Wazuh alert"}], {
		"title": ["rule.description", "data.vulnerability.title", "full_log", "none"],
		"description": ["data.vulnerability.rationale", "data.sca.check.rationale", "full_log", "previous_output"],
		"rule": ["rule.id"],
		"product_severity": ["data.vulnerability.severity", "rule.level"],
		"seen_at": ["timestamp", "@timestamp"],
	}),
	{
		"severity": object.get(words, lower(x.word), by_level(lib.num(x.level))),
		"action": action(x),
		"condition": state,
		"techniques": yagura.all(e, ["rule.mitre.id", "rule.mitre.technique_id"]),
		"observables": yagura.observables(e, who),
		"attributes": yagura.attributes(e, about),
		"tags": yagura.all(e, ["rule.groups"]),
		"event_id": concat("/", yagura.all(e, ["manager.name", "id", "_id"])),
		"fingerprint": lib.basis(yagura.all(e, basis(state))),
	},
) if {
	x := yagura.fields(e, {
		"level": ["rule.level"],
		"word": ["data.vulnerability.severity"],
		"cve": ["data.vulnerability.cve"],
		"status": ["data.vulnerability.status"],
		"result": ["data.sca.check.result"],
		"done": ["data.action", "data.alert.action"],
		"cleaned": ["data.win.eventdata.actionName", "data.win.eventdata.action Name"],
	})
	state := condition(x)
}

# Wazuh's own bands, documentation.wazuh.com "Rules classification" and the
# dashboard: critical from 15, high from 12, medium from 7; levels up to 3 are
# "no security relevance" and successful, authorised events.
by_level(level) := "critical" if level >= 15

else := "high" if level >= 12

else := "medium" if level >= 7

else := "low" if level >= 4

else := "info" if level >= 0

else := "medium"

# The words of vulnerability feeds.
words := {
	"critical": "critical", "high": "high", "medium": "medium", "moderate": "medium",
	"low": "low", "negligible": "info", "none": "info", "info": "info", "informational": "info",
}

# What the product that wrote the log did, where it says so plainly.
action(x) := actions[lower(x.done)] if actions[lower(x.done)]

else := "quarantined" if contains(lower(x.cleaned), "quarantine")

else := "detected"

actions := {
	"blocked": "blocked", "block": "blocked", "deny": "blocked", "denied": "blocked",
	"drop": "blocked", "dropped": "blocked", "reject": "blocked", "rejected": "blocked",
	"allowed": "allowed", "allow": "allowed", "pass": "allowed", "accept": "allowed", "accepted": "allowed",
}

# Posture: vulnerabilities, and checks of a configuration against a policy.
condition(x) := solved(x.status) if x.cve != ""

else := object.get(checks, lower(x.result), "")

checks := {"failed": "present", "passed": "fixed"}

solved(status) := "fixed" if lower(status) in {"solved", "obsolete", "fixed", "resolved"}

else := "present"

# What makes it the same thing again: the machine, and the rule with who or what
# it was about. Posture leaves the rule out: Wazuh has one rule for "failed" or
# "affects" and another for "passed" or "solved", and they are about one thing.
basis(state) := [
	"agent.id", "agent.name", "data.vulnerability.cve", "data.vulnerability.package.name",
	"data.sca.policy", "data.sca.check.id", "data.sca.check.title",
] if state != ""

else := [
	"rule.id", "agent.id", "agent.name",
	"data.srcip", "data.src_ip", "data.win.eventdata.ipAddress",
	"data.srcuser", "data.dstuser", "data.win.eventdata.targetUserName", "data.win.eventdata.user",
	"data.win.eventdata.image", "data.win.eventdata.serviceName",
	"syscheck.path", "data.sca.policy", "data.alert.signature_id", "data.virustotal.source.file",
	"data.aws.recipientAccountId", "data.aws.eventName", "data.aws.userIdentity.arn", "data.file", "data.title",
]

who := [
	["host", "target", "agent.name"],
	["ip", "target", "agent.ip"],
	["host", "target", "predecoder.hostname", "data.win.system.computer"],
	[
		"ip", "source",
		"data.srcip", "data.src_ip", "data.win.eventdata.ipAddress", "data.win.eventdata.sourceIp",
		"data.aws.sourceIPAddress", "data.aws.source_ip_address", "data.office365.ClientIP", "data.gcp.jsonPayload.sourceIP",
	],
	["ip", "target", "data.dstip", "data.dest_ip", "data.win.eventdata.destinationIp"],
	["host", "source", "data.win.eventdata.workstationName"],
	[
		"user", "actor",
		"data.srcuser", "data.win.eventdata.subjectUserName", "data.win.eventdata.user",
		"data.aws.userIdentity.userName", "data.office365.UserId", "data.github.actor",
		"syscheck.audit.user.name", "syscheck.audit.login_user.name", "data.audit.acct",
	],
	["user", "target", "data.dstuser", "data.win.eventdata.targetUserName"],
	["process", "actor", "syscheck.audit.process.name", "data.audit.exe"],
	["file", "actor", "data.win.eventdata.image", "data.win.eventdata.processName"],
	["file", "parent", "data.win.eventdata.parentImage"],
	["file", "target", "syscheck.path", "data.win.eventdata.targetFilename", "data.virustotal.source.file", "data.file"],
	[
		"hash", "target",
		"syscheck.sha256_after", "syscheck.sha1_after", "syscheck.md5_after",
		"data.virustotal.source.sha1", "data.virustotal.source.md5",
	],
	["url", "target", "data.url"],
	["domain", "target", "data.tls.sni", "data.win.eventdata.queryName", "data.win.eventdata.destinationHostname"],
	["cve", "finding", "data.vulnerability.cve"],
	["account", "owner", "data.aws.recipientAccountId", "data.aws.aws_account_id", "data.aws.accountId"],
	["resource", "actor", "data.aws.userIdentity.arn"],
]

about := [
	["level", "rule.level"],
	["agent_id", "agent.id"],
	["agent", "agent.name"],
	["manager", "manager.name"],
	["cluster_node", "cluster.node"],
	["log_name", "location"],
	["decoder", "decoder.name"],
	["program", "predecoder.program_name"],
	["times_fired", "rule.firedtimes"],
	["frequency", "rule.frequency"],
	["tactic", "rule.mitre.tactic"],
	["technique", "rule.mitre.technique"],
	["src_port", "data.srcport", "data.src_port"],
	["dest_port", "data.dstport", "data.dest_port"],
	["protocol", "data.protocol", "data.proto"],
	["path", "syscheck.path"],
	["event", "syscheck.event"],
	["changed", "syscheck.changed_attributes"],
	["event_code", "data.win.system.eventID"],
	["channel", "data.win.system.channel"],
	["logon_type", "data.win.eventdata.logonType"],
	["command_line", "data.win.eventdata.commandLine", "data.command", "data.audit.command"],
	["service", "data.win.eventdata.serviceName"],
	["hashes", "data.win.eventdata.hashes"],
	["package", "data.vulnerability.package.name"],
	["package_version", "data.vulnerability.package.version"],
	["cvss", "data.vulnerability.cvss.cvss3.base_score", "data.vulnerability.score.base"],
	["vulnerability_status", "data.vulnerability.status"],
	["policy", "data.sca.policy"],
	["check", "data.sca.check.title"],
	["check_result", "data.sca.check.result"],
	["check_id", "data.sca.check.id"],
	["remediation", "data.sca.check.remediation"],
	["signature", "data.alert.signature"],
	["detections", "data.virustotal.positives"],
	["permalink", "data.virustotal.permalink"],
	["api", "data.aws.eventName"],
	["region", "data.aws.awsRegion"],
	["url", "data.url"],
	["status", "data.status", "data.id"],
	["reference", "data.vulnerability.reference"],
]

# ---- vulnerabilities ----

# found is a vulnerability as the API lists it (its fields at the top), or as
# the states index keeps it (under inner).
found(e, inner) := {
	"title": title,
	"description": yagura.pick(v, ["description", "condition"]),
	"rule": cve,
	"severity": object.get(words, lower(word), scored),
	"product_severity": word,
	"action": "detected",
	"condition": solved(yagura.pick(v, ["status"])),
	"seen_at": yagura.pick(v, ["detection_time", "detected_at", "updated", "published_at", "published"]),
	"observables": yagura.observables(e, [
		["cve", "finding", "cve", "vulnerability.id"],
		["host", "target", "agent_name", "agent.name", "host.hostname"],
		["ip", "target", "agent_ip", "agent.ip", "host.ip"],
	]),
	"attributes": yagura.attributes([v, e], [
		["package", "name", "package.name"],
		["package_version", "version", "package.version"],
		["architecture", "architecture", "package.architecture"],
		["fixed_when", "condition", "scanner.condition"],
		["cvss3", "cvss3_score", "score.base"],
		["cvss2", "cvss2_score"],
		["status", "status"],
		["published", "published", "published_at"],
		["agent_id", "agent_id", "agent.id"],
		["agent", "agent_name", "agent.name"],
		["os", "host.os.full", "host.os.name"],
		["reference", "external_references", "reference"],
		["under_evaluation", "under_evaluation"],
	]),
	"tags": ["vulnerability"],
	"event_id": lib.digest(yagura.all([v, e], ["_id", "cve", "id", "name", "package.name", "version", "package.version", "agent_id", "agent.id", "agent_name", "agent_ip", "detection_time", "detected_at", "status"])),
	"fingerprint": lib.basis(yagura.all(e, [
		"cve", "vulnerability.id", "name", "package.name", "version", "package.version",
		"agent_id", "agent.id", "agent_name", "agent_ip",
	])),
} if {
	v := object.get(e, inner, e)
	cve := yagura.pick(e, ["cve", "vulnerability.id"])
	word := yagura.pick(v, ["severity"])
	scored := score_word(lib.cvss(lib.num(yagura.pick(v, ["cvss3_score", "score.base"]))))
	title := vulnerability_title(e, v, cve)
}

score_word(word) := word if word != ""

else := "medium"

vulnerability_title(e, v, cve) := t if {
	t := yagura.pick(v, ["title"])
	t != ""
}

else := yagura.join(" affects ", [cve, yagura.pick(e, ["package.name", "name"])])

# ---- the short form ----

# Its description holds lines such as "Rule ID 5712".
brief(e) := {
	"title": yagura.pick([e, {"none": "Wazuh alert"}], ["message", "title", "pretext", "text", "description", "none"]),
	"description": yagura.pick(e, ["description", "text", "full_log"]),
	"rule": yagura.pick([e, lines], ["rule_id", "Rule ID"]),
	"severity": object.get(words, lower(yagura.pick(e, ["severity"])), by_level(lib.num(yagura.pick([e, lines], ["level", "Level"])))),
	"product_severity": yagura.pick([e, lines], ["severity", "Level"]),
	"action": "detected",
	"seen_at": zone(yagura.pick(e, ["timestamp", "created_at", "@timestamp", "ts"])),
	"observables": yagura.observables([e, lines], [["host", "target", "agent_name", "agent.name", "Agent name", "Agent Name"], ["ip", "source", "srcip"]]),
	"attributes": yagura.attributes([lines, e], [["level", "Level"], ["agent_id", "Agent ID"], ["full_log", "Full Log"], ["color", "color"]]),
	"tags": [],
	"event_id": yagura.pick(e, ["id"]),
	"fingerprint": null,
} if {
	lines := named_lines(yagura.pick(e, ["description"]))
}

named_lines(description) := {name: trim_space(substring(l, count(name), -1)) |
	some l in array.slice(split(description, "\n"), 0, 20)
	some name in ["Rule ID", "Level", "Agent ID", "Agent Name", "Full Log"]
	startswith(l, concat("", [name, " "]))
}

# Some write the zone of a time with a dot: +01.00.
zone(t) := concat(":", [substring(t, 0, count(t) - 3), substring(t, count(t) - 2, 2)]) if regex.match(`[+-][0-9]{2}\.[0-9]{2}$`, t)

else := t
