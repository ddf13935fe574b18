package alert

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// domains takes the names in a token that are domains and nothing else.
func (sc *scanner) domains(start, end int) {
	s := sc.s
	for i := start; i < end; {
		if !nameByte(s[i]) {
			i++
			continue
		}
		begin, dots := i, 0
		for i < end && nameByte(s[i]) {
			if s[i] == '.' {
				dots++
			}
			i++
		}
		if dots == 0 {
			continue
		}
		if !sc.nameStarts(start, begin) {
			return // the rest of a path or the like
		}
		from, to := begin, i
		for from < to && (s[from] == '.' || s[from] == '-' || s[from] == '_' && s[to-1] == '_') {
			from++
		}
		for from < to && strings.IndexByte(".-_", s[to-1]) >= 0 {
			to--
		}
		if wide := sc.wideStart(start, from); wide < from {
			if begin == start && sc.take(Domain, wide, to) {
				continue
			}
			return
		}
		name := s[from:to]
		if name != "" && sc.nameEnds(i, end, name) && sc.isDomain(name, start, i, end) {
			sc.take(Domain, from, to)
		}
		if i < end && (s[i] == '/' || s[i] == '\\') {
			return
		}
	}
}

// wideStart returns where a name that goes on at s[from] begins, if letters
// beyond ASCII stand right before the token: "bücher.example" is one name. Han,
// kana and hangul are not taken in: those scripts write no blank before a name.
func (sc *scanner) wideStart(start, from int) int {
	if start == 0 || sc.s[start-1] < utf8.RuneSelf || from != start && sc.s[start:from] != "." {
		return from
	}
	if r, _ := utf8.DecodeLastRuneInString(sc.s[:start]); !alphabetic(r) {
		return from
	}
	at := start
	for at > 0 && start-at < 64 {
		r, n := utf8.DecodeLastRuneInString(sc.s[:at])
		if r < utf8.RuneSelf && !nameByte(byte(r)) || r >= utf8.RuneSelf && !alphabetic(r) {
			break
		}
		at -= n
	}
	return at
}

// alphabetic reports whether r is a letter of a script that puts blanks between words.
func alphabetic(r rune) bool {
	return unicode.In(r, unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Hebrew, unicode.Arabic, unicode.Armenian, unicode.Georgian)
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == '.' || c == '-' || c == '_'
}

// nameStarts reports whether a name may begin at s[begin] of the token.
func (sc *scanner) nameStarts(start, begin int) bool {
	if begin == start {
		return true
	}
	switch sc.s[begin-1] {
	case ':', '@', '*', '!':
		return true
	case '/':
		return sc.s[start:begin] == "//"
	case '\\':
		return sc.s[start:begin] == `\\`
	}
	return false
}

// nameEnds reports whether what follows a name lets it be a domain: not a
// call, an assignment, a mail's local part.
func (sc *scanner) nameEnds(i, end int, name string) bool {
	if i < end {
		switch sc.s[i] {
		case ':', '/', '?', '!', '#', '&':
			return true
		}
		return false
	}
	if i < len(sc.s) && (sc.s[i] == '(' || sc.s[i] == '=' && !strings.HasPrefix(name, "www.")) {
		return false
	}
	return true
}

// Words and labels that tell names of code, files and fields from domains.
var (
	// first labels of reversed names and of class libraries
	packageRoots = wordSet("com org net java javax javafx android androidx kotlin kotlinx scala sun jdk akka jakarta mscorlib system microsoft")
	// labels that fields and events have where a domain has its own name
	codeLabels = wordSet("user users process proc host hosts file files fd container containers event events agent rule rules cloud network device devices service services k8s ka kubernetes system sys app apps application policy policies data log logs message source destination src dst client server request response session auth login account accounts email mail team org repo security threat alert alerts object resource resources iam config configuration metadata labels label spec status this self window document module os path json action pod image target actor group groups role roles key keys field fields value values name id type evt winlog package registry url dns tls http geo observer organization vulnerability parent thread entity error input output result params props item items node job task workflow cluster namespace volume machine audit token secret credential password entry record state context env access location")
	// top-level domains that are also the names of files, where two labels alone say too little
	fileTLDs = wordSet("py sh pl rs zip mov md so ps pm mo la cab cat pub dot bz tf mk app")
	// top-level domains that are English words of fields and events
	wordTLDs = wordSet("name id group network security support live click link email services systems download run date report media events zone cloud company audio video plus host city team tools online site space page rest now open play map new foo dev info app active actor agency business care cash center chat check cool data direct directory exchange expert fail fan financial fit fund global guide help here industries international kim land legal limited loan management map market mobile moe one page pics place properties realty review rocks sale school search select services shop show social software solutions storage store study style supply target technology tips today top trade training vip watch web win work works world aws google microsoft azure office windows oracle ibm sap cisco dell intel is it in at to do my me so no be by am as us pub prof pro mobi tel sc st ms net io bar")
	// names that look like domains and are files, frameworks or examples of style
	notDomains = wordSet("asp.net vb.net ado.net ml.net paint.net socket.io eicar.com command.com foo.bar node.js next.js vue.js readme.md index.md e.g i.e a.m p.m system.io java.io java.net java.security makefile.in config.in configure.ac log4j.net dot.net edit.com format.com more.com mode.com tree.com chcp.com diskcopy.com win.com")
	// two-label names on file-like top-level domains that are well known
	knownDomains = wordSet("transfer.sh notion.so docs.rs bun.sh get.sh brew.sh ngrok.app oast.pro")
	// where code and images live: no domains where a path follows
	codeHosts = wordSet("github.com gitlab.com bitbucket.org golang.org gopkg.in google.golang.org k8s.io kubernetes.io ghcr.io docker.io quay.io gcr.io registry.k8s.io public.ecr.aws mcr.microsoft.com registry-1.docker.io index.docker.io registry.hub.docker.com go.uber.org cloud.google.com modernc.org istio.io")
	// first labels of the names that scanners give to malware
	malwareLabels = wordSet("trojan w32 w64 win32 win64 win backdoor worm virus heur adware pua pup generic exploit ransom ransomware riskware behavior suspicious malicious hacktool msil html linux unix osx macos js vbs")
	domainWords   = wordSet("domain domains dns query queried queries host hostname fqdn website site resolved resolve resolves lookup connected connect connection connecting callback c2 beacon beaconing visited browse browsed url server to")
)

// isDomain decides whether a dotted name in running text is a domain. name is
// s[..i] without punctuation; the token is s[start:end].
func (sc *scanner) isDomain(name string, start, i, end int) bool {
	if len(name) < 4 || len(name) > 253 || strings.Contains(name, "..") {
		return false
	}
	last := strings.LastIndexByte(name, '.')
	if last < 0 {
		return false
	}
	tld := name[last+1:]
	if !letterCase(name, tld) {
		return false
	}
	low := strings.ToLower(name)
	tld = low[last+1:]
	if notDomains[low] || !goodLabels(low) || !knownSuffix(low) {
		return false
	}
	first := low[:strings.IndexByte(low, '.')]
	before := low[:last]
	own := before[strings.LastIndexByte(before, '.')+1:] // the label before the last
	labels := strings.Count(low, ".") + 1
	if sc.h.typ == Domain || sc.h.typ == Host || first == "www" {
		return true
	}
	if strings.IndexByte(own, '_') >= 0 || packageRoots[first] && labels > 2 || malwareLabels[first] && tld != "com" && tld != "net" && tld != "org" {
		return false
	}
	if !hasLetter(own) && tld != "com" && tld != "net" && tld != "org" && tld != "cn" {
		return false
	}
	if wordTLDs[tld] && codeLabels[own] {
		return false
	}
	if labels == 2 && (fileTLDs[tld] || privateTLDs[tld] && codeLabels[own]) && !knownDomains[low] && !sc.saysDomain(start) {
		return false
	}
	if labels == 2 && sc.saysUser(start) {
		return false
	}
	if strings.HasSuffix(low, ".amazonaws.com") && labels == 3 || strings.HasSuffix(low, ".googleapis.com") && labels == 3 {
		return false // the name of a cloud's service
	}
	if i < end && sc.s[i] == '/' {
		return !isCodeHost(low)
	}
	return true
}

// isCodeHost reports whether a path below this name is a module, an image or
// a label rather than a page.
func isCodeHost(name string) bool {
	if codeHosts[name] || strings.HasSuffix(name, ".k8s.io") || strings.HasSuffix(name, ".kubernetes.io") || strings.HasSuffix(name, ".gcr.io") ||
		strings.HasSuffix(name, ".azurecr.io") || strings.HasSuffix(name, ".pkg.dev") || strings.HasSuffix(name, ".istio.io") || strings.Contains(name, ".dkr.ecr.") {
		return true
	}
	return false
}

// letterCase reports whether a name's capitals are those of a domain: none,
// all, or the first letter of a sentence; System.Net and detected.In are none.
func letterCase(name, tld string) bool {
	upperTLD := tld[0] >= 'A' && tld[0] <= 'Z'
	if !upperTLD {
		for i := range len(name) {
			// an inner capital after a small letter: someClass.name
			if c := name[i]; c >= 'A' && c <= 'Z' && i > 0 && name[i-1] >= 'a' && name[i-1] <= 'z' {
				return false
			}
		}
		return true
	}
	if tld == "COM" || tld == "ORG" {
		return true
	}
	for i := range len(name) {
		if c := name[i]; c >= 'a' && c <= 'z' {
			return false
		}
	}
	return true
}

func hasLetter(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return true
		}
	}
	return false
}

// saysDomain reports whether the words before announce a domain.
func (sc *scanner) saysDomain(start int) bool {
	words := wordsBefore(sc.s, start, 2)
	return domainWords[words[0]] || domainWords[words[1]]
}

// saysUser reports whether the word before announces a person: john.li is one.
func (sc *scanner) saysUser(start int) bool {
	switch wordsBefore(sc.s, start, 1)[0] {
	case "user", "username", "login", "account", "actor":
		return true
	}
	return false
}
