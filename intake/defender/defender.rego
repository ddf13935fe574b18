# Microsoft's security alerts, in the forms its products give them:
#   Graph security alerts v2 and incidents   id, title, evidence[@odata.type]
#   Defender XDR incidents                   incidentId, alerts[…].entities
#   Defender for Endpoint alerts             id, machineId, evidence[entityType]
#   the streaming API                        category AdvancedHunting-Alert…, properties
#   Graph alerts of the first generation     vendorInformation, hostStates, userStates
#   Defender for Cloud                       AlertDisplayName or properties.alertDisplayName
# A list ({"value": […]}, {"records": […]}) and an incident with alerts in it are
# as many alerts as they hold; an incident without is one itself.
# Format: learn.microsoft.com/graph/api/resources/security-alert,
# learn.microsoft.com/defender-xdr/api-list-incidents
package ingest.defender

import data.lib.yagura as lib

items := input.value if is_array(input.value)

else := input.records if is_array(input.records)

else := [input.value] if is_object(input.value)

else := input if is_array(input)

else := [input.detail] if is_object(input.detail)

else := [input]

alerts := [made(pair[0], pair[1]) |
	some item in items
	some pair in split_up(item)
]

reason := "the list is empty" if count(items) == 0

else := "telemetry of advanced hunting, no alert" if count(alerts) == 0

# An alert with what it stands in: the incident, or the record that carries it.
split_up(item) := [[a, item] | some a in item.alerts] if {
	is_array(item.alerts)
	count(item.alerts) > 0
}

else := [] if telemetry(item)

else := [[item.properties, item]] if is_object(item.properties)

else := [[item.resourceData, item]] if is_object(item.resourceData)

else := [[item, item]]

# The streaming API sends whole tables; only those of alerts hold alerts.
telemetry(item) if {
	startswith(yagura.pick(item, ["category"]), "AdvancedHunting-")
	not startswith(item.category, "AdvancedHunting-Alert")
	yagura.pick(item, ["properties.Title", "properties.AlertId", "properties.Severity"]) == ""
}

made(a, around) := {
	"title": title,
	"description": yagura.pick(a, ["description", "summary", "message"]),
	"rule": yagura.pick(a, ["alertType", "title", "alertDisplayName", "alertName", "incidentName", "displayName"]),
	"severity": object.get(severities, lower(theirs), "medium"),
	"product_severity": theirs,
	"action": action(yagura.all(a, outcomes)),
	"seen_at": seen_at,
	"link": link(a, around, id),
	"techniques": techniques(a),
	"observables": array.concat(yagura.observables(view(a), who), yagura.observables(processes(a), process_names)),
	"entities": array.concat(people(a), things(a)),
	"attributes": yagura.attributes({"a": a, "in": around}, about),
	"tags": array.slice(yagura.all([a, around], ["serviceSource", "systemTags", "customTags", "incident.tags"]), 0, 8),
	"event_id": event_id(a, id, seen_at),
	"fingerprint": fingerprint(id, title),
} if {
	id := yagura.pick(a, ["id", "alertId", "systemAlertId", "incidentId", "name"])
	title := title_of(a, around)
	theirs := yagura.pick(a, ["severity", "alertSeverity", "reportedSeverity"])
	seen_at := yagura.pick([a, around], times)
}

title_of(a, around) := title if {
	title := yagura.pick([a, around], ["title", "alertDisplayName", "incidentName", "displayName", "alertName", "name"])
	title != ""
}

else := concat("", ["Change of ", resource]) if {
	resource := yagura.pick(around, ["resource"])
	resource != ""
}

else := concat("", ["Microsoft Defender alert", detail]) if {
	detail := concat("", [concat("", [": ", t]) | some t in array.slice(yagura.all(a, ["description", "text", "message", "id", "alertId"]), 0, 1)])
}

# The latest that happened, then the first, then the record's own dates.
times := [
	"lastActivityDateTime", "lastEventTime", "lastActivity", "eventDateTime", "endTimeUtc",
	"firstActivityDateTime", "firstEventTime", "firstActivity", "startTimeUtc", "timestamp",
	"createdDateTime", "alertCreationTime", "creationTime", "createdTime", "timeGeneratedUtc", "timeGenerated", "detectedTimeUtc",
	"lastUpdateDateTime", "lastUpdateTime", "lastUpdatedTime", "time",
]

# One scale in all forms, in different letter case. What has no severity yet is
# unknown or unSpecified, and nobody judged it: medium.
severities := {
	"informational": "info", "information": "info", "low": "low", "medium": "medium", "high": "high", "critical": "critical",
}

outcomes := [
	"evidence.detectionStatus", "evidence.remediationStatus", "entities.remediationStatus", "entities.detectionStatus",
	"evidence.deliveryAction", "entities.deliveryAction", "evidence.deliveryLocation", "evidence.threatDetectionStatus",
]

# What became of any part of the evidence says what the product did.
action(said) := "blocked" if {
	some s in said
	lower(s) in {"prevented", "blocked", "block"}
}

else := "quarantined" if {
	some s in said
	contains(lower(s), "quarantine")
}

else := "detected"

link(a, around, id) := url if {
	url := yagura.pick(a, ["alertWebUrl", "alertUri", "alertUrl", "incidentWebUrl", "incidentUri", "webUrl", "sourceMaterials", "portalUrl"])
	startswith(url, "http")
}

# Alerts of the first generation and bare notifications have no page that is known.
else := concat("", ["https://security.microsoft.com/alerts/", urlquery.encode(id), tenant(a, around)]) if {
	not a.vendorInformation
	yagura.pick(a, ["title", "alertId"]) != ""
	id != ""
}

else := concat("", ["https://security.microsoft.com/incidents/", urlquery.encode(id), tenant(a, around)]) if {
	a.incidentId
	id != ""
}

else := ""

tenant(a, around) := concat("", ["?tid=", id]) if {
	id := yagura.pick([a, around], ["tenantId", "aadTenantId"])
	regex.match(`^[0-9a-fA-F-]{36}$`, id)
}

else := ""

# The streaming API writes technique names with their ids in brackets.
techniques(a) := lib.techniques(concat(" ", yagura.all(a, ["mitreTechniques", "attackTechniques", "techniques", "subTechniques"])))

# An alert keeps its id while Microsoft adds to it. Rows of evidence have the
# same id and come one by one: the row itself is the event.
event_id(a, id, seen_at) := concat("/", [id, lib.digest([json.marshal(a)])]) if {
	id != ""
	a.EntityType
}

else := concat("/", lib.without_blank([id, yagura.pick(a, updates), yagura.pick(a, ["status"])])) if id != ""

else := ""

updates := ["lastUpdateDateTime", "lastUpdateTime", "lastUpdatedTime", "lastModifiedDateTime", "processingEndTimeUtc", "processingEndTime", "timestamp", "lastEventTime", "timeGenerated"]

fingerprint(id, title) := [id] if id != ""

else := null

# Evidence in all its forms, and AdditionalFields, which is JSON in text.
view(a) := object.union(a, {"more": said}) if {
	is_object(a)
	said := more(a)
}

else := a

more(a) := json.unmarshal(text) if {
	text := yagura.pick(a, ["AdditionalFields", "entities"])
	regex.match(`^[{\[]`, text)
	json.is_valid(text)
}

# Names of files are names of processes where the evidence is one.
processes(a) := [e |
	some list in [object.get(a, "evidence", []), object.get(a, "entities", [])]
	is_array(list)
	some e in list
	contains(lower(yagura.pick(e, ["entityType", ["@odata.type"], "at_sign_odata_type"])), "process")
] if is_object(a)

else := []

# The machine that the processes ran on, where only one is named.
machine(a) := lower(names[0]) if {
	names := yagura.all(a, ["computerDnsName", "evidence.deviceDnsName", "devices.deviceDnsName", "entities.deviceDnsName"])
	count({lower(n) | some n in names}) == 1
}

else := ""

parts(a) := [e |
	some list in [object.get(a, "evidence", []), object.get(a, "entities", [])]
	is_array(list)
	some e in list
	is_object(e)
] if is_object(a)

else := []

# Names of one account, the most exact first.
people(a) := [{"type": "user", "value": names[0], "aliases": array.slice(names, 1, 5)} |
	some e in parts(a)
	names := yagura.all(e, ["userAccount.userPrincipalName", "userPrincipalName", "userAccount.accountName", "accountName", "userAccount.userSid", "userSid"])
	count(names) > 0
]

things(a) := array.concat(
	[{"type": "process", "value": concat("/", [on, id, lower(image)])} |
		on := machine(a)
		on != ""
		some e in processes(a)
		id := yagura.pick(e, ["processId"])
		not id in {"", "0"}
		image := yagura.pick(e, ["fileName", "imageFile.fileName"])
		image != ""
	],
	array.concat(
		[{"type": "command", "value": yagura.pick(e, ["processCommandLine"])} | some e in processes(a)],
		array.concat(
			[{"type": "message", "value": yagura.pick(e, ["networkMessageId", "internetMessageId"])} | some e in parts(a)],
			[{"type": "subject", "value": yagura.pick(e, ["subject"])} | some e in parts(a)],
		),
	),
)

process_names := [
	["process", "", "fileName", "imageFile.fileName"],
	["process", "parent", "parentProcessFileName", "parentProcessImageFile.fileName"],
]

who := [
	[
		"user", "",
		"evidence.userAccount.userPrincipalName", "evidence.userPrincipalName", "entities.userPrincipalName",
		"userStates.userPrincipalName", "AccountUpn", "devices.loggedOnUsers.accountName", "evidence.loggedOnUsers.accountName",
		"relatedUser.userName", "evidence.accountName", "entities.accountName", "userStates.accountName", "AccountName",
		"evidence.userAccount.accountName", "more.UserPrincipalName",
	],
	[
		"host", "",
		"computerDnsName", "evidence.deviceDnsName", "devices.deviceDnsName", "hostStates.fqdn", "DeviceName",
		"evidence.hostName", "entities.deviceDnsName", "hostStates.netBiosName", "more.NetBiosName", "more.HostName",
	],
	[
		"ip", "",
		"evidence.ipAddress", "entities.ipAddress", "evidence.lastExternalIpAddress", "evidence.lastIpAddress",
		"evidence.senderIp", "evidence.ipInterfaces", "devices.lastExternalIpAddress", "devices.lastIpAddress", "userStates.logonIp",
		"hostStates.publicIpAddress", "hostStates.privateIpAddress", "RemoteIP", "LocalIP", "lastIpAddress", "lastExternalIpAddress",
		"more.Address", "cloudAppStates.destinationServiceIp",
	],
	["ip", "source", "networkConnections.sourceAddress", "evidence.sourceAddress.ipAddress"],
	["ip", "target", "networkConnections.destinationAddress", "evidence.destinationAddress.ipAddress"],
	["domain", "", "networkConnections.destinationDomain"],
	["url", "", "evidence.url", "entities.url", "networkConnections.destinationUrl", "RemoteUrl", "evidence.urls", "more.Url"],
	[
		"hash", "",
		"evidence.sha256", "evidence.sha1", "entities.sha256", "entities.sha1", "evidence.fileDetails.sha256", "evidence.fileDetails.sha1",
		"evidence.fileDetails.md5", "evidence.imageFile.sha256", "evidence.imageFile.sha1", "SHA256", "SHA1",
		"fileStates.fileHash.hashValue", "processes.fileHash.hashValue", "evidence.attachments.sha256", "files.sha256", "files.sha1",
	],
	[
		"file", "",
		"evidence.fileName", "entities.fileName", "evidence.fileDetails.fileName", "fileStates.name", "fileStates.path",
		"FileName", "files.fileName", "files.filePath", "evidence.attachments.fileName",
	],
	["process", "", "processes.name"],
	["email", "sender", "evidence.p1Sender.emailAddress", "evidence.p2Sender.emailAddress", "evidence.sender", "entities.sender", "more.Sender"],
	[
		"email", "recipient",
		"evidence.recipientEmailAddress", "evidence.primaryAddress", "entities.recipient", "entities.mailboxAddress", "evidence.mailboxAddress", "more.Recipient",
	],
	[
		"resource", "target",
		"evidence.resourceId", "evidence.amazonResourceId", "evidence.fullResourceName",
		"resourceIdentifiers.azureResourceId", "azureResourceId", "more.ResourceId",
	],
	["account", "target", "evidence.amazonAccountId", "evidence.vmMetadata.subscriptionId", "evidence.projectId", "azureSubscriptionId", "resourceIdentifiers.subscriptionId", "SubscriptionId"],
]

about := [
	["incident", "in.incidentName", "in.displayName", "a.incidentName"],
	["incident_id", "a.incidentId", "in.incidentId"],
	["incident_link", "a.incidentWebUrl", "in.incidentWebUrl", "in.incidentUri"],
	["status", "a.status"],
	["category", "a.category", "a.categories", "a.intent", "a.tactics"],
	["service", "a.serviceSource", "a.productName", "a.vendorInformation.provider"],
	["detection_source", "a.detectionSource"],
	["detector", "a.detectorId"],
	["classification", "a.classification"],
	["determination", "a.determination"],
	["assigned_to", "a.assignedTo"],
	["investigation", "a.investigationState"],
	["threat", "a.threatDisplayName", "a.threatName", "a.malwareStates.name"],
	["threat_family", "a.threatFamilyName", "a.malwareStates.family"],
	["actor", "a.actorDisplayName", "a.actorName"],
	["verdict", "a.evidence.verdict", "a.entities.verdict"],
	["remediation", "a.evidence.remediationStatus", "a.entities.remediationStatus"],
	["command_line", "a.evidence.processCommandLine", "a.entities.processCommandLine", "a.processes.commandLine", "a.ProcessCommandLine"],
	["folder", "a.evidence.fileDetails.filePath", "a.evidence.imageFile.filePath", "a.evidence.filePath", "a.entities.filePath", "a.FolderPath"],
	["registry_key", "a.evidence.registryKey", "a.entities.registryKey", "a.RegistryKey"],
	["subject", "a.evidence.subject", "a.entities.subject", "a.EmailSubject"],
	["application", "a.Application", "a.cloudAppStates.destinationServiceName"],
	["entity", "a.compromisedEntity", "a.EntityType"],
	["os", "a.evidence.osPlatform", "in.devices.osPlatform", "a.devices.osPlatform"],
	["country", "a.evidence.countryLetterCode"],
	["device_id", "a.machineId", "a.evidence.mdeDeviceId", "a.DeviceId"],
	["tenant", "a.tenantId", "a.azureTenantId", "a.aadTenantId", "in.tenantId"],
	["recommended", "a.recommendedActions", "a.remediationSteps"],
	["alert_id", "a.id", "a.alertId", "a.systemAlertId"],
]
