# Microsoft Sentinel: rows of the table SecurityAlert, one or {"value": […]}, as Logic
# Apps, the API and an export to an Event Hub or to storage give them.
# Format: learn.microsoft.com/azure/sentinel/security-alert-schema and, for what
# stands in Entities, learn.microsoft.com/azure/sentinel/entities-reference
package ingest.sentinel

import data.lib.yagura as lib

items := input.value if is_array(input.value)

else := input.records if is_array(input.records)

else := input if is_array(input)

else := [input]

reason := "the list is empty" if count(items) == 0

alerts := [made(a) | some a in items]

made(a) := object.union(
	yagura.fields([a, {"none": "Microsoft Sentinel alert"}], {
		"title": ["DisplayName", "AlertName", "AlertType", "Description", "none"],
		"description": ["Description"],
		"rule": ["AlertName", "DisplayName", "AlertType"],
		"product_severity": ["AlertSeverity", "Severity"],
		"seen_at": ["StartTime", "StartTimeUtc", "EndTime", "EndTimeUtc", "TimeGenerated"],
		"link": ["AlertLink"],
	}),
	{
		"severity": object.get(severities, lower(yagura.pick(a, ["AlertSeverity", "Severity"])), "medium"),
		"techniques": lib.techniques(concat(" ", yagura.all(a, ["Techniques", "SubTechniques"]))),
		"observables": array.concat(observables(parts), cloud(a)),
		"entities": array.slice(array.concat(array.concat(people(parts), system_hashes(parts)), things(parts, machine(a, parts))), 0, 100),
		"attributes": yagura.attributes(a, about),
		"event_id": event_id(a, id),
		"fingerprint": fingerprint(id),
	},
) if {
	id := yagura.pick(a, ["SystemAlertId", "VendorOriginalId"])
	parts := parts_of(a)
}

# Sentinel's own four words.
severities := {"informational": "info", "low": "low", "medium": "medium", "high": "high"}

# A row is written again when the alert changes.
event_id(a, id) := concat("/", lib.without_blank([id, yagura.pick(a, ["ProcessingEndTime", "TimeGenerated"]), yagura.pick(a, ["Status"])])) if id != ""

else := ""

fingerprint(id) := [id] if id != ""

else := null

about := [
	["product", "ProductName", "ProviderName"],
	["compromised", "CompromisedEntity"],
	["status", "Status"],
	["tactics", "Tactics"],
	["vendor_id", "VendorOriginalId"],
	["alert_id", "SystemAlertId"],
	["threat", "ExtendedProperties.ThreatName"],
	["recommended", "RemediationSteps"],
]

# Entities is a list, or JSON in text.
listed(a) := a.Entities if is_array(a.Entities)

else := json.unmarshal(a.Entities) if {
	is_string(a.Entities)
	json.is_valid(a.Entities)
	startswith(a.Entities, "[")
}

else := []

# Every entity of its own, wherever it stands: a process holds its image and its
# parent, which holds its image; elsewhere they are only referred to.
parts_of(a) := array.concat(array.concat(top, inner), array.concat(inner_of(inner), inner_of(inner_of(inner)))) if {
	top := [e | some e in listed(a); is_object(e); not e["$ref"]]
	inner := inner_of(top)
}

inner_of(list) := [x |
	some e in list
	some name in ["ParentProcess", "ImageFile", "Key"]
	x := e[name]
	is_object(x)
	not x["$ref"]
]

typed(parts, types) := [e | some e in parts; lower(field(e, "Type")) in types]

field(e, name) := v if {
	v := e[name]
	is_string(v)
} else := format_int(v, 10) if {
	v := e[name]
	is_number(v)
} else := ""

# What an entity holds is there itself, or as {"$ref": id}.
held(parts, e, name) := found[0] if {
	v := e[name]
	is_string(v["$ref"])
	found := [p | some p in parts; p["$id"] == v["$ref"]]
} else := v if {
	v := e[name]
	is_object(v)
} else := {}

observables(parts) := array.concat(array.concat(hosts_users(parts), files(parts)), network(parts))

hosts_users(parts) := array.concat(
	[{"type": "host", "value": host_name(e), "role": ""} | some e in typed(parts, {"host"})],
	array.concat(
		[{"type": "user", "value": user_name(e), "role": ""} | some e in typed(parts, {"account"})],
		[{"type": "email", "value": yagura.pick(e, ["MailboxPrimaryAddress", "Upn"]), "role": "recipient"} | some e in typed(parts, {"mailbox"})],
	),
)

files(parts) := array.concat(
	[{"type": "file", "value": yagura.pick(e, ["Name"]), "role": ""} | some e in typed(parts, {"file"})],
	array.concat(
		[{"type": "hash", "value": field(h, "Value"), "role": ""} |
			some e in typed(parts, {"file"})
			some h in e.FileHashes
			is_object(h)
		],
		[{"type": "process", "value": field(held(parts, e, "ImageFile"), "Name"), "role": ""} | some e in typed(parts, {"process"})],
	),
)

network(parts) := array.concat(
	array.concat(
		[{"type": "ip", "value": field(e, "Address"), "role": ""} | some e in typed(parts, {"ip"})],
		[{"type": "url", "value": field(e, "Url"), "role": ""} | some e in typed(parts, {"url"})],
	),
	array.concat(
		[{"type": "domain", "value": field(e, "DomainName"), "role": ""} | some e in typed(parts, {"dns", "dnsresolution"})],
		array.concat(
			[{"type": "email", "value": yagura.pick(e, ["P2Sender", "P1Sender", "Sender"]), "role": "sender"} | some e in typed(parts, {"mailmessage"})],
			array.concat(
				[{"type": "email", "value": field(e, "Recipient"), "role": "recipient"} | some e in typed(parts, {"mailmessage"})],
				[{"type": "ip", "value": field(e, "SenderIP"), "role": "sender"} | some e in typed(parts, {"mailmessage"})],
			),
		),
	),
)

cloud(a) := [{"type": "account", "value": split(id, "/")[2], "role": ""} | id := lower(yagura.pick(a, ["ResourceId"])); startswith(id, "/subscriptions/")]

# Hashes of what the system brought along are everybody's.
system_hashes(parts) := [{"type": "hash", "value": field(h, "Value"), "shared": true} |
	some e in typed(parts, {"file"})
	of_system(e)
	some h in e.FileHashes
	is_object(h)
]

host_name(e) := yagura.pick(e, ["FQDN", "HostName", "NetBiosName"])

user_name(e) := yagura.pick(e, ["UserPrincipalName"]) if yagura.pick(e, ["UserPrincipalName"]) != ""

else := concat("@", lib.without_blank([account_name(e), field(e, "UPNSuffix")])) if account_name(e) != ""

else := yagura.pick(e, ["Sid", "AadUserId", "ObjectGuid"])

# Name is a person's full name where AccountName is there too.
account_name(e) := yagura.pick(e, ["AccountName", "Name"])

of_system(e) if regex.match(`^(?i)[a-z]:\\(windows\\(system32|syswow64|winsxs|systemapps|microsoft\.net)|program files( \(x86\))?\\windows )`, field(e, "Directory"))

of_system(e) if regex.match(`^(/usr)?/s?bin/?$|^/usr/lib(/|$)|^/System/`, field(e, "Directory"))

# The machine that the processes ran on: the only one named, or the one it is about.
machine(a, parts) := host_name(hosts[0]) if {
	hosts := typed(parts, {"host"})
	count(hosts) == 1
} else := yagura.pick(a, ["CompromisedEntity"])

things(parts, machine) := array.concat(
	array.concat(
		[{"type": "process", "value": concat("/", [lower(machine), field(e, "ProcessId"), lower(image)])} |
			machine != ""
			some e in typed(parts, {"process"})
			not field(e, "ProcessId") in {"", "0"}
			image := field(held(parts, e, "ImageFile"), "Name")
			image != ""
		],
		[{"type": "command", "value": field(e, "CommandLine")} | some e in typed(parts, {"process"})],
	),
	array.concat(
		array.concat(
			[{"type": "message", "value": yagura.pick(e, ["NetworkMessageId", "InternetMessageId"])} | some e in typed(parts, {"mailmessage"})],
			array.concat(
				[{"type": "subject", "value": field(e, "Subject")} | some e in typed(parts, {"mailmessage"})],
				[{"type": "message", "value": id} | some e in typed(parts, {"mailcluster"}); some id in array.slice(e.NetworkMessageIds, 0, 20); is_string(id)],
			),
		),
		array.concat(
			[{"type": "registry", "value": concat("/", [lower(machine), field(e, "Hive"), field(e, "Key")])} | some e in typed(parts, {"registry-key", "registrykey"}); field(e, "Key") != ""],
			array.concat(
				[{"type": "resource", "value": field(e, "ResourceId")} | some e in typed(parts, {"azure-resource", "azureresource"})],
				[{"type": "resource", "value": concat("/", ["oauth application", field(e, "OAuthAppId")])} | some e in typed(parts, {"oauth-application"}); field(e, "OAuthAppId") != ""],
			),
		),
	),
)

people(parts) := array.concat(
	array.concat(
		[{"type": "host", "value": host_name(e), "aliases": yagura.all(e, ["HostName", "NetBiosName", "AzureID"]), "shared": shared(e)} | some e in typed(parts, {"host"})],
		[{"type": "user", "value": user_name(e), "aliases": array.concat([account_name(e)], yagura.all(e, ["Sid", "AadUserId"]))} | some e in typed(parts, {"account"})],
	),
	[{"type": "user", "value": yagura.pick(e, ["Upn", "MailboxPrimaryAddress"]), "aliases": yagura.all(e, ["MailboxPrimaryAddress", "AadId"])} | some e in typed(parts, {"mailbox"})],
)

# Defender tags domain controllers itself.
shared(e) if {
	some t in e.Tags
	t.TagName == "DomainController"
} else := false
