package group

import (
	"strings"
)

// What is everybody's says nothing: accounts, processes, files and pages that
// every installation of a system has.

// builtin are accounts that every machine has, as lower-case names.
var builtin = set(
	"system", "localsystem", "local system", "local service", "network service", "localservice", "networkservice",
	"anonymous", "anonymous logon", "everyone", "authenticated users", "interactive", "service", "defaultaccount", "wdagutilityaccount",
	"nobody", "daemon", "www-data", "sshd", "systemd", "systemd-network", "messagebus", "syslog",
	"-", "n/a", "none", "null", "unknown", "(null)", "<unknown>",
)

// local are accounts that every machine has one of its own of: they are told
// apart by what they are qualified with, and say nothing where they are not.
var local = set("administrator", "admin", "guest", "root", "user", "test", "krbtgt", "azureuser", "ec2-user", "ubuntu")

// builtinDomains are the authorities of Windows that hold built-in accounts.
var builtinDomains = set("nt authority", "nt service", "builtin", "font driver host", "window manager", "iis apppool", "nt virtual machine", "autorite nt", "nt-autorität")

// resident are processes that run as long as their machine: the same one says no
// more than the same host does.
var resident = set(
	"system", "registry", "smss.exe", "csrss.exe", "wininit.exe", "winlogon.exe", "services.exe", "lsass.exe", "svchost.exe",
	"explorer.exe", "userinit.exe", "spoolsv.exe", "taskhostw.exe", "wmiprvse.exe", "dwm.exe", "sihost.exe", "runtimebroker.exe",
	"systemd", "init", "launchd", "sshd", "cron", "crond", "dockerd", "containerd", "kubelet",
)

// emptyHashes are the digests of no bytes at all.
var emptyHashes = set(
	"d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
)

// manuals are hosts of pages that rules and advice point at.
var manuals = set(
	"learn.microsoft.com", "docs.microsoft.com", "support.microsoft.com", "technet.microsoft.com", "go.microsoft.com", "aka.ms",
	"security.microsoft.com", "portal.azure.com", "attack.mitre.org", "cve.mitre.org", "nvd.nist.gov", "www.cve.org", "cwe.mitre.org",
	"docs.aws.amazon.com", "console.aws.amazon.com", "cloud.google.com", "console.cloud.google.com", "www.virustotal.com", "virustotal.com",
	"en.wikipedia.org", "doc.emergingthreats.net", "owasp.org", "www.elastic.co", "documentation.wazuh.com",
)

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

// sid reports whether s is a Windows security identifier, and whether it names
// one account of one domain: S-1-5-21-a-b-c-rid and S-1-12-1-a-b-c-d do, the
// short ones are built in.
func sid(s string) (is, own bool) {
	rest, ok := strings.CutPrefix(s, "s-")
	if !ok || rest == "" {
		return false, false
	}
	parts := 1
	for i := range len(rest) {
		switch c := rest[i]; {
		case c == '-':
			parts++
		case c < '0' || c > '9':
			return false, false
		}
	}
	return parts > 1, parts >= 7
}

// systemPath reports whether a lower-case path is one of the operating system's.
func systemPath(p string) bool {
	p = strings.ReplaceAll(p, "/", `\`)
	if len(p) > 2 && p[1] == ':' {
		p = p[2:]
	}
	for _, dir := range []string{
		`\windows\system32\`, `\windows\syswow64\`, `\windows\winsxs\`, `\windows\systemapps\`, `\windows\microsoft.net\`,
		`\program files\windows `, `\program files (x86)\windows `, `\usr\bin\`, `\usr\sbin\`, `\usr\lib\`, `\bin\`, `\sbin\`, `\system\library\`,
	} {
		if strings.HasPrefix(p, dir) {
			return true
		}
	}
	return false
}

// image returns the lower-case file name of the program that a command line or a
// path begins with.
func image(s string) string {
	if strings.HasPrefix(s, `"`) {
		s, _, _ = strings.Cut(s[1:], `"`)
	} else if i := strings.Index(s, ".exe"); i >= 0 {
		s = s[:i+4]
	} else {
		s, _, _ = strings.Cut(s, " ")
	}
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	return s
}

// application reports whether a value is or holds the id of a program that
// Microsoft runs for everybody.
func application(s string) bool {
	return strings.Contains(s, "-0000-0000-c000-000000000000") || strings.HasPrefix(s, "saas/")
}
