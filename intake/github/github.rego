# GitHub: its security alerts (Dependabot, code scanning, secret scanning,
# advisories), other webhooks, and the audit log (audit.rego). One message is
# one alert: a webhook as sent, an alert as the REST API lists it, or an entry
# of the audit log.
# Format: docs.github.com/webhooks/webhook-events-and-payloads
package ingest.github

import data.lib.yagura as lib

alerts := [] if ping

else := [entry(audit_entry)] if audit_entry

else := [with_all(message, advised(message))] if event in advisories

else := [with_all(message, found(message, message.alert))] if is_object(message.alert)

else := [with_all(message, happened(message))]

# GitHub sends a ping when a webhook is made.
ping if event == "ping"

reason := "a ping: GitHub tried the webhook" if ping

# EventBridge carries the webhook in detail. An alert of the REST API is brought
# into the form of a webhook.
message := {"alert": delivered, "repository": object.get(delivered, "repository", {})} if {
	not delivered.alert
	some name in ["security_vulnerability", "most_recent_instance", "secret_type"]
	delivered[name]
}

else := delivered

delivered := input.detail if is_object(input.detail)

else := input.event if is_object(input.event)

else := input

# Which webhook it is says the header; without it, what the message is about.
# Where a message has several of these, the one with the smallest number counts.
subjects := {
	"zen": [0, "ping"],
	"security_advisory": [1, "security_advisory"],
	"repository_advisory": [1, "repository_advisory"],
	"workflow_run": [2, "workflow_run"],
	"workflow_job": [2, "workflow_job"],
	"check_run": [2, "check_run"],
	"check_suite": [3, "check_suite"],
	"review": [2, "pull_request_review"],
	"thread": [2, "pull_request_review_thread"],
	"personal_access_token_request": [2, "personal_access_token_request"],
	"repository_ruleset": [2, "repository_ruleset"],
	"blocked_user": [2, "org_block"],
	"forkee": [2, "fork"],
	"release": [2, "release"],
	"deployment_status": [2, "deployment_status"],
	"deployment": [3, "deployment"],
	"discussion": [3, "discussion"],
	"package": [2, "package"],
	"invitation": [2, "organization"],
	"key": [3, "deploy_key"],
	"hook": [3, "meta"],
	"rule": [3, "branch_protection_rule"],
	"membership": [3, "organization"],
	"commits": [3, "push"],
	"head_commit": [3, "push"],
	"ref_type": [3, "create"],
	"team": [4, "team"],
	"member": [5, "member"],
	"issue": [6, "issues"],
	"pull_request": [6, "pull_request"],
	"repositories_added": [4, "installation_repositories"],
	"starred_at": [5, "star"],
	"installation": [10, "installation"],
	"repository": [8, "repository"],
	"organization": [9, "organization"],
}

event := name if name := yagura.header("x-github-event")

else := alert_event(message.alert) if is_object(message.alert)

else := comment_event(message) if is_object(message.comment)

else := "membership" if {
	is_object(message.member)
	is_object(message.team)
}

else := "installation" if {
	is_object(message.installation)
	yagura.pick(message, ["action"]) in {"created", "deleted", "suspend", "unsuspend", "new_permissions_accepted"}
	not message.repository
}

else := "public" if {
	is_object(message.repository)
	not message.action
	count(known) == 1
}

else := min(known)[1] if count(known) > 0

else := ""

known := [subject |
	some k, v in message
	v != null
	subject := subjects[k]
]

alert_event(a) := "secret_scanning_alert" if a.secret_type

else := "repository_vulnerability_alert" if a.affected_package_name

else := "dependabot_alert" if is_object(a.security_advisory)

else := "code_scanning_alert" if is_object(a.rule)

else := "alert"

comment_event(m) := "pull_request_review_comment" if is_object(m.pull_request)

else := "issue_comment" if is_object(m.issue)

else := "discussion_comment" if is_object(m.discussion)

else := "commit_comment"

# What every alert has, whatever it is about.
with_all(m, a) := object.union(
	{
		"action": "detected",
		"observables": [o |
			some o in yagura.observables(m, who)
			not machine(o.value)
		],
		"attributes": yagura.attributes(m, about),
		"tags": [t | some t in [event]; t != ""],
		"event_id": concat("/", lib.without_blank([delivery, a.event_id])),
	},
	object.remove(a, ["event_id"]),
)

delivery := id if id := yagura.header("x-github-delivery")

else := ""

# GitHub itself and its apps send much of this; nobody to look for.
machine(name) if name in {"github", "web-flow", "ghost"}

machine(name) if endswith(name, "[bot]")

repository(m) := yagura.pick(m, ["repository.full_name", "repository.name", "organization.login", "enterprise.slug", "installation.account.login"])

# GitHub's advisories use moderate where its alerts say medium. Code scanning
# gives security rules a level of their own; others have SARIF's error, warning
# and note.
severities := {
	"critical": "critical", "high": "high", "medium": "medium", "moderate": "medium", "low": "low",
	"error": "high", "warning": "medium", "note": "low", "none": "info",
}

# The title of a security alert, what it found, how bad that is.
found(m, a) := {
	"title": title,
	"description": description,
	"rule": rule,
	"severity": object.get(severities, lower(theirs), "medium"),
	"product_severity": theirs,
	"condition": condition(m, a),
	"seen_at": seen_at,
	"link": page(m, a, number),
	"event_id": concat("/", [repo, number, yagura.pick(m, ["action"]), seen_at, yagura.pick(m, ["commit_oid", "location.details.blob_sha"])]),
	"fingerprint": same(repo, number, rule, title),
} if {
	not a.secret_type
	rule := yagura.pick(a, ["rule.id", "rule.name", "security_advisory.ghsa_id", "ghsa_id", "external_identifier"])
	title := finding_title(m, a, rule)
	description := yagura.pick(a, ["rule.full_description", "security_advisory.description", "most_recent_instance.message.text", "instances.message.text"])
	theirs := yagura.pick(a, [
		"rule.security_severity_level", "rule.severity",
		"security_vulnerability.severity", "security_advisory.severity", "severity",
	])
	repo := repository(m)
	number := yagura.pick(a, ["number", "id"])
	seen_at := moment(a)
}

# A secret in a repository has no severity of its own: whoever reads the
# repository has it. Valid or public ones are used by strangers within minutes.
else := {
	"title": concat("", ["Secret found in ", place, ": ", yagura.pick(a, ["secret_type_display_name", "secret_type"])]),
	"description": yagura.pick(a, ["resolution_comment", "push_protection_bypass_request_comment"]),
	"rule": rule,
	"severity": secret_severity(a),
	"action": bypass(a),
	"condition": condition(m, a),
	"seen_at": seen_at,
	"link": page(m, a, number),
	"event_id": concat("/", [repo, number, yagura.pick(m, ["action"]), seen_at, yagura.pick(m, ["location.details.blob_sha", "location.details.issue_body_url"])]),
	"fingerprint": same(repo, number, rule, ""),
} if {
	rule := yagura.pick(a, ["secret_type"])
	repo := repository(m)
	place := [p | some p in [repo, "a repository"]; p != ""][0]
	number := yagura.pick(a, ["number", "html_url"])
	seen_at := moment(a)
}

# An alert keeps its number through all its changes.
same(repo, number, rule, title) := lib.without_blank([repo, number, rule]) if {
	concat("", [number, rule]) != ""
}

else := [repo, title] if title != ""

else := null

moment(a) := yagura.pick(a, ["updated_at", "fixed_at", "dismissed_at", "resolved_at", "auto_dismissed_at", "created_at"])

finding_title(m, a, rule) := title if {
	title := yagura.pick(a, ["security_advisory.summary", "rule.description", "rule.name"])
	title != ""
}

# The older vulnerability alerts have no title.
else := concat("", [yagura.pick(a, ["external_identifier", "ghsa_id"]), " in ", yagura.pick(a, ["affected_package_name"]), " ", yagura.pick(a, ["affected_range"])]) if {
	a.affected_package_name
}

else := title if {
	title := yagura.pick([a, m], ["title", "summary", "most_recent_instance.message.text"])
	title != ""
}

else := concat(" ", lib.without_blank(["GitHub alert", rule]))

# Dismissing an alert leaves what it found where it is.
condition(m, a) := "fixed" if {
	yagura.pick(a, ["state"]) in {"fixed", "closed"}
	yagura.pick(a, ["dismissed_at"]) == ""
}

else := "fixed" if yagura.pick(m, ["action"]) in {"fixed", "resolve"}

else := "fixed" if {
	yagura.pick([a, m], ["state", "action"]) == "resolved"
	yagura.pick(a, ["resolution"]) in {"revoked", "resolved", ""}
}

else := "present"

secret_severity(a) := "critical" if "true" in yagura.all(a, ["publicly_leaked"])

else := "critical" if yagura.pick(a, ["validity"]) == "active"

else := "high"

bypass(a) := "allowed" if yagura.pick(a, ["push_protection_bypassed"]) == "true"

else := "detected"

page(m, a, number) := link if {
	link := yagura.pick(a, ["html_url"])
	link != ""
}

else := concat("", [home, tabs[kind], number]) if {
	home := yagura.pick(m, ["repository.html_url"])
	home != ""
	some field, kind in {"secret_type": "secret", "rule": "code", "affected_package_name": "dependency", "security_advisory": "dependency"}
	a[field]
}

else := yagura.pick([a, m], ["external_reference", "repository.html_url"])

tabs := {
	"secret": "/security/secret-scanning/",
	"code": "/security/code-scanning/",
	"dependency": "/security/dependabot/",
}

# An advisory is news about a package, not about a repository of ours; a
# repository advisory is a report about one.
advisories := {"security_advisory", "repository_advisory"}

advised(m) := {
	"title": title,
	"description": yagura.pick(adv, ["description"]),
	"rule": rule,
	"severity": object.get(severities, lower(theirs), "medium"),
	"product_severity": theirs,
	"seen_at": seen_at,
	"link": advisory_page(adv, rule),
	"event_id": concat("/", [rule, yagura.pick(m, ["action"]), seen_at]),
	"fingerprint": same(repository(m), "", rule, ""),
} if {
	adv := [v | some k in ["security_advisory", "repository_advisory"]; v := m[k]][0]
	rule := yagura.pick(adv, ["ghsa_id", "cve_id"])
	title := [t | some t in [yagura.pick(adv, ["summary"]), rule, "GitHub advisory"]; t != ""][0]
	theirs := yagura.pick(adv, ["severity"])
	seen_at := yagura.pick(adv, ["withdrawn_at", "updated_at", "published_at", "created_at"])
}

else := happened(m)

advisory_page(adv, rule) := link if {
	link := yagura.pick(adv, ["html_url"])
	link != ""
}

else := concat("", ["https://github.com/advisories/", rule]) if startswith(rule, "GHSA-")

else := ""

who := [
	["user", "actor", "sender.login", "pusher.name"],
	["user", "author", "comment.user.login", "review.user.login", "issue.user.login", "pull_request.user.login", "workflow_run.actor.login"],
	[
		"user", "target",
		"member.login", "membership.user.login", "invitation.login", "blocked_user.login",
		"personal_access_token_request.owner.login", "key.added_by",
	],
	["user", "resolver", "alert.dismissed_by.login", "alert.resolved_by.login", "alert.dismisser.login", "alert.push_protection_bypassed_by.login"],
	["email", "author", "commits.author.email", "head_commit.author.email", "invitation.email"],
	["resource", "target", "repository.full_name"],
	["resource", "source", "workflow_run.head_repository.full_name", "workflow_run.pull_requests.head.repo.full_name", "forkee.full_name"],
	["cve", "", "alert.security_advisory.cve_id", "security_advisory.cve_id", "repository_advisory.cve_id", "alert.external_identifier"],
]

about := [
	["repository", "repository.full_name"],
	["organization", "organization.login", "installation.account.login"],
	["action", "action"],
	["state", "alert.state"],
	["private", "repository.private"],
	["tool", "alert.tool.name"],
	["ecosystem", "alert.dependency.package.ecosystem", "security_advisory.vulnerabilities.package.ecosystem"],
	["package", "alert.dependency.package.name", "alert.affected_package_name", "security_advisory.vulnerabilities.package.name", "repository_advisory.vulnerabilities.package.name"],
	[
		"affected", "alert.security_vulnerability.vulnerable_version_range", "alert.affected_range",
		"security_advisory.vulnerabilities.vulnerable_version_range",
	],
	[
		"fixed_in", "alert.security_vulnerability.first_patched_version.identifier", "alert.fixed_in",
		"security_advisory.vulnerabilities.first_patched_version.identifier",
	],
	["manifest", "alert.dependency.manifest_path"],
	["scope", "alert.dependency.scope"],
	["cvss", "alert.security_advisory.cvss.score", "security_advisory.cvss.score"],
	["epss", "alert.security_advisory.epss.percentage"],
	["cwe", "alert.security_advisory.cwes.cwe_id", "security_advisory.cwes.cwe_id", "alert.rule.tags"],
	[
		"identifiers", "alert.security_advisory.identifiers.value", "security_advisory.identifiers.value",
		"repository_advisory.identifiers.value", "alert.external_identifier",
	],
	["location", "alert.most_recent_instance.location.path", "alert.instances.location.path", "location.details.path"],
	["line", "alert.most_recent_instance.location.start_line", "alert.instances.location.start_line", "location.details.start_line"],
	["ref", "ref", "alert.most_recent_instance.ref", "alert.instances.ref"],
	["secret_type", "alert.secret_type_display_name", "alert.secret_type"],
	["validity", "alert.validity"],
	["publicly_leaked", "alert.publicly_leaked"],
	["resolution", "alert.resolution", "alert.dismissed_reason", "alert.dismiss_reason"],
	["comment", "alert.dismissed_comment", "alert.resolution_comment"],
	["branch", "workflow_run.head_branch", "pull_request.head.ref"],
	["conclusion", "workflow_run.conclusion", "check_run.conclusion"],
	["read_only", "key.read_only"],
	["permission", "changes.permission.to", "changes.role_name.to", "membership.role", "team.permission"],
	["forced", "forced"],
	["commits", "commits.id"],
	["commit_authors", "commits.author.name"],
]
