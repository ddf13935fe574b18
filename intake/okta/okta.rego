# Okta System Log events: bare, as event hooks send several at once
# ({"data": {"events": […]}}), and as log streaming puts them on EventBridge
# (detail). Pipelines that pass through databases lower-case the names.
# Format: developer.okta.com/docs/reference/api/system-log
package ingest.okta

events := input.data.events if is_array(input.data.events)

else := input.detail.events if is_array(input.detail.events)

else := [input.detail] if is_object(input.detail)

else := [input.event] if is_object(input.event)

else := input if is_array(input)

else := [input]

alerts := [made(e) | some e in events]

reason := "the event hook holds no events" if count(events) == 0

made(e) := {
	"title": title(x),
	"description": x.reason,
	"rule": x.rule,
	"severity": worst(x, security),
	"product_severity": x.severity,
	"action": action(x.result),
	"seen_at": seen_at,
	"link": link(x.uuid),
	"observables": observables,
	"attributes": array.concat(yagura.attributes(e, about), security),
	"tags": object.get(proxy, x.proxy, []),
	"event_id": event_id(x, seen_at),
	"fingerprint": fingerprint(x, [o.value | some o in observables; o.type == "user"]),
} if {
	x := yagura.fields(e, read)
	seen_at := yagura.pick([e, input], ["published", "time"])
	security := security_data(e, x)
	observables := array.concat(people(e), yagura.observables(e, places))
}

# What is decided on, apart from people and places.
read := {
	"rule": ["eventType", "eventtype", "legacyEventType", "legacyeventtype"],
	"said": ["displayMessage", "displaymessage"],
	"actor": ["actor.alternateId", "actor.displayName"],
	"severity": ["severity"],
	"result": ["outcome.result"],
	"reason": ["outcome.reason", "profile.description"],
	"privilege": ["debugContext.debugData.privilegeGranted", "debugcontext.debugData.privilegeGranted"],
	"suspected": ["debugContext.debugData.threatSuspected", "debugcontext.debugData.threatSuspected"],
	"log_only": ["debugContext.debugData.logOnlySecurityData", "debugcontext.debugData.logOnlySecurityData"],
	"risk": ["debugContext.debugData.risk", "debugcontext.debugData.risk", "debugContext.debugData.riskLevel", "debugcontext.debugData.riskLevel"],
	"proxy": ["securityContext.isProxy", "securitycontext.isProxy"],
	"uuid": ["uuid"],
	"name": ["title", "name", "profile.name", "profile.login", "displayName", "message", "text", "id"],
}

title(x) := concat("", [x.said, outcome(x.result)]) if x.said != ""

else := concat("", [x.rule, by(x.actor), outcome(x.result)]) if x.rule != ""

# Not an event of the log: a user or group of the directory, or something else.
else := concat(": ", ["Okta object", x.name]) if x.name != ""

else := "Okta event"

by(actor) := "" if actor == ""

else := concat("", [" by ", actor])

# "User login to Okta" reads like a login; that it failed belongs beside it.
outcome(result) := object.get({"FAILURE": " (failure)", "DENY": " (denied)", "CHALLENGE": " (challenge)"}, upper(result), "")

action(result) := object.get({"DENY": "blocked", "ALLOW": "allowed"}, upper(result), "detected")

# Okta calls nearly everything INFO, an administrator's rights included. Its word
# is where we start (DEBUG, INFO, WARN, ERROR; HIGH and the like come from systems
# between); what the event is, and what Okta says of its risk, can only raise it.
word := {
	"": 0, "debug": 0, "info": 0, "informational": 0, "notice": 1, "low": 1, "warn": 2, "warning": 2, "medium": 2,
	"error": 3, "high": 3, "critical": 4, "fatal": 4,
}

names := ["info", "low", "medium", "high", "critical"]

worst(x, security) := names[max([
	object.get(word, lower(x.severity), 2),
	object.get(weight, x.rule, 0),
	alarming(concat(" ", [x.reason, x.privilege, x.suspected])),
	risk(security),
])]

# Phishing that Okta stopped, the highest rights, and threatSuspected.
alarming(text) := 3 if regex.match(`(?i)phishing attempt|super administrator|organization administrator|\btrue$`, text)

else := 0

risk(security) := 3 if high_risk in security

else := 2 if medium_risk in security

else := 0

high_risk := {"key": "risk", "value": "HIGH"}

medium_risk := {"key": "risk", "value": "MEDIUM"}

# Event types worth a look whatever Okta calls them, from its catalogue:
# developer.okta.com/docs/reference/api/event-types
weight := {
	"user.account.report_suspicious_activity_by_enduser": 3,
	"security.threat.detected": 3,
	"security.breached_credential.detected": 3,
	"security.attack.start": 3,
	"user.risk.detect": 3,
	"user.mfa.attempt_bypass": 3,
	"user.session.impersonation.initiate": 3,
	"user.session.impersonation.grant": 2,
	"user.session.impersonation.extend": 2,
	"user.account.privilege.grant": 2,
	"group.privilege.grant": 2,
	"iam.resourceset.bindings.add": 2,
	"app.oauth2.client.privilege.grant": 2,
	"system.api_token.create": 2,
	"system.idp.lifecycle.create": 3,
	"system.idp.lifecycle.update": 2,
	"system.idp.lifecycle.activate": 2,
	"system.mfa.factor.deactivate": 3,
	"system.org.captcha.deactivate": 2,
	"user.mfa.factor.deactivate": 1,
	"user.mfa.factor.reset_all": 2,
	"user.mfa.factor.suspend": 1,
	"user.account.lock": 1,
	"user.account.lock.limit": 2,
	"user.authentication.auth_unconfigured_identifier": 1,
	"application.user_membership.show_password": 2,
	"app.generic.unauth_app_access_attempt": 2,
	"application.policy.sign_on.deny_access": 1,
	"application.policy.sign_on.update": 2,
	"policy.lifecycle.deactivate": 2,
	"policy.lifecycle.delete": 2,
	"policy.lifecycle.update": 1,
	"policy.rule.deactivate": 2,
	"policy.rule.delete": 2,
	"policy.rule.update": 1,
	"zone.deactivate": 2,
	"zone.delete": 2,
	"zone.update": 1,
	"zone.make_blacklist": 1,
	"zone.remove_blacklist": 2,
	"security.device.temporarily_disable_blacklisting": 2,
	"system.log_stream.lifecycle.deactivate": 3,
	"system.log_stream.lifecycle.delete": 3,
	"system.agent.ad.config_change_detected": 1,
}

# The administrator's console of the tenant, where an event hook names it.
link(uuid) := concat("", ["https://", org, "-admin.", site, "/report/system_log_2?search=", urlquery.encode(concat("", [`uuid eq "`, uuid, `"`]))]) if {
	uuid != ""
	is_string(input.source)
	[[_, org, site]] := regex.find_all_string_submatch_n(
		`^https://([a-z0-9][a-z0-9-]{0,62})\.(okta\.com|oktapreview\.com|okta-emea\.com)/`,
		input.source, 1,
	)
}

else := ""

proxy := {"true": ["proxy"]}

# The same id is no proof of the same event: some pipelines mask or reuse it.
event_id(x, seen_at) := concat("/", [x.uuid, x.rule, seen_at]) if x.uuid != ""

else := ""

# Who did what to whom, and how it ended; from where and when changes.
fingerprint(x, who) := array.concat([x.rule, x.result], array.slice(who, 0, 4)) if x.rule != ""

else := null

# Actors and targets are users, applications, tokens, policies …; Okta's own
# workers are SystemPrincipals.
people(e) := array.concat(
	[{"type": "user", "value": name, "role": "actor"} |
		is_object(e.actor)
		name := person(e.actor)
	],
	[{"type": "user", "value": name, "role": "target"} |
		some t in array.slice(targets(e), 0, 20)
		name := person(t)
	],
)

targets(e) := e.target if is_array(e.target)

else := [e.target] if is_object(e.target)

else := []

person(o) := name if {
	yagura.pick(o, ["type"]) in {"User", "AppUser", ""}
	name := yagura.pick(o, ["alternateId", "displayName"])
	not name in {"", "unknown", "null"}
}

places := [
	["ip", "source", "client.ipAddress", "request.ipChain.ip"],
	["host", "source", "device.name"],
]

about := [
	["display_name", "actor.displayName"],
	["actor_type", "actor.type"],
	["target", "target.displayName"],
	["target_type", "target.type"],
	["result", "outcome.result"],
	["reason", "outcome.reason"],
	["privilege", "debugContext.debugData.privilegeGranted", "debugcontext.debugData.privilegeGranted"],
	["threat_suspected", "debugContext.debugData.threatSuspected", "debugcontext.debugData.threatSuspected"],
	["behaviors", "debugContext.debugData.behaviors", "debugcontext.debugData.behaviors"],
	["detections", "debugContext.debugData.threatDetections", "debugcontext.debugData.threatDetections"],
	["factor", "debugContext.debugData.factor", "debugcontext.debugData.factor"],
	["user_agent", "client.userAgent.rawUserAgent"],
	["device", "client.device"],
	["city", "client.geographicalContext.city"],
	["country", "client.geographicalContext.country"],
	["isp", "securityContext.isp", "securitycontext.isp"],
	["proxy", "securityContext.isProxy", "securitycontext.isProxy"],
	["session", "authenticationContext.externalSessionId", "authenticationcontext.externalSessionId"],
	["legacy_event", "legacyEventType", "legacyeventtype"],
]

# Okta writes what it thinks of a sign-in in logOnlySecurityData, as JSON in text,
# or as text of its own such as {reasons=Anomalous Location, level=HIGH} in risk.
security_data(e, x) := array.concat(
	yagura.attributes(said, [["risk", "risk.level"]]),
	[{"key": "behaviors", "value": concat(", ", new)} | count(new) > 0],
) if {
	said := log_only(e, x.log_only)
	new := [k | some k, "POSITIVE" in said.behaviors]
}

else := [{"key": "risk", "value": level}] if {
	x.risk != ""
	[[_, level]] := regex.find_all_string_submatch_n(`(?:^|level=)\s*(HIGH|MEDIUM|LOW)\b`, x.risk, 1)
}

else := []

log_only(e, text) := json.unmarshal(text) if {
	text != ""
	json.is_valid(text)
}

else := e.debugContext.debugData.logOnlySecurityData if is_object(e.debugContext.debugData.logOnlySecurityData)

else := e.debugcontext.debugData.logOnlySecurityData if is_object(e.debugcontext.debugData.logOnlySecurityData)
