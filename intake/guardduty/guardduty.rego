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

else := "the list of findings is empty" if count(findings) == 0

alerts := [] if clean_scan

else := [finding(f) | some f in findings]

finding(f) := object.union(
	yagura.fields([f, input, {"none": "GuardDuty finding"}], {
		"title": ["title", "type", "detail-type", "description", "none"],
		"description": ["description"],
		"rule": ["type", "detail-type"],
		"product_severity": ["severity"],
		"seen_at": ["service.eventLastSeen", "updatedAt", "createdAt", "time"],
	}),
	object.union(
		{
			"severity": severity(lib.num(x.score), x.scan),
			"action": action(x),
			"link": link(x.region, x.id),
			"techniques": techniques(f, x.rule),
			"observables": observables,
			"attributes": yagura.attributes(f, about),
			"tags": [lower(split(x.rule, ":")[0]), sample, archived(x)],
			"event_id": yagura.join("/", [x.id, x.updated, x.count, x.score, sample]),
			"fingerprint": fingerprint(x.id, x.rule, observables),
		},
		in_object(f, x),
	),
) if {
	x := yagura.fields([f, input], {
		"rule": ["type", "detail-type"],
		"id": ["id"],
		"score": ["severity"],
		"region": ["region"],
		"updated": ["updatedAt", "service.eventLastSeen", "createdAt"],
		"count": ["service.count"],
		"role": ["service.resourceRole"],
		"archived": ["service.archived"],
		"sample": ["service.additionalInfo.sample"],
		"info": ["service.additionalInfo.value"],
		"scan": ["scanResultDetails.scanResultStatus"],
		"bucket": ["s3ObjectDetails.bucketName"],
		"blocked": ["service.action.networkConnectionAction.blocked", "service.action.dnsRequestAction.blocked", "service.action.portProbeAction.blocked"],
	})
	sample := sample_word(x)
	observables := array.concat(
		yagura.observables(f, who(x)),
		yagura.observables([f, input], [["account", "owner", "accountId", "account"]]),
	)
}

# A threat in a scanned object comes without a title.
in_object(f, x) := {"title": concat("", [
	"Malware in s3://", x.bucket, "/", yagura.pick(f, ["s3ObjectDetails.objectKey"]), ": ",
	concat(", ", yagura.all(f, ["scanResultDetails.threats.name"])),
])} if x.bucket != ""

else := {}

# GuardDuty's own bands: docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html
# A threat found in a scanned object comes without a score.
severity(score, scan) := "critical" if score >= 9

else := "high" if score >= 7

else := "medium" if score >= 4

else := "low" if score >= 1

else := "info" if score >= 0

else := "high" if scan == "THREATS_FOUND"

else := "medium"

action(x) := "blocked" if x.blocked == "true"

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

sample_word(x) := "sample" if x.sample == "true"

else := "sample" if contains(x.info, `"sample":true`)

else := ""

archived(x) := "archived" if x.archived == "true"

else := ""

# Attack sequences name techniques in their indicators and in their text.
techniques(f, rule) := lib.techniques(concat("\n", yagura.all(f, [
	"service.detection.sequence.sequenceIndicators.values",
	"description",
]))) if startswith(rule, "AttackSequence")

else := []

# The resource is a finding's target, unless GuardDuty says that it acted.
who(x) := rows("source", "target") if x.role == "ACTOR"

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
