# AWS Security Hub findings in ASFF, whichever product made them (GuardDuty,
# Inspector, Config, Prowler, …), and in OCSF as the newer Security Hub sends
# them: as EventBridge events with several findings, as lists, and alone.
# Format: docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html
package ingest.securityhub

import data.lib.yagura as lib

# EventBridge carries the findings in detail.
message := input.detail if is_object(input.detail)

else := input

findings := message.findings if is_array(message.findings)

else := message.Findings if is_array(message.Findings)

else := [message]

reason := "the list of findings is empty" if count(findings) == 0

alerts := [finding(f) | some f in findings]

finding(f) := asff(f) if not is_object(object.get(f, "finding_info", null))

else := ocsf(f)

# ---- ASFF ----

asff(f) := object.union(
	yagura.fields([f, input, {"none": "Security Hub finding"}], {
		"title": ["Title", "Types", "GeneratorId", "detail-type", "message", "none"],
		"description": ["Description"],
		"product_severity": ["Severity.Label", "FindingProviderFields.Severity.Label", "Severity.Normalized", "Severity.Original", "Severity.Product"],
		"seen_at": ["LastObservedAt", "UpdatedAt", "ProcessedAt", "CreatedAt", "FirstObservedAt", "time"],
	}),
	{
		"rule": rule(x),
		"severity": severity(x),
		"action": action(f),
		"condition": condition(f, x),
		"link": link(x.url, x.region, x.id),
		"techniques": lib.techniques(x.type),
		"observables": array.concat(yagura.observables(f, who(x)), affected(f)),
		"attributes": yagura.attributes(f, about),
		"tags": [lower(x.product), sample(x), handling(x)],
		# A finding keeps its id; a change of the finding or of its handling is an
		# event of its own, and the latter does not touch UpdatedAt.
		"event_id": lib.digest(yagura.all(f, [
			"Id", "UpdatedAt", "LastObservedAt", "RecordState", "Workflow.Status", "Compliance.Status",
			"Severity.Label", "Title", "AwsAccountId",
		])),
		"fingerprint": lib.basis(yagura.all(f, ["ProductArn", "Id", "Resources.Id"])),
	},
) if {
	x := yagura.fields([f, input], {
		"product": ["ProductName", ["ProductFields", "aws/securityhub/ProductName"]],
		"named": ["Compliance.SecurityControlId", "ProductFields.ControlId", "Vulnerabilities.Id"],
		"generator": ["GeneratorId", "Types"],
		"type": ["Types"],
		"label": ["Severity.Label", "FindingProviderFields.Severity.Label"],
		"normalized": ["Severity.Normalized"],
		"id": ["Id"],
		"url": ["SourceUrl"],
		"region": ["Region", "Resources.Region", "region"],
		"compliance": ["Compliance.Status"],
		"vulnerability": ["Vulnerabilities.Id"],
		"workflow": ["Workflow.Status", "WorkflowState"],
		"record": ["RecordState"],
		"inspector": [["ProductFields", "aws/inspector/FindingStatus"]],
		"role": [["ProductFields", "aws/guardduty/service/resourceRole"]],
		"sample": ["Sample", ["ProductFields", "aws/guardduty/service/additionalInfo/sample"]],
	})
}

# A control, a vulnerability, the type of a threat finding, or what generated it.
rule(x) := x.named if x.named != ""

# GuardDuty's types end in the type that GuardDuty itself uses, with a hyphen for the slash.
else := regex.replace(parts[count(parts) - 1], `^([A-Za-z]+:[A-Za-z0-9]+)-`, "$1/") if {
	x.product == "GuardDuty"
	parts := split(x.type, "/")
}

else := x.generator

# AWS maps its labels to the normalized score itself:
# docs.aws.amazon.com/securityhub/latest/userguide/asff-required-attributes.html#Severity
labels := {
	"CRITICAL": "critical", "HIGH": "high", "MEDIUM": "medium", "LOW": "low",
	"INFORMATIONAL": "info", "INFO": "info",
}

severity(x) := labels[upper(x.label)] if labels[upper(x.label)]

else := normalized(lib.num(x.normalized))

normalized(n) := "critical" if n >= 90

else := "high" if n >= 70

else := "medium" if n >= 40

else := "low" if n >= 1

else := "info" if n >= 0

else := "medium"

action(f) := "blocked" if "true" in yagura.all(f, [
	"Action.NetworkConnectionAction.Blocked", "Action.DnsRequestAction.Blocked", "Action.PortProbeAction.Blocked",
	["ProductFields", "aws/guardduty/service/action/networkConnectionAction/blocked"],
	["ProductFields", "aws/guardduty/service/action/dnsRequestAction/blocked"],
])

else := "detected"

# Posture findings are about a state: they have a compliance status, name a
# vulnerability, or say that they are checks. Threat findings are about an event.
condition(f, x) := "" if not posture(f, x)

else := "fixed" if closed(x)

else := "" if x.compliance == "NOT_AVAILABLE"

else := "present"

posture(f, x) if x.vulnerability != ""

posture(f, x) if startswith(x.type, "Software and Configuration Checks")

posture(f, x) if is_object(f.Compliance)

closed(x) if x.compliance == "PASSED"

closed(x) if x.workflow == "RESOLVED"

closed(x) if x.record == "ARCHIVED"

closed(x) if x.inspector == "CLOSED"

# The product's own page, else the finding in the Security Hub console, which
# wants its search encoded twice.
link(url, region, id) := url if startswith(url, "https://")

else := concat("", [
	console, "/securityhub/home?region=", region,
	"#/findings?search=Id%3D%255Coperator%255C%253AEQUALS%255C%253A", urlquery.encode(urlquery.encode(id)),
]) if {
	id != ""
	console := lib.aws_console(region)
	console != ""
}

else := ""

sample(x) := "sample" if x.sample == "true"

else := ""

handling(x) := "suppressed" if x.workflow == "SUPPRESSED"

else := "archived" if x.record == "ARCHIVED"

else := ""

# GuardDuty says where the resource itself acted; elsewhere the other end did.
who(x) := rows("target") if x.role == "ACTOR"

else := rows("source")

rows(remote) := [
	[
		"ip", remote,
		"Action.AwsApiCallAction.RemoteIpDetails.IpAddressV4",
		"Action.NetworkConnectionAction.RemoteIpDetails.IpAddressV4",
		"Action.PortProbeAction.PortProbeDetails.RemoteIpDetails.IpAddressV4",
		"Network.SourceIpV4", "Network.SourceIpV6",
		["ProductFields", "aws/guardduty/service/action/networkConnectionAction/remoteIpDetails/ipAddressV4"],
		["ProductFields", "aws/guardduty/service/action/awsApiCallAction/remoteIpDetails/ipAddressV4"],
		["ProductFields", "aws/guardduty/service/action/portProbeAction/portProbeDetails.0_/remoteIpDetails/ipAddressV4"],
		["ProductFields", "aws/guardduty/service/action/kubernetesApiCallAction/remoteIpDetails/ipAddressV4"],
	],
	["ip", "target", "Network.DestinationIpV4", "Network.DestinationIpV6", "Resources.Details.AwsEc2Instance.IpV4Addresses"],
	[
		"domain", "target",
		"Action.DnsRequestAction.Domain", "Network.DestinationDomain",
		["ProductFields", "aws/guardduty/service/action/dnsRequestAction/domain"],
	],
	["domain", "source", "Network.SourceDomain", "Action.AwsApiCallAction.DomainDetails.Domain"],
	["user", "actor", "Resources.Details.AwsIamAccessKey.PrincipalName", "Resources.Details.AwsIamAccessKey.UserName", "Resources.Details.AwsIamAccessKey.SessionContext.SessionIssuer.UserName"],
	["user", "target", "Resources.Details.AwsIamUser.UserName"],
	["host", "target", ["ProductFields", "aws/inspector/instanceId"]],
	["hash", "target", "Malware.Hash", "Threats.FilePaths.Hash"],
	["file", "target", "Malware.Path", "Threats.FilePaths.FilePath", "Process.Path"],
	["process", "actor", "Process.Name"],
	["account", "owner", "AwsAccountId"],
]

# Resources by their ARN; an instance also by its id, vulnerabilities by their CVE.
affected(f) := array.concat(
	[o |
		some r in f.Resources
		id := yagura.pick(r, ["Id"])
		some o in named(id, role(lower(yagura.pick(r, ["ResourceRole"]))))
	],
	lib.cves([v | some v in yagura.all(f, ["Vulnerabilities.Id", "Vulnerabilities.RelatedVulnerabilities"]); startswith(v, "CVE")], "finding"),
)

role(word) := "actor" if word == "actor"

else := "target"

named(id, part) := array.concat(
	[{"type": "resource", "value": id, "role": part}],
	[{"type": "host", "value": last, "role": part} |
		parts := split(replace(id, "/", ":"), ":")
		last := parts[count(parts) - 1]
		startswith(last, "i-")
	],
) if startswith(id, "arn:")

else := []

about := [
	["product", "ProductName", ["ProductFields", "aws/securityhub/ProductName"]],
	["account", "AwsAccountId"],
	["account_alias", "AwsAccountName"],
	["region", "Region", "Resources.Region"],
	["type", "Types"],
	["control", "Compliance.SecurityControlId", "ProductFields.ControlId"],
	["compliance", "Compliance.Status"],
	["compliance_reason", "Compliance.StatusReasons.ReasonCode"],
	["standards_arn", "Compliance.AssociatedStandards.StandardsId", "ProductFields.StandardsArn"],
	["workflow", "Workflow.Status", "WorkflowState"],
	["record_state", "RecordState"],
	["resource_type", "Resources.Type"],
	["resource", "Resources.Id"],
	["name_tag", "Resources.Tags.Name"],
	["first_seen", "FirstObservedAt"],
	["remediation", "Remediation.Recommendation.Text"],
	["remediation_url", "Remediation.Recommendation.Url"],
	["vulnerability", "Vulnerabilities.Id"],
	["package", "Vulnerabilities.VulnerablePackages.Name"],
	["package_version", "Vulnerabilities.VulnerablePackages.Version"],
	["fixed_in", "Vulnerabilities.VulnerablePackages.FixedInVersion"],
	["fix_available", "Vulnerabilities.FixAvailable"],
	["exploit_available", "Vulnerabilities.ExploitAvailable"],
	["epss", "Vulnerabilities.EpssScore"],
	["inspector_score", ["ProductFields", "aws/inspector/inspectorScore"]],
	["advisory_url", "Vulnerabilities.Vendor.Url"],
	["api", "Action.AwsApiCallAction.Api", ["ProductFields", "aws/guardduty/service/action/awsApiCallAction/api"]],
	["service", "Action.AwsApiCallAction.ServiceName", ["ProductFields", "aws/guardduty/service/action/awsApiCallAction/serviceName"]],
	["direction", "Network.Direction", ["ProductFields", "aws/guardduty/service/action/networkConnectionAction/connectionDirection"]],
	["local_port", "Network.SourcePort", ["ProductFields", "aws/guardduty/service/action/networkConnectionAction/localPortDetails/port"]],
	["count", ["ProductFields", "aws/guardduty/service/count"]],
	["generator_id", "GeneratorId"],
]

# ---- OCSF ----

ocsf(f) := {
	"title": yagura.pick([f, {"none": "Security Hub finding"}], ["finding_info.title", "message", "finding_info.types", "none"]),
	"description": yagura.pick(f, ["finding_info.desc", "status_detail", "message"]),
	"rule": yagura.pick(f, ["compliance.control", "metadata.event_code", "vulnerabilities.cve.uid", "finding_info.analytic.name", "finding_info.types"]),
	"severity": object.get(ids, yagura.pick(f, ["severity_id"]), object.get(labels, upper(word), "medium")),
	"product_severity": word,
	"action": object.get(actions, yagura.pick(f, ["disposition_id"]), "detected"),
	"condition": ocsf_condition(f),
	"seen_at": yagura.pick([f, input], [
		"finding_info.last_seen_time", "finding_info.last_seen_time_dt", "time", "time_dt", "finding_info.created_time_dt",
	]),
	"link": link("", yagura.pick([f, input], ["cloud.region", "region"]), yagura.pick(f, ["finding_info.uid", "metadata.uid"])),
	"techniques": yagura.all(f, ["finding_info.attacks.technique.uid", "attacks.technique.uid"]),
	"observables": array.concat(
		yagura.observables(f, [
			["account", "owner", "cloud.account.uid"],
			["ip", "source", "evidences.src_endpoint.ip"],
			["ip", "target", "evidences.dst_endpoint.ip", "resources.ip"],
			["domain", "target", "evidences.query.hostname"],
			["user", "actor", "evidences.actor.user.name", "actor.user.name"],
			["host", "target", "resources.hostname", "device.hostname"],
			["cve", "finding", "vulnerabilities.cve.uid"],
		]),
		[{"type": "resource", "value": id, "role": "target"} | some id in yagura.all(f, ["resources.uid"]); startswith(id, "arn:")],
	),
	"attributes": yagura.attributes(f, [
		["product", "metadata.product.name"],
		["account", "cloud.account.uid"],
		["region", "cloud.region", "resources.region"],
		["class", "class_name"],
		["type", "finding_info.types"],
		["control", "compliance.control", "metadata.event_code"],
		["compliance", "compliance.status", "status_code"],
		["status", "status"],
		["resource_type", "resources.type"],
		["resource", "resources.uid"],
		["package", "vulnerabilities.affected_packages.name"],
		["fixed_in", "vulnerabilities.affected_packages.fixed_in_version"],
		["remediation", "remediation.desc"],
		["first_seen", "finding_info.first_seen_time_dt"],
	]),
	"tags": [lower(yagura.pick(f, ["metadata.product.name"]))],
	"event_id": lib.digest(yagura.all(f, [
		"finding_info.uid", "finding_info.modified_time_dt", "finding_info.last_seen_time_dt", "time_dt", "time",
		"status", "status_code", "compliance.status", "severity_id",
	])),
	"fingerprint": lib.basis(yagura.all(f, ["metadata.product.uid", "finding_info.uid", "resources.uid"])),
} if {
	word := yagura.pick(f, ["severity", "severity_id"])
}

# severity_id and disposition_id of OCSF: schema.ocsf.io
ids := {"1": "info", "2": "low", "3": "medium", "4": "high", "5": "critical", "6": "critical"}

actions := {"1": "allowed", "2": "blocked", "3": "quarantined"}

ocsf_condition(f) := "fixed" if {
	lower(yagura.pick(f, ["compliance.status", "status_code"])) in {"pass", "passed"}
}

else := "fixed" if {
	posture_class(f)
	lower(yagura.pick(f, ["status"])) in {"resolved", "archived"}
}

else := "present" if posture_class(f)

else := ""

# 2002 is a vulnerability finding, 2003 a compliance finding.
posture_class(f) if yagura.pick(f, ["class_uid"]) in {"2002", "2003"}

posture_class(f) if yagura.pick(f, ["compliance.status", "status_code"]) in {"FAIL", "FAILED", "Fail", "Failed"}
