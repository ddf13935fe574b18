# Falco events as Falco and falcosidekick post them, and falcosidekick's
# alerts for Alertmanager.
# Format: falco.org/docs/concepts/outputs/formatting, github.com/falcosecurity/falcosidekick
package ingest.falco

import data.lib.yagura as lib

# Wrappers keep the event under one of these: Elasticsearch hits, CloudEvents.
event := input._source if is_object(input._source)

else := input.data if is_object(input.data)

else := input

f := yagura.fields(event, {
	"rule": ["rule", "labels.rule", "labels.alertname"],
	"priority": ["priority", "labels.priority", "labels.severity"],
	"uuid": ["uuid"],
	"fd": [["output_fields", "fd.name"], "labels.fd_name"],
	"cluster": [["output_fields", "k8s.ns.name"], ["output_fields", "ka.verb"], ["output_fields", "ct.name"], "labels.k8s_ns_name"],
})

alerts := [object.union(
	yagura.fields([event, {"none": "Falco alert"}], {
		"title": ["rule", "labels.rule", "labels.alertname", "output", "message", "text", "none"],
		"description": ["output", "annotations.info", "annotations.description", "message"],
		"seen_at": ["time", ["output_fields", "evt.time"], ["output_fields", "evt.time.iso8601"], "startsAt", "@timestamp"],
		"link": ["generatorURL"],
	}),
	{
		"rule": f.rule,
		"severity": object.get(severities, lower(f.priority), "medium"),
		"product_severity": f.priority,
		"action": "detected",
		"techniques": lib.techniques(upper(concat(" ", tags))),
		"observables": array.concat(yagura.observables(event, who), ends),
		"attributes": yagura.attributes(event, about),
		"tags": [t | some t in tags; not startswith(t, "T1")],
		"event_id": event_id,
		"fingerprint": fingerprint,
	},
)]

# Falco's priorities are syslog's levels: falco.org/docs/concepts/rules/basic-elements#priority
severities := {
	"emergency": "critical", "alert": "critical", "critical": "critical",
	"error": "high", "warning": "medium", "notice": "low",
	"informational": "info", "info": "info", "information": "info", "debug": "info",
}

tags := yagura.all(event, ["tags"])

# falcosidekick adds a uuid; Falco's own time is in nanoseconds.
event_id := f.uuid if f.uuid != ""

else := lib.digest(yagura.all(event, ["rule", "hostname", "time", ["output_fields", "evt.time"], "startsAt", "output"]))

# A pod's name changes with each restart, so the basis is its workload; a pod
# not seen before is a new observable, and so makes the line new again.
fingerprint := array.concat([f.rule], yagura.all(event, where_and_who)) if f.rule != ""

else := null

where_and_who := [
	["output_fields", "k8s.ns.name"], ["output_fields", "container.image.repository"], ["output_fields", "container.name"],
	"labels.k8s_ns_name", "labels.container_name",
	["output_fields", "user.name"], ["output_fields", "proc.name"],
	["output_fields", "ka.user.name"], ["output_fields", "ka.target.name"], ["output_fields", "ka.verb"],
	["output_fields", "ct.user"], ["output_fields", "ct.name"], ["output_fields", "ct.srcip"],
] if f.cluster != ""

else := [
	"hostname", "labels.hostname", ["output_fields", "container.name"],
	["output_fields", "user.name"], ["output_fields", "proc.name"], ["output_fields", "proc.pname"],
	["output_fields", "evt.args"],
]

who := [
	["host", "target", "hostname", "labels.hostname", ["output_fields", "evt.hostname"], ["output_fields", "ka.target.pod.name"]],
	["host", "pod", ["output_fields", "k8s.pod.name"], "labels.k8s_pod_name"],
	[
		"user", "actor",
		["output_fields", "user.name"], ["output_fields", "ka.user.name"], ["output_fields", "ct.user"],
		["output_fields", "okta.actor.alternateID"], ["output_fields", "github.user"], "labels.user_name",
	],
	["process", "actor", ["output_fields", "proc.name"], "labels.proc_name"],
	["process", "parent", ["output_fields", "proc.pname"]],
	["file", "actor", ["output_fields", "proc.exepath"]],
	["file", "target", ["output_fields", "fs.path.name"], ["output_fields", "fs.path.target"]],
	[
		"ip", "source",
		["output_fields", "ka.sourceips"], ["output_fields", "ct.srcip"], ["output_fields", "okta.client.ip"],
		["output_fields", "fd.cip"], ["output_fields", "fd.cip.name"],
	],
	["ip", "target", ["output_fields", "fd.sip"], ["output_fields", "fd.rip"], ["output_fields", "fd.sip.name"]],
	["hash", "actor", ["output_fields", "proc.hash.sha256"]],
	["account", "owner", ["output_fields", "ct.useraccountid"], ["output_fields", "ct.recipientaccountid"]],
]

# fd.name is a path for files, and "client:port->server:port" for connections;
# in older versions and plain text, "address:port".
ends := [{"type": "file", "value": f.fd, "role": "target"}] if startswith(f.fd, "/")

else := [{"type": "ip", "value": a, "role": ["source", "target"][i]} |
	some i, part in array.slice(split(f.fd, "->"), 0, 2)
	a := address(part)
] if contains(f.fd, "->")

else := [{"type": "ip", "value": address(f.fd), "role": "target"}] if address(f.fd)

else := []

# The address of "198.51.100.7:443" or "2001:db8::7:443": the port is last.
address(s) := trim(found[0][1], "[]") if {
	found := regex.find_all_string_submatch_n(`^(\[?[0-9a-fA-F.:]{2,45}\]?):[0-9]{1,5}$`, trim_space(s), 1)
}

about := [
	["container_id", ["output_fields", "container.id"]],
	["container", ["output_fields", "container.name"], "labels.container_name"],
	["container_image", ["output_fields", "container.image.repository"], ["output_fields", "container.image"]],
	["container_image_version", ["output_fields", "container.image.tag"]],
	["namespace", ["output_fields", "k8s.ns.name"], ["output_fields", "ka.target.namespace"], "labels.k8s_ns_name"],
	["pod", ["output_fields", "k8s.pod.name"], "labels.k8s_pod_name"],
	["command_line", ["output_fields", "proc.cmdline"]],
	["parent_command_line", ["output_fields", "proc.pcmdline"]],
	["pid", ["output_fields", "proc.pid"]],
	["user_uid", ["output_fields", "user.uid"]],
	["login_uid", ["output_fields", "user.loginuid"]],
	["login_user", ["output_fields", "user.loginname"]],
	["fd_name", ["output_fields", "fd.name"], "labels.fd_name"],
	["fd_type", ["output_fields", "fd.type"], ["output_fields", "fd.l4proto"]],
	["syscall", ["output_fields", "evt.type"]],
	["event_result", ["output_fields", "evt.res"]],
	["verb", ["output_fields", "ka.verb"]],
	["target", ["output_fields", "ka.target.name"]],
	["resource", ["output_fields", "ka.target.resource"]],
	["request_uri", ["output_fields", "ka.uri"]],
	["api", ["output_fields", "ct.name"]],
	["region", ["output_fields", "ct.region"]],
	["error_code", ["output_fields", "ct.error"]],
	["dropped", ["output_fields", "n_drops"]],
	["source", "source", "labels.source"],
]
