# Amazon GuardDuty findings: as EventBridge sends them, bare (S3 export), and
# as GetFindings returns them ({"Findings": […]}, names in PascalCase).
# Format: docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-format.html
package ingest.guardduty

import data.lib.yagura as lib

# EventBridge carries the finding in detail.
message := input.detail if is_object(input.detail)

else := input

findings := message.findings if is_array(message.findings)

else := message.Findings if is_array(message.Findings)

else := [message]

# GuardDuty also reports scans of S3 objects that found nothing.
clean_scan if message.scanResultDetails.scanResultStatus == "NO_THREATS_FOUND"

reason := "malware scan: no threats found" if clean_scan

alerts := [] if clean_scan

else := [finding(f) | some f in findings]

finding(f) := {
	"title": title(f),
	"description": yagura.pick(f, ["description"]),
	"rule": rule,
	"severity": severity(lib.num(score)),
	"product_severity": score,
	"action": action(f),
	"seen_at": yagura.pick([f, input], ["service.eventLastSeen", "updatedAt", "createdAt", "time"]),
	"link": link(region, id),
	"techniques": techniques(f, rule),
	"observables": observables,
	"attributes": yagura.attributes(f, about),
	"tags": lib.without_blank([lower(split(rule, ":")[0]), sample, archived(f)]),
	"event_id": concat("/", lib.without_blank([id, updated, yagura.pick(f, ["service.count"]), score, sample])),
	"fingerprint": fingerprint(id, rule, observables),
} if {
	rule := yagura.pick([f, input], ["type", "detail-type"])
	id := yagura.pick([f, input], ["id"])
	score := yagura.pick(f, ["severity"])
	region := yagura.pick([f, input], ["region"])
	updated := yagura.pick(f, ["updatedAt", "service.eventLastSeen", "createdAt"])
	sample := sample_word(f)
	observables := array.concat(
		yagura.observables(f, who(f)),
		yagura.observables([f, input], [["account", "owner", "accountId", "account"]]),
	)
}

title(f) := t if {
	t := yagura.pick(f, ["title"])
	t != ""
}

else := concat("", ["Malware in s3://", bucket, "/", yagura.pick(f, ["s3ObjectDetails.objectKey"]), ": ", threats]) if {
	bucket := yagura.pick(f, ["s3ObjectDetails.bucketName"])
	bucket != ""
	threats := concat(", ", yagura.all(f, ["scanResultDetails.threats.name"]))
}

else := yagura.pick([f, input, {"none": "GuardDuty finding"}], ["type", "description", "detail-type", "none"])

# GuardDuty's own bands: docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html
# A threat found in a scanned object comes without a score.
severity(score) := "critical" if score >= 9

else := "high" if score >= 7

else := "medium" if score >= 4

else := "low" if score >= 1

else := "info" if score >= 0

else := "high" if yagura.pick(message, ["scanResultDetails.scanResultStatus"]) == "THREATS_FOUND"

else := "medium"

action(f) := "blocked" if "true" in yagura.all(f, [
	"service.action.networkConnectionAction.blocked",
	"service.action.dnsRequestAction.blocked",
	"service.action.portProbeAction.blocked",
])

else := "detected"

link(region, id) := concat("", [
	console, "/guardduty/home?region=", region,
	"#/findings?macros=current&fId=", urlquery.encode(id),
]) if {
	id != ""
	console := lib.aws_console(region)
	console != ""
}

else := ""

# A finding keeps its id while GuardDuty adds occurrences to it; each update is
# an event of its own.
fingerprint(id, rule, observables) := [id] if id != ""

else := array.concat([rule], [o.value | some o in observables; o.role != "source"]) if rule != ""

else := null

sample_word(f) := "sample" if yagura.pick(f, ["service.additionalInfo.sample"]) == "true"

else := "sample" if contains(yagura.pick(f, ["service.additionalInfo.value"]), `"sample":true`)

else := ""

archived(f) := "archived" if yagura.pick(f, ["service.archived"]) == "true"

else := ""

# Attack sequences name techniques in their indicators and in their text.
techniques(f, rule) := lib.techniques(concat("\n", yagura.all(f, [
	"service.detection.sequence.sequenceIndicators.values",
	"description",
]))) if startswith(rule, "AttackSequence")

else := []

# The resource is a finding's target, unless GuardDuty says that it acted.
who(f) := rows("source", "target") if yagura.pick(f, ["service.resourceRole"]) == "ACTOR"

else := rows("target", "source")

rows(own, other) := [
	[
		"ip", other,
		"service.action.networkConnectionAction.remoteIpDetails.ipAddressV4",
		"service.action.networkConnectionAction.remoteIpDetails.ipAddressV6",
		"service.action.portProbeAction.portProbeDetails.remoteIpDetails.ipAddressV4",
		"service.action.portProbeAction.portProbeDetails.remoteIpDetails.ipAddressV6",
		"service.action.awsApiCallAction.remoteIpDetails.ipAddressV4",
		"service.action.awsApiCallAction.remoteIpDetails.ipAddressV6",
		"service.action.kubernetesApiCallAction.remoteIpDetails.ipAddressV4",
		"service.action.kubernetesApiCallAction.sourceIps",
		"service.action.rdsLoginAttemptAction.remoteIpDetails.ipAddressV4",
		"service.detection.sequence.endpoints.ip",
	],
	[
		"domain", other,
		"service.action.dnsRequestAction.domain",
		"service.action.awsApiCallAction.domainDetails.domain",
		"service.detection.sequence.endpoints.domain",
	],
	[
		"user", "actor",
		"resource.accessKeyDetails.userName",
		"resource.kubernetesDetails.kubernetesUserDetails.username",
		"service.detection.sequence.actors.user.name",
		"service.runtimeDetails.process.user",
	],
	["user", "target", "resource.rdsDbUserDetails.user"],
	["account", "actor", "service.action.awsApiCallAction.remoteAccountDetails.accountId"],
	["host", own, "resource.instanceDetails.instanceId", "resource.instanceDetails.networkInterfaces.privateDnsName"],
	[
		"ip", own,
		"resource.instanceDetails.networkInterfaces.privateIpAddress",
		"resource.instanceDetails.networkInterfaces.publicIp",
		"resource.instanceDetails.networkInterfaces.ipv6Addresses",
	],
	["process", own, "service.runtimeDetails.process.name"],
	[
		"file", own,
		"service.runtimeDetails.process.executablePath",
		"service.runtimeDetails.context.threatFilePath",
		"service.ebsVolumeScanDetails.scanDetections.threatDetectedByName.threatNames.filePaths.filePath",
	],
	[
		"hash", own,
		"service.runtimeDetails.process.executableSha256",
		"service.ebsVolumeScanDetails.scanDetections.threatDetectedByName.threatNames.filePaths.hash",
		"service.malwareScanDetails.threats.itemPaths.hash",
		"service.evidence.threatIntelligenceDetails.threatFileSha256",
	],
	[
		"resource", own,
		"resource.s3BucketDetails.arn",
		"resource.eksClusterDetails.arn",
		"resource.ecsClusterDetails.arn",
		"resource.lambdaDetails.functionArn",
		"resource.rdsDbInstanceDetails.dbInstanceArn",
		"resource.instanceDetails.iamInstanceProfile.arn",
		"service.action.awsApiCallAction.affectedResources.*",
		"service.detection.sequence.resources.uid",
		"s3ObjectDetails.bucketArn",
	],
]

about := [
	["account", "accountId"],
	["region", "region"],
	["count", "service.count"],
	["first_seen", "service.eventFirstSeen"],
	["resource_type", "resource.resourceType", "resourceType"],
	["instance_type", "resource.instanceDetails.instanceType"],
	["bucket", "resource.s3BucketDetails.name", "s3ObjectDetails.bucketName"],
	["object_key", "s3ObjectDetails.objectKey", "resource.s3BucketDetails.s3ObjectDetails.key"],
	["cluster", "resource.eksClusterDetails.name", "resource.ecsClusterDetails.name"],
	["namespace", "resource.kubernetesDetails.kubernetesWorkloadDetails.namespace", "service.action.kubernetesApiCallAction.namespace"],
	["workload", "resource.kubernetesDetails.kubernetesWorkloadDetails.name"],
	["container_image", "resource.containerDetails.image", "resource.kubernetesDetails.kubernetesWorkloadDetails.containers.image"],
	["database", "resource.rdsDbInstanceDetails.dbInstanceIdentifier"],
	["function", "resource.lambdaDetails.functionName"],
	["access_key", "resource.accessKeyDetails.accessKeyId"],
	["user_type", "resource.accessKeyDetails.userType"],
	["api", "service.action.awsApiCallAction.api", "service.action.kubernetesApiCallAction.verb"],
	["service", "service.action.awsApiCallAction.serviceName"],
	["error_code", "service.action.awsApiCallAction.errorCode", "service.action.kubernetesApiCallAction.statusCode"],
	["user_agent", "service.action.awsApiCallAction.userAgent", "service.action.kubernetesApiCallAction.userAgent"],
	["request_uri", "service.action.kubernetesApiCallAction.requestUri"],
	["direction", "service.action.networkConnectionAction.connectionDirection"],
	["protocol", "service.action.networkConnectionAction.protocol", "service.action.dnsRequestAction.protocol"],
	[
		"local_port",
		"service.action.networkConnectionAction.localPortDetails.port",
		"service.action.portProbeAction.portProbeDetails.localPortDetails.port",
	],
	["remote_port", "service.action.networkConnectionAction.remotePortDetails.port"],
	[
		"country",
		"service.action.networkConnectionAction.remoteIpDetails.country.countryName",
		"service.action.awsApiCallAction.remoteIpDetails.country.countryName",
		"service.action.portProbeAction.portProbeDetails.remoteIpDetails.country.countryName",
		"service.action.kubernetesApiCallAction.remoteIpDetails.country.countryName",
		"service.action.rdsLoginAttemptAction.remoteIpDetails.country.countryName",
	],
	[
		"network",
		"service.action.networkConnectionAction.remoteIpDetails.organization.asnOrg",
		"service.action.awsApiCallAction.remoteIpDetails.organization.asnOrg",
		"service.action.portProbeAction.portProbeDetails.remoteIpDetails.organization.asnOrg",
		"service.action.rdsLoginAttemptAction.remoteIpDetails.organization.asnOrg",
	],
	["command_line", "service.runtimeDetails.context.commandLineExample"],
	["threat_list", "service.evidence.threatIntelligenceDetails.threatListName"],
	[
		"threat",
		"service.evidence.threatIntelligenceDetails.threatNames",
		"service.ebsVolumeScanDetails.scanDetections.threatDetectedByName.threatNames.name",
		"service.malwareScanDetails.threats.name",
		"scanResultDetails.threats.name",
	],
	["feature", "service.featureName"],
	["confidence", "confidence"],
	["finding_id", "id"],
]
