package demo

import (
	"fmt"
	"strconv"
	"time"
)

// signature is a rule of the intrusion detection system.
type signature struct {
	id       int
	text     string
	category string
	priority int
}

var (
	probe         = signature{9100001, "SCAN one source tries many ports of a host", "Attempted Information Leak", 2}
	databaseProbe = signature{9100002, "SCAN database port tried from outside", "Potentially Bad Traffic", 2}
	background    = []signature{
		{9100010, "SCAN well-known research scanner by its user agent", "Misc activity", 3},
		{9100011, "POLICY outdated TLS version offered by client", "Not Suspicious Traffic", 3},
		{9100012, "WEB request for a WordPress login where there is none", "Web Application Attack", 3},
		{9100013, "WEB directory traversal in a request, answered 404", "Web Application Attack", 2},
		{9100014, "DNS answer with an unusually short time to live", "Misc activity", 3},
	}
)

func (m *maker) suricata(story Story, at time.Time, s signature, from, to string, port int) {
	stamp := at.UTC().Format("2006-01-02T15:04:05.000000-0700")
	body := object{
		"timestamp": stamp, "flow_id": 100_000_000_000_000 + m.rnd.Int64N(900_000_000_000_000), "in_iface": "eth1", "event_type": "alert", "host": "ids-edge-1",
		"src_ip": from, "src_port": m.port(), "dest_ip": to, "dest_port": port, "proto": "TCP", "direction": "to_server",
		"alert": object{
			"action": "allowed", "gid": 1, "signature_id": s.id, "rev": 3, "signature": s.text, "category": s.category, "severity": s.priority,
			"metadata": object{"created_at": []string{"2025_04_01"}, "signature_severity": []string{"Informational"}},
		},
		"flow": object{"pkts_toserver": 1 + m.rnd.IntN(4), "pkts_toclient": m.rnd.IntN(3), "bytes_toserver": 60 + m.rnd.IntN(400), "bytes_toclient": m.rnd.IntN(300), "start": stamp},
	}
	if port == 80 || port == 8080 {
		body["app_proto"] = "http"
		body["http"] = object{"hostname": "www.example.com", "url": "/", "http_method": "GET", "http_user_agent": "Mozilla/5.0 (compatible)", "status": 404, "length": 178}
	}
	m.add("suricata", story, at, body)
}

// canaryProbe is the honeypot being touched.
func (m *maker) canaryProbe(story Story, at time.Time, from, to string, port int) {
	const form = "2006-01-02 15:04:05.000000"
	m.add("opencanary", story, at, object{
		"dst_host": to, "dst_port": strconv.Itoa(port), "local_time": at.UTC().Format(form), "local_time_adjusted": at.Format(form), "utc_time": at.UTC().Format(form),
		"logtype": 5001, "node_id": "canary-edge", "src_host": from, "src_port": strconv.Itoa(m.port()),
		"logdata": object{
			"ID": strconv.Itoa(m.rnd.IntN(65536)), "IN": "eth0", "LEN": "44", "MAC": "02:00:5e:10:00:01:02:00:5e:10:00:02:08:00", "OUT": "", "PREC": "0x00",
			"PROTO": "TCP", "RES": "0x00", "SYN": "", "TOS": "0x00", "TTL": "243", "URGP": "0", "WINDOW": "1024",
		},
	})
}

func (m *maker) wazuh(story Story, at time.Time, agent, agentIP string, body object) {
	body["timestamp"] = at.UTC().Format("2006-01-02T15:04:05.000-0700")
	body["agent"] = object{"id": agentID(agent), "name": agent, "ip": agentIP}
	body["manager"] = object{"name": "wazuh-1"}
	body["id"] = fmt.Sprintf("%d.%d", at.Unix(), 100_000+len(m.list))
	m.add("wazuh", story, at, body)
}

func agentID(name string) string {
	for i, n := range []string{"bastion", "fw-1", "web-1", "db-1", "build-1"} {
		if n == name {
			return fmt.Sprintf("%03d", i+1)
		}
	}
	return "099"
}

// wazuhFirewall is the firewall's log: many packets of one address were dropped.
func (m *maker) wazuhFirewall(story Story, at time.Time, from, to string) {
	port := strconv.Itoa(m.port())
	m.wazuh(story, at, "fw-1", "10.20.0.1", object{
		"rule": object{
			"level": 10, "description": "Multiple Firewall drop events from same source.", "id": "4151", "frequency": 18, "firedtimes": 1, "mail": false,
			"mitre": object{"id": []string{"T1110"}, "tactic": []string{"Credential Access"}, "technique": []string{"Brute Force"}}, "groups": []string{"firewall", "multiple_drops"},
		},
		"decoder": object{"name": "kernel"}, "location": "/var/log/kern.log",
		"predecoder": object{"program_name": "kernel", "timestamp": at.UTC().Format(time.Stamp), "hostname": "fw-1"},
		"data":       object{"action": "DROP", "srcip": from, "dstip": to, "srcport": port, "dstport": "3389", "protocol": "TCP"},
		"full_log":   fmt.Sprintf("%s fw-1 kernel: DROP IN=eth0 OUT= SRC=%s DST=%s PROTO=TCP SPT=%s DPT=3389 SYN", at.UTC().Format(time.Stamp), from, to, port),
	})
}

// wazuhSSH is a password guessed over SSH.
func (m *maker) wazuhSSH(story Story, at time.Time, from, user, agentIP string, fired int) {
	port := strconv.Itoa(m.port())
	m.wazuh(story, at, "bastion", agentIP, object{
		"rule": object{
			"level": 10, "description": "sshd: brute force trying to get access to the system. Non existent user.", "id": "5712", "frequency": 8, "firedtimes": fired, "mail": false,
			"mitre":  object{"id": []string{"T1110"}, "tactic": []string{"Credential Access"}, "technique": []string{"Brute Force"}},
			"groups": []string{"syslog", "sshd", "authentication_failures"},
		},
		"decoder": object{"name": "sshd", "parent": "sshd"}, "location": "journald",
		"predecoder": object{"program_name": "sshd", "timestamp": at.UTC().Format(time.Stamp), "hostname": "bastion"},
		"data":       object{"srcip": from, "srcport": port, "srcuser": user},
		"full_log":   fmt.Sprintf("%s bastion sshd[%d]: Invalid user %s from %s port %s", at.UTC().Format(time.Stamp), 2000+m.rnd.IntN(60000), user, from, port),
	})
}

// wazuhQuiet is what hosts report every day.
func (m *maker) wazuhQuiet(at time.Time) {
	type event struct {
		agent, ip, id, text string
		level               int
		groups              []string
		extra               object
	}
	e := pick(m, []event{
		{"web-1", "10.20.1.11", "550", "Integrity checksum changed.", 7, []string{"ossec", "syscheck"}, object{"syscheck": object{"path": "/etc/nginx/nginx.conf", "event": "modified", "mode": "realtime"}, "decoder": object{"name": "syscheck_integrity_changed"}, "location": "syscheck"}},
		{"db-1", "10.20.1.21", "2902", "New dpkg (Debian Package) installed.", 7, []string{"syslog", "dpkg"}, object{"full_log": "status installed libssl3:amd64", "decoder": object{"name": "dpkg-decoder"}, "location": "/var/log/dpkg.log"}},
		{"build-1", "10.20.1.31", "5402", "Successful sudo to ROOT executed.", 3, []string{"syslog", "sudo"}, object{"data": object{"srcuser": "deploy", "dstuser": "root", "command": "/usr/bin/systemctl restart runner"}, "decoder": object{"name": "sudo"}, "location": "/var/log/auth.log"}},
		{"bastion", "10.20.0.15", "5716", "sshd: authentication failed.", 5, []string{"syslog", "sshd", "authentication_failed"}, object{"data": object{"srcip": "10.20.2.44", "dstuser": "k.nowak"}, "decoder": object{"name": "sshd"}, "location": "/var/log/auth.log"}},
	})
	body := object{"rule": object{"level": e.level, "description": e.text, "id": e.id, "firedtimes": 1, "mail": false, "groups": e.groups}}
	for k, v := range e.extra {
		body[k] = v
	}
	m.wazuh("", at, e.agent, e.ip, body)
}
