package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// messages makes alerts of about 1 KB in the shape that products send: an EDR's
// process alerts, an IDS's signatures, a sign-in log. Each is an event of its
// own about one of many hosts, users and addresses.
type messages struct {
	r *rand.Rand
	n int
}

func newMessages(seed uint64) *messages {
	return &messages{r: rand.New(rand.NewPCG(seed, 7))}
}

var (
	loadKinds = []string{"suricata", "okta", "generic"}
	families  = strings.Fields("Emotet Qakbot Dridex IcedID Raccoon RedLine Formbook AgentTesla Remcos NjRAT Vidar Lokibot")
	actions   = strings.Fields("scan exploit callback download beacon tunnel policy")
	words     = strings.Fields("suspicious outbound connection encoded command lateral movement credential access scheduled task registry run key archive upload staging persistence discovery evasion service remote desktop share volume shadow copy token privilege")
	japanese  = []string{"不審な外部通信を検知しました", "管理者権限の昇格が試行されました", "資格情報への不正アクセスの可能性", "攻撃の兆候を示す通信です", "業務時間外の大量ダウンロード"}
)

// next returns one message and the kind of source it belongs to.
func (m *messages) next(at time.Time) (kind string, body []byte) {
	m.n++
	switch m.n % 3 {
	case 0:
		return "suricata", m.suricata(at)
	case 1:
		return "okta", m.okta(at)
	}
	return "generic", m.edr(at)
}

func (m *messages) pick(list []string) string { return list[m.r.IntN(len(list))] }

func (m *messages) phrase(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(m.pick(words))
	}
	return b.String()
}

func (m *messages) hex(n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[m.r.IntN(16)]
	}
	return string(b)
}

func (m *messages) suricata(at time.Time) []byte {
	sid := 2000000 + m.r.IntN(60)
	return fmt.Appendf(nil, `{"timestamp":%q,"flow_id":%d,"in_iface":"eth%d","event_type":"alert","src_ip":"198.51.%d.%d","src_port":%d,"dest_ip":"10.%d.%d.%d","dest_port":%d,"proto":"TCP","tx_id":0,"community_id":"1:%s","alert":{"action":"allowed","gid":1,"signature_id":%d,"rev":%d,"signature":"ET MALWARE %s %s activity %d","category":"A Network Trojan was detected","severity":%d,"metadata":{"affected_product":["Windows_XP_Vista_7_8_10_Server_32_64_Bit"],"attack_target":["Client_Endpoint"],"deployment":["Perimeter"],"signature_severity":["Major"],"malware_family":[%q]}},"http":{"hostname":"cdn-%s.example.net","url":"/%s/%s.php?id=%s","http_user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36","http_method":"POST","protocol":"HTTP/1.1","status":200,"length":%d},"app_proto":"http","flow":{"pkts_toserver":%d,"pkts_toclient":%d,"bytes_toserver":%d,"bytes_toclient":%d,"start":%q},"host":"sensor-%02d"}`,
		at.Format("2006-01-02T15:04:05.000000-0700"), m.r.Int64N(1<<53), m.r.IntN(4), m.r.IntN(256), m.r.IntN(256), 1024+m.r.IntN(60000), m.r.IntN(200), m.r.IntN(256), m.r.IntN(256), 80,
		m.hex(27), sid, 1+sid%7, families[sid%len(families)], actions[sid%len(actions)], sid, 1+sid%3, families[sid%len(families)], m.hex(8), m.hex(6), m.pick(words), m.hex(16), m.r.IntN(90000),
		m.r.IntN(90), m.r.IntN(90), m.r.IntN(90000), m.r.IntN(90000), at.Add(-time.Second).Format("2006-01-02T15:04:05.000000-0700"), m.r.IntN(20))
}

func (m *messages) okta(at time.Time) []byte {
	types := []string{"user.session.start", "user.mfa.attempt_bypass", "security.threat.detected", "user.account.lock", "system.api_token.create", "user.authentication.auth_via_mfa", "policy.rule.update"}
	user := fmt.Sprintf("user%05d@example.com", m.r.IntN(40000))
	sev := []string{"INFO", "WARN", "ERROR", "DEBUG"}[m.r.IntN(4)]
	return fmt.Appendf(nil, `{"uuid":"%s-%s-11ee-%s-%s","published":%q,"eventType":%q,"version":"0","severity":%q,"legacyEventType":"core.user_auth.login","displayMessage":"%s %s","actor":{"id":"00u%s","type":"User","alternateId":%q,"displayName":"User %s"},"client":{"userAgent":{"rawUserAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15","os":"Mac OS X","browser":"SAFARI"},"zone":"null","device":"Computer","ipAddress":"203.0.%d.%d","geographicalContext":{"city":"Osaka","country":"Japan","geolocation":{"lat":34.69,"lon":135.5}}},"outcome":{"result":"FAILURE","reason":"INVALID_CREDENTIALS"},"authenticationContext":{"authenticationStep":0,"externalSessionId":"trs%s"},"securityContext":{"asNumber":%d,"isp":"isp-%d","isProxy":false},"target":[{"id":"0oa%s","type":"AppInstance","alternateId":"app-%03d","displayName":"App %s"}],"request":{"ipChain":[{"ip":"203.0.%d.%d","version":"V4"}]}}`,
		m.hex(8), m.hex(4), m.hex(4), m.hex(12), at.UTC().Format(time.RFC3339Nano), m.pick(types), sev, m.phrase(3), m.hex(6), m.hex(17), user, m.pick(words), m.r.IntN(256), m.r.IntN(256), m.hex(20), m.r.IntN(65000), m.r.IntN(900), m.hex(17), m.r.IntN(400), m.pick(words), m.r.IntN(256), m.r.IntN(256))
}

func (m *messages) edr(at time.Time) []byte {
	text := m.phrase(14)
	if m.r.IntN(12) == 0 {
		text = m.pick(japanese) + " " + text
	}
	host := m.r.IntN(5000)
	return fmt.Appendf(nil, `{"id":"det-%s","timestamp":%q,"severity":%q,"rule":{"name":"%s via %s %02d","id":"R-%04d"},"title":"%s on HOST-%05d","description":%q,"host":{"hostname":"HOST-%05d","ip":"10.20.%d.%d","os":"Windows 11"},"user":{"name":"CORP\\u%05d"},"process":{"name":"powershell.exe","pid":%d,"command_line":"powershell.exe -nop -w hidden -enc %s","hash":{"sha256":%q},"parent":{"name":"winword.exe","pid":%d}},"network":{"destination":{"ip":"192.0.2.%d","port":443,"domain":"%s.example.org"}},"link":"https://edr.example.com/detections/%s","tenant":"example"}`,
		m.hex(16), at.UTC().Format(time.RFC3339Nano), []string{"low", "medium", "high", "critical"}[m.r.IntN(4)], m.pick(families), m.pick(actions), m.r.IntN(4), m.r.IntN(300), m.phrase(3), host, text, host, m.r.IntN(256), m.r.IntN(256), m.r.IntN(20000), m.r.IntN(60000), m.hex(48), m.hex(64), m.r.IntN(60000), m.r.IntN(256), m.hex(10), m.hex(16))
}
