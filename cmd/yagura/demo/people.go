package demo

import (
	"fmt"
	"time"
)

// okta is one event of Okta's System Log.
func (m *maker) okta(story Story, at time.Time, event, text, severity, result, reason, person, address string, target []object) {
	m.add("okta", story, at, object{
		"uuid": m.uuid(), "published": utc(at), "eventType": event, "version": "0", "severity": severity, "displayMessage": text,
		"actor": object{"id": "00u" + m.id(17), "type": "User", "alternateId": mail(person), "displayName": person, "detailEntry": nil},
		"client": object{
			"ipAddress": address, "device": "Computer", "zone": "null", "id": nil,
			"userAgent":           object{"rawUserAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "os": "Linux", "browser": "FIREFOX"},
			"geographicalContext": object{"city": nil, "country": "Nowhere", "state": nil, "postalCode": nil},
		},
		"outcome":         object{"result": result, "reason": nilIfEmpty(reason)},
		"securityContext": object{"asNumber": 64500, "asOrg": "example hosting", "isp": "example hosting", "domain": ".", "isProxy": false},
		"debugContext":    object{"debugData": object{"requestId": "req" + m.id(20), "requestUri": "/api/v1/authn", "threatSuspected": "false"}},
		"transaction":     object{"type": "WEB", "id": "req" + m.id(20), "detail": object{}},
		"request":         object{"ipChain": []object{{"ip": address, "version": "V4", "source": nil}}},
		"target":          target,
	})
}

func nilIfEmpty(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// oktaFailed is a sign-in with a wrong password or code.
func (m *maker) oktaFailed(story Story, at time.Time, person, address, reason string) {
	m.okta(story, at, "user.session.start", "User login to Okta", "WARN", "FAILURE", reason, person, address, nil)
}

// oktaReset is a person who lost the second factor.
func (m *maker) oktaReset(at time.Time, person string) {
	m.okta("", at, "user.mfa.factor.reset_all", "Reset all factors for user", "INFO", "SUCCESS", "", "h.tanaka", "192.0.2.5", []object{
		{"id": "00u" + m.id(17), "type": "User", "alternateId": mail(person), "displayName": person},
	})
}

// githubClone is the backup job fetching a repository, as the audit log has it.
func (m *maker) githubClone(at time.Time, repository string) {
	ms := at.UnixMilli()
	m.add("github", Backup, at, object{
		"@timestamp": ms, "_document_id": m.id(22), "action": "git.clone", "actor": "backup-runner", "actor_id": 9001, "actor_ip": "192.0.2.5",
		"actor_location": object{"country_code": "JP"}, "business": "example-enterprise", "created_at": ms, "org": "example-org", "org_id": 7,
		"repo": repository, "repository": repository, "repository_public": false, "transport_protocol_name": "ssh", "user": "", "user_agent": "git/2.47.0",
	})
}

// githubQuiet is what a development team brings up in a day: a dependency with
// an advisory, or a change of membership.
func (m *maker) githubQuiet(at time.Time) {
	if m.rnd.IntN(2) == 0 {
		ms := at.UnixMilli()
		m.add("github", "", at, object{
			"@timestamp": ms, "_document_id": m.id(22), "action": "team.add_member", "actor": "h-tanaka-example", "actor_id": 9002, "actor_ip": "192.0.2.5",
			"business": "example-enterprise", "created_at": ms, "org": "example-org", "org_id": 7, "team": "example-org/shop", "user": pick(m, []string{"new-intern-example", "contractor-example"}),
		})
		return
	}
	number := 100 + (Days - m.back)
	name := pick(m, []string{"left-padding", "fast-csv-reader", "tiny-yaml", "image-resizer"})
	severity := pick(m, []string{"low", "medium", "medium", "high"})
	advisory := "GHSA-" + m.id(4) + "-" + m.id(8)[4:] + "-" + m.id(12)[8:]
	stamp := at.UTC().Format(time.RFC3339)
	message := m.add("github", "", at, object{
		"action": "created",
		"alert": object{
			"number": number, "state": "open", "created_at": stamp, "updated_at": stamp, "html_url": fmt.Sprintf("https://github.com/example-org/shop/security/dependabot/%d", number),
			"dependency": object{"package": object{"ecosystem": "npm", "name": name}, "manifest_path": "package-lock.json", "scope": "runtime"},
			"security_advisory": object{
				"ghsa_id": advisory, "cve_id": nil, "severity": severity, "summary": name + " uses too much time on long input", "description": "A long line makes the reader slow.",
			},
			"security_vulnerability": object{"package": object{"ecosystem": "npm", "name": name}, "severity": severity, "vulnerable_version_range": "< 2.1.0", "first_patched_version": object{"identifier": "2.1.0"}},
		},
		"repository":   object{"id": 1001, "full_name": "example-org/shop", "private": true, "html_url": "https://github.com/example-org/shop"},
		"organization": object{"login": "example-org", "id": 7},
		"sender":       object{"login": "github", "type": "Organization"},
	})
	message.Header = map[string]string{"X-GitHub-Event": "dependabot_alert"}
}

// defender is one alert of Microsoft Graph's second API.
func (m *maker) defender(story Story, at time.Time, id, title, description, severity, category, service string, techniques []string, evidence []object) {
	m.add("defender", story, at, object{
		"@odata.type": "#microsoft.graph.security.alert", "id": id, "providerAlertId": id, "incidentId": "9" + id[2:6], "status": "new", "severity": severity,
		"classification": nil, "determination": nil, "serviceSource": service, "productName": "Microsoft Defender", "detectionSource": service, "tenantId": tenant,
		"title": title, "description": description, "recommendedActions": "Look at the device and the account.", "category": category, "assignedTo": nil,
		"alertWebUrl":     "https://security.microsoft.com/alerts/" + id + "?tid=" + tenant,
		"mitreTechniques": techniques, "createdDateTime": utc(at), "lastUpdateDateTime": utc(at), "resolvedDateTime": nil,
		"firstActivityDateTime": utc(at.Add(-5 * time.Minute)), "lastActivityDateTime": utc(at), "comments": []object{}, "evidence": evidence,
	})
}

// defenderSpray is a password tried with many names.
func (m *maker) defenderSpray(story Story, at time.Time, from string, n int) {
	m.defender(story, at, fmt.Sprintf("da%018d_%d", m.day.Unix(), n+1), "Password spray against several accounts",
		"One address tried few passwords with many accounts.", "medium", "CredentialAccess", "azureAdIdentityProtection", []string{"T1110.003"}, []object{
			{"@odata.type": "#microsoft.graph.security.ipEvidence", "verdict": "suspicious", "remediationStatus": "none", "ipAddress": from, "countryLetterCode": "ZZ"},
			{"@odata.type": "#microsoft.graph.security.userEvidence", "verdict": "unknown", "remediationStatus": "none", "userAccount": object{"accountName": people[n], "userPrincipalName": mail(people[n])}},
		})
}

// defenderQuiet is something on a laptop that was stopped by itself.
func (m *maker) defenderQuiet(at time.Time) {
	n := m.rnd.IntN(len(people))
	type found struct{ title, severity, file string }
	f := pick(m, []found{
		{"Unwanted software was blocked", "low", "toolbar-setup.exe"},
		{"Suspicious script was stopped", "medium", "invoice.js"},
		{"Test file of the antivirus industry was found", "informational", "sample.com"},
	})
	device := fmt.Sprintf("ws-%02d", n+1)
	m.defender("", at, fmt.Sprintf("da%018d_9", at.Unix()), f.title, "The file was taken away before it ran.", f.severity, "Malware", "microsoftDefenderForEndpoint", []string{"T1204.002"}, []object{
		{"@odata.type": "#microsoft.graph.security.deviceEvidence", "verdict": "unknown", "remediationStatus": "none", "deviceDnsName": device + ".corp.example.com", "hostName": device, "osPlatform": "Windows11", "lastIpAddress": fmt.Sprintf("10.20.2.%d", 40+n)},
		{"@odata.type": "#microsoft.graph.security.fileEvidence", "verdict": "malicious", "remediationStatus": "prevented", "detectionStatus": "prevented", "fileDetails": object{"fileName": f.file, "filePath": `C:\Users\` + people[n] + `\Downloads`, "sha256": m.id(64)}},
		{"@odata.type": "#microsoft.graph.security.userEvidence", "verdict": "unknown", "remediationStatus": "none", "userAccount": object{"accountName": people[n], "userPrincipalName": mail(people[n])}},
	})
}
