package demo

import (
	"fmt"
	"time"
)

// What the night holds.
const (
	hostsScanned = 40 // of the company's network
	guessed      = 6  // of the people, whose passwords are guessed; the others forget theirs now and then
	canary       = 40 // the address after them, where the honeypot stands
)

// scan is one address that tries the ports of a whole network: what an intrusion
// detection system sees of it host by host, and what the honeypot, the firewall
// and the cloud provider see. 900 detections.
func (m *maker) scan() {
	const begin = 17 * time.Minute // past midnight
	at := begin
	step := func() time.Time {
		at += time.Duration(200+m.rnd.IntN(2200)) * time.Millisecond
		return m.at(at)
	}
	ports := []int{21, 22, 23, 25, 80, 110, 139, 143, 443, 445, 993, 1080, 2049, 2222, 3000, 5000, 5601, 8000, 8080, 8443}
	databases := []int{1433, 3306, 5432, 6379, 9200}
	for n := range hostsScanned { // 40 × 20 = 800, and 12 × 5 = 60
		for _, port := range ports {
			m.suricata(Scan, step(), probe, scanner, host(n), port)
		}
		if n < 12 {
			for _, port := range databases {
				m.suricata(Scan, step(), databaseProbe, scanner, host(n), port)
			}
		}
		if n%4 == 3 { // 10
			m.wazuhFirewall(Scan, step(), scanner, host(n))
		}
		switch n { // 6
		case 5, 15, 25:
			m.guardDutyProbe(Scan, step(), scanner, 1, n/10+1, 22)
		case 8, 18, 28:
			m.guardDutyProbe(Scan, step(), scanner, 2, n/10+1, 443)
		}
	}
	for i := range 24 {
		m.canaryProbe(Scan, step(), scanner, host(canary), 20+i*37)
	}
}

// brute is one address that guesses passwords, of the bastion and of the company's
// sign-in. 150 detections.
func (m *maker) brute() {
	at := dusk + 41*time.Minute
	names := []string{"admin", "oracle", "postgres", "git", "deploy", "test", "ubuntu", "backup", "jenkins", "www", "root"}
	for round := range 10 { // 110
		for _, name := range names {
			at += time.Duration(4+m.rnd.IntN(22)) * time.Second
			m.wazuhSSH(Brute, m.at(at), guesser, name, "10.20.0.15", round+1)
		}
	}
	for range 6 { // 36
		for _, p := range people[:guessed] {
			at += time.Duration(3+m.rnd.IntN(30)) * time.Second
			m.oktaFailed(Brute, m.at(at), p, guesser, "INVALID_CREDENTIALS")
		}
	}
	for i := range 2 { // 4
		at += 3 * time.Minute
		m.guardDutySSH(Brute, m.at(at), guesser, i+1)
		at += 2 * time.Minute
		m.defenderSpray(Brute, m.at(at), guesser, i)
	}
}

// backup is the job that reads everything, each night. Every seventh night it is
// a full one, of 30 detections; others are of 5.
func (m *maker) backup(full bool) {
	paths := []string{
		"/etc/shadow", "/etc/sudoers", "/etc/pam.d/common-auth", "/etc/ssh/ssh_host_ed25519_key",
		"/root/.ssh/authorized_keys", "/etc/kubernetes/pki/ca.key", "/var/lib/postgresql/16/main/pg_hba.conf",
	}
	repositories := []string{"example-org/shop", "example-org/infra", "example-org/payments", "example-org/site"}
	reads, clones := 4, 1
	if full {
		reads, clones = 26, 4
	}
	at := 2*time.Hour + time.Duration(m.rnd.IntN(240))*time.Second
	for i := range reads {
		at += time.Duration(2+m.rnd.IntN(20)) * time.Second
		m.falcoBackup(m.at(at), paths[i%len(paths)], fmt.Sprintf("node-%d", i/len(paths)%4+1))
	}
	for i := range clones {
		at += time.Duration(5+m.rnd.IntN(40)) * time.Second
		m.githubClone(m.at(at), repositories[i])
	}
}

// container is the incident: in the shop's web container a program starts that
// came after the image was built.
func (m *maker) container() {
	at := m.at(3*time.Hour + 12*time.Minute + 44*time.Second + 719*time.Millisecond)
	m.falco(Container, at, falcoEvent{
		rule: "Drop and execute new binary in container", priority: "Critical", node: "node-2",
		tags: []string{"container", "mitre_persistence", "process", "T1036", "T1059"},
		output: "Critical Executing binary not part of base image (proc_exe=/tmp/.cache/sysupd process=sysupd parent=node command=sysupd -o cdn.updates.example.net:443 " +
			"container_name=web image=registry.example.com/shop/web:2.14.3)",
		fields: object{
			"container.id": "3c1f0b7a9e52", "container.name": "web", "container.image.repository": "registry.example.com/shop/web", "container.image.tag": "2.14.3",
			"k8s.ns.name": "shop", "k8s.pod.name": "web-7d9f6c5b8-q4xkz",
			"proc.name": "sysupd", "proc.pname": "node", "proc.exepath": "/tmp/.cache/sysupd", "proc.cmdline": "sysupd -o cdn.updates.example.net:443",
			"proc.pcmdline": "node server.js", "proc.pid": 41877, "proc.hash.sha256": "8f14e45fceea167a5a36dedd4bea2543c5fb9a1f04bf3e9c80ab6f4e7a1d2c36",
			"proc.is_exe_upper_layer": true, "user.name": "node", "user.uid": 1000, "user.loginuid": -1, "evt.type": "execve", "evt.res": "SUCCESS",
		},
	})
}
