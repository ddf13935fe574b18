package alert

import (
	"strings"
	"sync"
	"sync/atomic"
)

// hint is what an attribute's key says of its value.
type hint struct {
	typ       ObservableType // "" where the key does not say
	role      string
	mode      mode
	weak      bool // the key means other things too
	digests   digestTrust
	isProject bool // of accounts: the key speaks of a project
}

// mode narrows what a text is read for.
type mode uint8

const (
	anything mode = iota
	skip          // times, versions, our own links: nothing
	cveOnly       // rules and tags
	ids           // identifiers: e-mail, resources, CVEs
	agents        // User-Agents: full of versions; URLs with a scheme only
	images        // container images: full of registries and digests
	noFile        // request paths: no file of ours
)

// keyWords says what the last words of a key mean, longest match first. Keys
// are split at case changes and separators: "srcIpAddr" is src, ip, addr.
var keyWords = readableKeys()

func readableKeys() map[string]hint {
	table := map[string]hint{}
	say := func(h hint, keys ...string) {
		for _, k := range keys {
			table[k] = h
		}
	}
	say(hint{typ: IP}, "ip", "ips", "ipv4", "ipv6", "ip address", "ip addresses", "ip addr", "ipaddress", "ipaddr", "ip v4", "ip v6", "ipv4 address", "ipv6 address",
		"srcip", "dstip", "src", "dst", "saddr", "daddr", "remote addr", "client addr", "source addr", "src addr", "dst addr", "dest addr", "peer addr", "source address", "destination address",
		"src address", "dst address", "dest address", "remote address", "client address", "local address", "cidr", "cidr ip", "x forwarded for", "fd sip", "fd cip", "fd rip", "fd lip", "ip str", "ip from", "cidr block")
	say(hint{typ: User}, "user", "users", "username", "usernames", "user name", "user names", "login", "login name", "logon name", "account name", "sam account name", "samaccountname", "suser", "duser", "srcuser", "dstuser", "actor", "user principal name",
		"upn", "logon user", "subject user name", "target user name", "user login", "uname", "iam user", "user arn", "users name", "pusher name", "user full name", "actor name", "actor login", "owner user")
	say(hint{typ: Host}, "host", "hosts", "hostname", "hostnames", "host name", "computer", "computer name", "computername", "device name", "devicename", "device host name", "machine", "machine name", "machinename", "endpoint name", "node", "node name", "nodename",
		"shost", "dhost", "dvchost", "agent name", "workstation", "workstation name", "netbios name", "server name", "device fqdn", "host fqdn", "agent computer name", "device dns name", "computer dns name", "host dns name", "dns host name", "dnshostname", "fqdn", "asset name", "vm name", "instance name", "host identifier")
	say(hint{typ: Host, weak: true}, "instance", "server", "target host name")
	say(hint{typ: Domain}, "domain", "domains", "domain name", "domain names", "qname", "query name", "rrname", "sni", "tls sni", "tls server name", "http host", "dns query", "dns name", "url domain", "url host", "remote domain", "sender domain", "http hostname", "request host", "dns question name", "question name", "dns rrname", "url hostname", "registered domain")
	say(hint{typ: URL}, "url", "urls", "request url", "uri", "click url", "referer", "referrer")
	say(hint{typ: Hash}, "md5", "sha1", "sha 1", "sha256", "sha 256", "hash", "hashes", "file hash", "filehash", "checksum", "process hash", "file sha", "image hash", "filecontenthash", "contenthash", "sha256 string", "sha1 string", "md5 string", "sha256hex", "sha1hex", "md5hex")
	say(hint{typ: Email}, "email", "emails", "e mail", "mail", "email address", "mail address", "sender", "recipient", "recipients", "from", "to", "cc", "bcc", "reply to", "mail from", "rcpt to", "sender address", "recipient address", "return path", "from address", "to address", "mailbox", "user email", "email addresses")
	say(hint{typ: Process}, "process", "processes", "process name", "processname", "proc name", "procname", "proc exe", "proc pname", "exe", "executable", "comm", "exe path", "exepath", "parent process", "parent process name", "new process name", "process path",
		"process image", "process executable", "image path", "proc exepath", "initiating process", "initiating process name", "program", "process file name", "process image path")
	say(hint{typ: Process, weak: true}, "image", "parent image", "source image", "target image", "image name")
	say(hint{typ: File}, "file", "files", "filename", "filenames", "file name", "file names", "filepath", "file path", "file paths", "fname", "target filename", "target file name", "folder path", "object name", "fd name", "image loaded", "file full path", "full path", "syscheck path", "directory", "working directory", "script path", "app path", "binary path")
	say(hint{typ: File, weak: true}, "path", "paths", "location path")
	say(hint{typ: CVE}, "cve", "cves", "cve id", "cve ids")
	say(hint{typ: Account}, "account id", "accountid", "account ids", "aws account id", "aws account", "awsaccountid", "account", "account number", "owner id", "subscription id", "subscription", "subscriptionid", "azure subscription id", "project id", "projectid", "gcp project", "gcp project id", "recipient account id", "cloud account id", "usage account id", "aws account number")
	say(hint{typ: Account, weak: true}, "project")
	say(hint{typ: Resource}, "arn", "arns", "resource", "resources", "resource id", "resource arn", "resource name", "resourceid", "azure resource id", "role arn", "user arn", "resource ids")

	// Words that mean another thing than their last word says.
	say(hint{typ: Domain}, "http host", "url host", "host header", "tls server name", "ssl server name", "server name indication", "request headers host", "headers host")
	say(hint{mode: ids}, "id", "uuid", "guid", "ids", "key", "token", "session", "nonce", "etag", "commit", "sha", "head sha", "base sha", "after", "before", "revision", "imphash", "ja3", "ja3s", "ja4", "hassh", "vhash", "ssdeep", "tlsh", "authentihash", "pehash", "thumbprint", "signature", "fingerprint",
		"thread", "correlation", "trace", "span", "ja3 hash", "ja3s hash", "commit hash", "git hash", "tree hash", "password hash", "cert hash", "name", "type", "category", "metric", "metric name", "alertname", "event", "event type", "event name", "action", "operation", "rule", "rule name", "namespace", "package", "class", "module", "logger", "check", "check id", "dedup key", "status", "state", "provider", "product", "service", "service name", "service source", "event source", "eventsource", "log name", "detection source", "vendor", "severity", "region", "mac", "mac address", "isp", "asn", "organization", "org", "company", "asorg", "as name", "as org", "display name", "license", "framework", "compliance", "ecosystem", "purl", "cpe", "dependency", "artifact", "component", "library", "pkg", "pkg name", "package name", "function", "function name", "method", "group", "groups", "labels", "label", "annotations")
	say(hint{mode: skip}, "message id", "messageid", "internet message id", "finding id", "finding ids", "finding arn", "product arn", "generator id", "standards arn", "standards control arn", "standards subscription arn", "version", "versions", "ver", "build", "release", "os version", "kernel", "time", "date", "timestamp", "created", "updated", "modified", "duration", "count", "port", "ports", "pid", "ppid", "size", "length", "score", "latitude", "longitude", "lat", "lon",
		"fixed in", "fix version", "oid", "installed version", "firmware", "schema", "vector", "cvss vector", "user agent version", "cidr count", "src port", "dst port", "source port", "destination port",
		"reference", "references", "documentation", "docs", "help", "remediation", "recommendation", "recommendations", "link", "links", "href", "html url", "web url", "alert url", "incident url", "dashboard url", "panel url", "silence url", "image url", "generator url", "external url", "icon", "icon url", "logo", "avatar", "avatar url", "self", "next", "runbook", "runbook url", "help uri", "information uri", "primary url", "reference url", "source url", "help url", "documentation url", "advisory url", "permalink", "console url", "falcon host link", "api url", "events url", "repository url", "repos url", "doc url", "more info")
	say(hint{mode: agents}, "user agent", "useragent", "http user agent", "agent string", "client app", "browser")
	say(hint{mode: images}, "container image", "registry server", "registry", "image repository", "image tag", "image digest", "image id", "digest", "image ref", "image reference", "docker image", "repo digests", "repo digest", "repo tags", "container image repository", "container image tag", "image uri", "container image name", "base image", "artifact name", "k8s image")
	say(hint{mode: noFile}, "http path", "url path", "request path", "uri path", "http url", "request uri", "http uri", "request", "http request", "url query", "query", "query string", "uri stem", "cs uri stem", "route", "endpoint", "requested resource", "object key", "target path", "manifest path", "registry path", "registry key", "key path", "json path", "branch", "ref")
	say(hint{mode: anything}, "source", "destination", "target", "ip type", "ip version", "ip country", "file type", "file size", "user type", "user count", "host count", "process count")
	return table
}

// roleWords give the part that a value plays, by a word in its key.
var roleWords = map[string]string{
	"src": "source", "source": "source", "client": "source", "attacker": "source", "caller": "source", "srcip": "source", "saddr": "source", "suser": "source", "shost": "source", "sender": "source", "from": "source", "peer": "source",
	"dst": "target", "dest": "target", "destination": "target", "target": "target", "victim": "target", "dstip": "target", "daddr": "target", "duser": "target", "dhost": "target", "recipient": "target", "recipients": "target", "to": "target",
	"actor": "actor", "initiator": "actor", "initiating": "actor", "principal": "actor", "subject": "actor", "invoked": "actor",
	"parent": "parent",
}

// hints remembers what keys said; keys come from products and repeat. It is
// bounded because a sender may invent keys.
var (
	hints      sync.Map // string → hint
	hintsCount atomic.Int32
)

const maxHints = 8192

// hintOf returns what a key says of its value.
func hintOf(key string) hint {
	if h, ok := hints.Load(key); ok {
		return h.(hint)
	}
	h := readKey(key)
	if len(key) <= 128 && hintsCount.Load() < maxHints {
		hintsCount.Add(1)
		hints.Store(strings.Clone(key), h)
	}
	return h
}

// textHint returns what a key inside a text says. Texts come from attackers:
// their keys are not remembered.
func textHint(key string) hint {
	if h, ok := hints.Load(key); ok {
		return h.(hint)
	}
	return readKey(key)
}

// readKey reads a key from its end: the longest run of last words that means
// something decides, of up to four words.
func readKey(key string) hint {
	if len(key) > 256 {
		key = key[len(key)-256:]
	}
	words := splitKey(key)
	for n := min(4, len(words)); n > 0; n-- {
		h, ok := keyWords[strings.Join(words[len(words)-n:], " ")]
		if !ok {
			continue
		}
		h.role = roleOf(words)
		if h.typ == "" && digestsOf(words) == allDigests {
			h = hint{typ: Hash, role: h.role}
		}
		return rethink(h, words)
	}
	for _, w := range words {
		if ownTextKeys[w] {
			return hint{mode: ids}
		}
	}
	if n := len(words); n > 0 && len(words[n-1]) < 9 && strings.HasSuffix(words[n-1], "id") {
		return hint{mode: ids, role: roleOf(words)}
	}
	if n := len(words); n > 0 && (words[n-1] == "url" || words[n-1] == "urls" || words[n-1] == "uri") {
		return rethink(hint{typ: URL, role: roleOf(words)}, words)
	}
	return hint{role: roleOf(words), digests: digestsOf(words)}
}

// digestsOf returns how far a key's words let hex be a digest.
func digestsOf(words []string) digestTrust {
	trust := noDigests
	for _, w := range words {
		switch {
		case strings.HasPrefix(w, "md5"), strings.HasPrefix(w, "sha1"), strings.HasPrefix(w, "sha256"), w == "hash", w == "hashes":
			return allDigests
		case digestWords[w] || messageKeys[w]:
			trust = proseDigests
		}
	}
	return trust
}

// digestTrust says how far hex of a digest's length is taken for one.
type digestTrust uint8

const (
	proseDigests digestTrust = iota // by the words around it
	noDigests                       // only with a label: the key speaks of something else
	allDigests                      // always: the key says hash
)

// messageKeys are words of keys that hold running text.
var messageKeys = wordSet("message msg description text body output log summary details detail reason title event raw command cmdline evidence comment comments note notes full")

// ownTextKeys are words of keys whose text is the product's or an advisory's
// own, such as steps to mend; it names pages to read, not what happened.
var ownTextKeys = wordSet("remediation remediations recommendation recommendations references reference documentation mitigation mitigations solution disclaimer legal")

// rethink mends what the last word alone would get wrong, by the words before it.
func rethink(h hint, words []string) hint {
	has := func(list map[string]bool) bool {
		for _, w := range words {
			if list[w] {
				return true
			}
		}
		return false
	}
	last := words[len(words)-1]
	h.isProject = h.typ == Account && has(projectKeys)
	to := hint{role: h.role}
	switch {
	case h.typ == Host && (last == "host" || last == "hostname") && has(webKeys):
		h.typ = Domain
		return h
	case h.typ == Host && has(imageKeys), h.typ == Process && has(imageKeys) && last != "process" && !strings.HasPrefix(last, "proc"):
		to.mode = images
	case h.typ == File && (has(webKeys) || has(registryKeys)):
		to.mode = noFile
	case h.typ == Domain && has(accountKeys):
		to.mode = ids
	case h.typ == Hash && (has(otherHashKeys) || (last == "hash" || last == "hashes") && len(words) > 1 && !fileHashKeys[words[len(words)-2]]):
		to.mode = ids
	case h.typ == User && has(cloudKeys) && last == "name", h.typ == User && (last == "login" || last == "name") && has(orgKeys):
		to.mode = ids
	case h.typ == URL && !isSubjectURL(words, has):
		to.mode = ids
	default:
		return h
	}
	return to
}

// isSubjectURL reports whether a key's URL belongs to what happened, rather
// than to the product's own pages, its API or an advisory's references.
func isSubjectURL(words []string, has func(map[string]bool) bool) bool {
	if len(words) > 1 && subjectURLKeys[words[len(words)-2]] {
		return true
	}
	return !has(ownURLKeys)
}

// Words that change what a key's last word says.
var (
	projectKeys    = wordSet("project projectid gcp")
	webKeys        = wordSet("http https url uri dns tls sni header headers request web")
	registryKeys   = wordSet("registry reg")
	imageKeys      = wordSet("container docker k8s kubernetes pod repository registry image-ref")
	accountKeys    = wordSet("user account logon nt subject ad windows")
	cloudKeys      = wordSet("aws cloud gcp azure recipient")
	orgKeys        = wordSet("organization org team company tenant repository")
	otherHashKeys  = wordSet("commit git ja3 ja3s password cert certificate merge tls ssh layer db database incident alert device session token dt")
	fileHashKeys   = wordSet("file files content process image parent md5 sha sha1 sha256 binary attachment executable target malware sample object initiating exe sample1 dll module threat quarantined actor causality payload evidence entity")
	ownURLKeys     = wordSet("reference references related links identifiers vendor scanner remediation remediations recommendation recommendations documentation docs doc help advisory advisories console dashboard panel panels monitor html api avatar followers following gists starred subscriptions organizations repos received repository repo sender organization owner comment comments issue issues pull commits commit workflow runbook generator external configuration descriptor vulnerability vulnerabilities cve nvd display log matches schema license svn ssh clone git deployment releases tags labels milestones author assignee assignees member team teams installation account user publisher distribution feed entry provider policy rule detector alert alerts incident trigger portal tenant workspace ticket case job build run board status support feedback icon logo image images metadata context update info more actor check checks test tests slo silence graph explore annotation self next tlp")
	subjectURLKeys = wordSet("request http https click clicked clicks threat malicious phishing file download downloaded remote dest dst destination landing original full redirect redirected payload c2 ioc indicator indicators dns attack attacker blocked suspicious final effective submitted visited accessed browser malware exploit injected requested evidence entity entities observable observables referer referrer")
)

func roleOf(words []string) string {
	for i := len(words) - 1; i >= 0; i-- {
		if r, ok := roleWords[words[i]]; ok {
			return r
		}
	}
	return ""
}

// splitKey cuts a key into lower-case words at separators, at changes from
// lower to upper case, and between an acronym and the word after it; numbers
// of list places are left out. "SourceIPAddress[0]" is source, ip, address.
func splitKey(key string) []string {
	var words []string
	for start := 0; start < len(key); {
		for start < len(key) && !isWordByte(key[start]) {
			start++
		}
		end := start
		for end < len(key) && isWordByte(key[end]) {
			if end > start && keyBreak(key, end) {
				break
			}
			end++
		}
		if end > start && !allDigits(key[start:end]) {
			words = append(words, strings.ToLower(key[start:end]))
		}
		start = end
	}
	return words
}

// keyBreak reports whether a new word begins at key[i].
func keyBreak(key string, i int) bool {
	upper := func(c byte) bool { return c >= 'A' && c <= 'Z' }
	lower := func(c byte) bool { return c >= 'a' && c <= 'z' }
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	switch {
	case !upper(key[i]):
		return false
	case lower(key[i-1]):
		return true
	case digit(key[i-1]):
		return i+1 < len(key) && lower(key[i+1]) || i >= 3 && lower(key[i-2])
	}
	return i+1 < len(key) && lower(key[i+1]) && !(key[i+1] == 's' && (i+2 == len(key) || !lower(key[i+2]))) && !(key[i+1] == 'v' && i+2 < len(key) && digit(key[i+2]))
}
