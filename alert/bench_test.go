package alert

import "testing"

// typical is an alert of about 1 KB as policies word it.
var typical = Alert{
	Kind: "guardduty", Rule: "UnauthorizedAccess:EC2/SSHBruteForce",
	Title:       "i-0abc12de34f567890 is performing SSH brute force attacks against 198.51.100.23",
	Description: "EC2 instance i-0abc12de34f567890 has performed SSH brute force attacks against 198.51.100.23 since 2026-01-01T03:12:44Z. Brute force attacks are used to gain unauthorized access to your instance by guessing the SSH password. The process sshd (version 9.6.0.1) on host web-01.corp.example.com ran /usr/sbin/sshd as root and then contacted https://updates.example.net/agent/1.2.3.4/check?id=77.",
	Observables: []Observable{{Type: IP, Value: "198.51.100.23", Role: "target"}, {Type: Host, Value: "i-0abc12de34f567890"}},
	Attributes: []Attribute{
		{Key: "account_id", Value: "123456789012"},
		{Key: "region", Value: "ap-northeast-1"},
		{Key: "instance_id", Value: "i-0abc12de34f567890"},
		{Key: "src_ip", Value: "10.0.3.17"},
		{Key: "dst_ip", Value: "198.51.100.23"},
		{Key: "dst_port", Value: "22"},
		{Key: "user", Value: `CORP\svc_backup`},
		{Key: "process.executable", Value: "/usr/sbin/sshd"},
		{Key: "sha256", Value: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		{Key: "count", Value: "61"},
		{Key: "first_seen", Value: "2026-01-01T03:12:44Z"},
		{Key: "arn", Value: "arn:aws:ec2:ap-northeast-1:123456789012:instance/i-0abc12de34f567890"},
	},
}

func BenchmarkObserve(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Observe(&typical)
	}
}

func BenchmarkObserveProse(b *testing.B) {
	b.ReportAllocs()
	prose := Alert{Description: typical.Description}
	for b.Loop() {
		Observe(&prose)
	}
}

func BenchmarkDefaultBasis(b *testing.B) {
	a := typical
	a.Observables = Observe(&typical)
	b.ReportAllocs()
	for b.Loop() {
		FingerprintOf(a.Kind, a.Rule, DefaultBasis(&a))
	}
}

func BenchmarkObservableKey(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ObservableKey("web-01.corp.example.com")
	}
}
