# Webhooks that carry no security alert: who was let in, what was opened, what
# protection went. GitHub gives them no title and no severity.
# Format: docs.github.com/webhooks/webhook-events-and-payloads
package ingest.github

import data.lib.yagura as lib

# Any other webhook: something was done, by somebody, to something.
happened(m) := {
	"title": event_title(m, rule, subject, repo),
	"description": concat("\n", array.slice(yagura.all(m, ["comment.body", "review.body", "issue.body", "pull_request.body", "commits.message", "head_commit.message"]), 0, 20)),
	"rule": rule,
	"severity": event_severity(m, rule),
	"seen_at": seen_at,
	"link": event_page(m),
	"event_id": happening(rule, repo, id, seen_at),
	"fingerprint": basis(rule, [repo, yagura.pick(m, ["comment.id", "issue.number", "pull_request.number"]), subject, yagura.pick(m, ["ref", "sender.login", "comment.user.login", "pusher.name"])]),
} if {
	rule := concat(".", lib.without_blank([event, yagura.pick(m, ["action"])]))
	repo := repository(m)
	subject := yagura.pick(m, subject_paths)
	id := yagura.pick(m, ["comment.id", "review.id", "workflow_run.id", "workflow_job.id", "key.id", "issue.id", "pull_request.id", "after"])
	seen_at := event_time(m)
}

subject_paths := [
	"key.title", "member.login", "membership.user.login", "invitation.login", "invitation.email",
	"blocked_user.login", "personal_access_token_request.owner.login", "workflow_run.name", "workflow_job.name",
	"check_run.name", "issue.title", "pull_request.title", "discussion.title", "repository_ruleset.name", "rule.name",
	"team.name", "hook.config.url", "forkee.full_name", "release.name", "release.tag_name", "package.name",
	"deployment.environment", "installation.app_slug", "ref", "issue.number", "pull_request.number",
	"commits.message", "comment.body",
]

# "Deploy key created: build-box in example/web"
event_title(m, rule, subject, repo) := concat("", [upper(substring(name, 0, 1)), substring(name, 1, -1), words(": ", split(substring(subject, 0, 150), "\n")[0]), words(" in ", repo)]) if {
	rule != ""
	name := object.get(phrases, rule, replace(replace(rule, "_", " "), ".", " "))
}

else := title if {
	title := yagura.pick(m, ["title", "summary", "name", "message", "text"])
	title != ""
}

else := "GitHub event"

phrases := {"public": "repository made public", "meta.deleted": "webhook deleted", "issues.opened": "issue opened"}

basis(rule, parts) := null if rule == ""

else := array.concat([rule], parts)

happening(rule, repo, id, seen_at) := "" if id == ""

else := concat("/", [rule, repo, id, seen_at])

# The times of a repository are not those of the event, but of a push they are.
event_time(m) := yagura.pick(m, ["repository.pushed_at", "head_commit.timestamp", "commits.timestamp"]) if event == "push"

else := yagura.pick(m, [
	"comment.updated_at", "comment.created_at", "review.submitted_at",
	"workflow_run.updated_at", "workflow_run.run_started_at", "workflow_run.created_at",
	"workflow_job.completed_at", "workflow_job.started_at", "check_run.completed_at", "check_run.started_at",
	"issue.updated_at", "issue.created_at", "pull_request.updated_at", "pull_request.created_at",
	"key.created_at", "rule.updated_at", "repository_ruleset.updated_at", "personal_access_token_request.created_at",
	"release.published_at", "deployment.updated_at", "discussion.updated_at", "invitation.created_at",
	"hook.updated_at", "installation.updated_at", "forkee.created_at", "created_at", "timestamp",
])

event_page(m) := link if {
	link := yagura.pick(m, [
		"comment.html_url", "review.html_url", "workflow_run.html_url", "workflow_job.html_url", "check_run.html_url",
		"issue.html_url", "pull_request.html_url", "discussion.html_url", "repository_ruleset._links.html.href",
		"release.html_url", "compare", "head_commit.url", "team.html_url", "forkee.html_url",
	])
	link != ""
}

else := concat("", [home, object.get(settings, event, "")]) if {
	home := yagura.pick(m, ["repository.html_url"])
	home != ""
}

else := yagura.pick(m, ["organization.html_url", "installation.html_url", "sender.html_url"])

settings := {
	"deploy_key": "/settings/keys",
	"member": "/settings/access",
	"branch_protection_rule": "/settings/branches",
	"repository_ruleset": "/settings/rules",
	"security_and_analysis": "/settings/security_analysis",
	"meta": "/settings/hooks",
}

event_severity(m, rule) := "medium" if {
	rule in {"organization.member_added", "member.added", "member.edited", "team.added_to_repository"}
	yagura.pick(m, ["membership.role", "changes.permission.to", "changes.role_name.to", "team.permission"]) == "admin"
}

else := event_severities[rule] if event_severities[rule]

else := "low" if forked(m)

else := "low" if m.forced == true

else := "" if rule == ""

else := "info"

# Who may do what, and what keeps others out. GitHub gives webhooks no severity.
event_severities := {
	"public": "high",
	"repository.publicized": "high",
	"repository.transferred": "high",
	"repository.deleted": "medium",
	"repository.archived": "low",
	"deploy_key.created": "medium",
	"member.added": "low",
	"member.edited": "low",
	"membership.added": "low",
	"organization.member_added": "low",
	"organization.member_invited": "low",
	"organization.deleted": "high",
	"team.added_to_repository": "low",
	"team.edited": "low",
	"branch_protection_rule.edited": "medium",
	"branch_protection_rule.deleted": "high",
	"branch_protection_configuration.disabled": "high",
	"repository_ruleset.edited": "medium",
	"repository_ruleset.deleted": "high",
	"meta.deleted": "medium",
	"installation.created": "medium",
	"installation.new_permissions_accepted": "medium",
	"installation_repositories.added": "low",
	"personal_access_token_request.created": "medium",
	"personal_access_token_request.approved": "medium",
	"security_and_analysis": "medium",
	"org_block.blocked": "low",
	"bypass_request_secret_scanning.requested": "medium",
	"exemption_request_secret_scanning.created": "medium",
}

# A run of our workflows on a stranger's code.
forked(m) if {
	home := m.repository.full_name
	some from in yagura.all(m, ["workflow_run.head_repository.full_name", "workflow_run.pull_requests.head.repo.full_name"])
	from != home
}
