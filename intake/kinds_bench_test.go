package intake_test

import (
	"io/fs"
	"path"
	"strings"
	"syscall"
	"testing"
	"time"

	"yagura/intake"
	"yagura/policy"
)

// Messages of about 1 KB in the shapes of test/load, which the time that an
// alert may take is reckoned in.
var loadMessages = map[string]string{
	"suricata": `{"timestamp":"2026-05-06T07:08:09.123456+0000","flow_id":8231290122311,"in_iface":"eth1","event_type":"alert","src_ip":"198.51.100.7","src_port":40123,"dest_ip":"10.7.8.9","dest_port":80,"proto":"TCP","tx_id":0,"community_id":"1:0f1e2d3c4b5a69788796a5b4c3d","alert":{"action":"allowed","gid":1,"signature_id":2000017,"rev":4,"signature":"ET MALWARE Qakbot download activity 2000017","category":"A Network Trojan was detected","severity":2,"metadata":{"affected_product":["Windows_XP_Vista_7_8_10_Server_32_64_Bit"],"attack_target":["Client_Endpoint"],"deployment":["Perimeter"],"signature_severity":["Major"],"malware_family":["Qakbot"]}},"http":{"hostname":"cdn-0a1b2c3d.example.net","url":"/a1b2c3/token.php?id=00112233445566ff","http_user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36","http_method":"POST","protocol":"HTTP/1.1","status":200,"length":8123},"app_proto":"http","flow":{"pkts_toserver":12,"pkts_toclient":17,"bytes_toserver":4711,"bytes_toclient":70231,"start":"2026-05-06T07:08:08.123456+0000"},"host":"sensor-07"}`,
	"okta":     `{"uuid":"0a1b2c3d-4e5f-11ee-a0b1-0123456789ab","published":"2026-05-06T07:08:09.123456Z","eventType":"user.mfa.attempt_bypass","version":"0","severity":"WARN","legacyEventType":"core.user_auth.login","displayMessage":"suspicious outbound token a1b2c3","actor":{"id":"00u0123456789abcdef01","type":"User","alternateId":"user01234@example.com","displayName":"User shadow"},"client":{"userAgent":{"rawUserAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15","os":"Mac OS X","browser":"SAFARI"},"zone":"null","device":"Computer","ipAddress":"203.0.113.9","geographicalContext":{"city":"Osaka","country":"Japan","geolocation":{"lat":34.69,"lon":135.5}}},"outcome":{"result":"FAILURE","reason":"INVALID_CREDENTIALS"},"authenticationContext":{"authenticationStep":0,"externalSessionId":"trs0123456789abcdef0123"},"securityContext":{"asNumber":64500,"isp":"isp-17","isProxy":false},"target":[{"id":"0oa0123456789abcdef01","type":"AppInstance","alternateId":"app-023","displayName":"App volume"}],"request":{"ipChain":[{"ip":"203.0.113.10","version":"V4"}]}}`,
	"generic":  `{"id":"det-0123456789abcdef","timestamp":"2026-05-06T07:08:09.123456Z","severity":"high","rule":{"name":"Qakbot via beacon 02","id":"R-0123"},"title":"suspicious encoded command on HOST-01234","description":"suspicious outbound connection encoded command lateral movement credential access scheduled task registry run","host":{"hostname":"HOST-01234","ip":"10.20.30.40","os":"Windows 11"},"user":{"name":"CORP\\u01234"},"process":{"name":"powershell.exe","pid":5120,"command_line":"powershell.exe -nop -w hidden -enc 0123456789abcdef0123456789abcdef0123456789abcdef","hash":{"sha256":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},"parent":{"name":"winword.exe","pid":3120}},"network":{"destination":{"ip":"192.0.2.33","port":443,"domain":"0123456789.example.org"}},"link":"https://edr.example.com/detections/0123456789abcdef","tenant":"example"}`,
}

func benchIngest(b *testing.B, set *policy.Set, messages ...policy.Message) {
	b.ReportAllocs()
	before := cpuTime()
	for i := 0; b.Loop(); i++ {
		if _, err := set.Ingest(b.Context(), messages[i%len(messages)]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpuTime()-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

// cpuTime is what this process has computed, collecting garbage included: on a
// machine with other work, wall time says little.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLoad is one alert of 1 KB.
func BenchmarkLoad(b *testing.B) {
	set, err := policy.Load(b.Context(), intake.Kinds)
	if err != nil {
		b.Fatal(err)
	}
	for _, kind := range []string{"generic", "okta", "suricata"} {
		b.Run(kind, func(b *testing.B) {
			benchIngest(b, set, policy.Message{Kind: kind, Source: kind, Body: []byte(loadMessages[kind])})
		})
	}
}

// BenchmarkKinds is one message of a kind, its samples in turn.
func BenchmarkKinds(b *testing.B) {
	set, err := policy.Load(b.Context(), intake.Kinds)
	if err != nil {
		b.Fatal(err)
	}
	samples, err := fs.Glob(intake.Kinds, "*/samples/*.*")
	if err != nil {
		b.Fatal(err)
	}
	byKind := map[string][]policy.Message{}
	for _, name := range samples {
		body, err := fs.ReadFile(intake.Kinds, name)
		if err != nil {
			b.Fatal(err)
		}
		kind, _, _ := strings.Cut(name, "/")
		if ext := path.Ext(name); ext == ".json" || ext == ".txt" {
			byKind[kind] = append(byKind[kind], policy.Message{Kind: kind, Source: kind, Body: body, Text: ext == ".txt"})
		}
	}
	for _, kind := range set.Kinds() {
		if len(byKind[kind]) > 0 {
			b.Run(kind, func(b *testing.B) { benchIngest(b, set, byKind[kind]...) })
		}
	}
}
