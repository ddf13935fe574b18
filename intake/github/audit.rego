# Entries of GitHub's audit log: as the API and streams give them, and as GitHub
# Enterprise Server writes them to syslog, after "github_audit: ".
# Format: docs.github.com/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/reviewing-the-audit-log-for-your-organization
package ingest.github

import data.lib.yagura as lib

# Actions of the log have a dot in their name, those of webhooks have none.
audit_entry := delivered if {
	contains(yagura.pick(delivered, ["action"]), ".")
	not delivered.alert
}

else := v if {
	text := yagura.pick(input, ["message", "text", "log", "_raw"])
	at := indexof(text, "github_audit: {")
	at >= 0
	body := substring(text, at + 14, -1)
	json.is_valid(body)
	v := json.unmarshal(body)
}

entry(e) := {
	"title": concat("", [action, by, on]),
	"description": yagura.pick(e, ["data.reason", "reason", "message", "explanation"]),
	"rule": action,
	"severity": entry_severity(e, action),
	"action": "detected",
	"seen_at": entry_time(e),
	"link": log_page(org, action),
	"observables": [o |
		some o in yagura.observables(e, entry_who)
		not machine(o.value)
		not masked(o.value)
	],
	"attributes": [a |
		some a in yagura.attributes(e, entry_about)
		not masked(a.value)
	],
	"tags": ["audit"],
	"event_id": entry_id(e, action),
	"fingerprint": lib.without_blank([action, actor, target]),
} if {
	action := yagura.pick(e, ["action"])
	actor := plain(yagura.all(e, ["actor", "actor.login"]), set())
	org := plain(yagura.all(e, ["org", "business", "enterprise"]), set())
	target := plain(yagura.all(e, ["user", "repo", "repository", "team", "org", "business"]), {actor})
	by := words(" by ", actor)
	on := words(" on ", target)
}

# The first text that says something new.
plain(texts, said) := kept[0] if {
	kept := [t | some t in texts; not masked(t); not t in said]
	count(kept) > 0
}

else := ""

words(before, text) := "" if text == ""

else := concat("", [before, text])

# Logs that were masked on their way have dots where a value was.
masked(text) if trim(text, ".") == ""

# Milliseconds; where the log was masked, the time of who passed it on.
entry_time(e) := times[0] if {
	times := [t |
		some t in array.concat(
			yagura.all(e, ["created_at", ["@timestamp"], "timestamp"]),
			yagura.all(input, [["@timestamp"], "timestamp", "received_at"]),
		)
		regex.match(`^(?:[0-9]{13}$|[0-9]{4}-[0-9]{2}-)`, t)
	]
	count(times) > 0
}

else := ""

entry_id(e, action) := concat("/", [id, action, yagura.pick(e, ["created_at", ["@timestamp"]])]) if {
	id := yagura.pick(e, ["_document_id", "data._document_id", "data.request_id", "request_id"])
	id != ""
	not masked(id)
}

else := ""

log_page(org, action) := concat("", ["https://github.com/organizations/", org, "/settings/audit-log?q=", urlquery.encode(concat(":", ["action", action]))]) if {
	not input.message
	regex.match(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}$`, org)
}

else := ""

# What weakens the protection of accounts, code or the log itself. GitHub gives
# its entries no severity.
entry_severity(e, action) := "high" if {
	action == "repo.access"
	yagura.pick(e, ["visibility", "data.visibility", "access"]) == "public"
}

else := entry_severities[action] if entry_severities[action]

else := "medium" if contains(action, "disable")

else := "medium" if {
	startswith(action, "protected_branch.")
	not endswith(action, ".create")
}

else := "medium" if startswith(action, "staff.")

else := "info"

entry_severities := {
	"org.disable_two_factor_requirement": "high",
	"business.disable_two_factor_requirement": "high",
	"two_factor_authentication.disabled": "high",
	"org.disable_saml": "high",
	"business.disable_saml": "high",
	"org.disable_oauth_app_restrictions": "high",
	"ip_allow_list.disable": "high",
	"user.promote": "high",
	"business.add_admin": "high",
	"staff.fake_login": "high",
	"audit_log_streaming.destroy": "high",
	"audit_log_streaming.update": "medium",
	"org.audit_log_export": "medium",
	"org.recovery_codes_downloaded": "high",
	"repo.transfer_outgoing": "high",
	"repo.transfer": "high",
	"repo.destroy": "medium",
	"repo.access": "medium",
	"repo.add_member": "low",
	"repo.download_zip": "low",
	"org.add_member": "low",
	"org.update_member": "medium",
	"org.add_outside_collaborator": "low",
	"org.invite_member": "low",
	"team.add_member": "low",
	"protected_branch.destroy": "high",
	"repository_ruleset.destroy": "high",
	"repository_ruleset.update": "medium",
	"public_key.create": "medium",
	"deploy_key.create": "medium",
	"personal_access_token.create": "medium",
	"personal_access_token.access_granted": "medium",
	"personal_access_token.request_created": "low",
	"oauth_application.create": "medium",
	"oauth_application.transfer": "medium",
	"integration.create": "medium",
	"integration_installation.create": "medium",
	"org_credential_authorization.grant": "low",
	"hook.create": "medium",
	"hook.config_changed": "medium",
	"secret_scanning_push_protection.bypass": "high",
	"secret_scanning_alert.create": "high",
	"environment.remove_protection_rule": "medium",
	"repo.register_self_hosted_runner": "medium",
	"org.register_self_hosted_runner": "medium",
	"repo.create_actions_secret": "low",
	"org.create_actions_secret": "low",
	"account.plan_change": "info",
}

entry_who := [
	["user", "actor", "actor", "actor.login"],
	["user", "target", "user", "user.login"],
	["ip", "source", "actor_ip", "data.actor_ip"],
	["resource", "target", "repo", "repository"],
]

entry_about := [
	["actor", "actor"],
	["user", "user"],
	["organization", "org"],
	["enterprise", "business"],
	["repository", "repo", "repository"],
	["team", "team"],
	["branch", "name", "data.name", "branch"],
	["permission", "permission", "data.permission", "new_repo_permission"],
	["visibility", "visibility", "data.visibility"],
	["operation", "operation_type"],
	["method", "data.method", "transport_protocol_name"],
	["from", "from"],
	["country", "data.actor_location.country_name", "actor_location.country_code", "data.actor_location.country_code"],
	["user_agent", "user_agent", "data.user_agent"],
	["token_type", "programmatic_access_type"],
	["application", "oauth_application_name", "data.oauth_application_name", "application_name"],
	["hook", "config.url", "data.config.url"],
	["required_status_checks", "data.required_status_checks_enforcement_level"],
]
