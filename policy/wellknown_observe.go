package policy

import (
	"net/netip"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"yagura/alert"
)

// maxObserved bounds the observables named for one alert; more are found by
// extraction from its attributes.
const maxObserved = 60

type observed struct {
	typ   alert.ObservableType
	value string
	part  string
}

// putObservables lists the names that identify somebody or something. Values
// that a pattern alone can tell (hashes, addresses in text) are found later by
// extraction; here it is names that say whose they are.
func putObservables(see func(t alert.ObservableType, part, names string)) {
	see(alert.User, "", `user username useraccount uname samaccountname login loginname userlogin deviceusername
		childprocusername processusername loggedinuser logonuser lastloggedonuser initiatingprocessaccountname ntdomainuser primaryuser
		useremailaddress useremail useridentityusername userprincipalname upn suser userinfo users columnsusername
		lasteventuser targetedemail usernamederived ユーザー ユーザー名 ユーザ名`)
	see(alert.User, "actor", `actoremail actorname actoruser actorusername principalemail initiator initiatedby operator
		actorusername subjectusername callername impersonator principalname authenticationinfoprincipalemail actorlogin
		actordisplayname actoralternateid srcuser sourceuser sourceusername callerusername userprincipal`)
	see(alert.User, "target", `targetuser targetusername duser destinationuser dstuser victim targetuserprincipalname affecteduser
		destinationusername targetaccount`)
	see(alert.Host, "", `host hostname computer computername devicename machinename endpointname agenthostname agentcomputername
		devicehostname dvchost nodename servername server affectedhost fqdn hostfqdn agentfqdn hosts assetname
		assethostname node instance instancename instanceid sysname hostidentifier canaryname netbiosname machinedns devicefqdn
		dnshostname hostnames workstation workstationname agentname predicatehost vmname vmdisplayname configurationitems devname ホスト名 端末名`)
	see(alert.Host, "source", `srchost sourcehost sourcehostname shost clienthost clienthostname`)
	see(alert.Host, "target", `dsthost desthost destinationhost destinationhostname dhost targethost targethostname`)
	see(alert.IP, "source", `srcip sourceip sourceipaddress srcaddr src sourceaddress clientip clientipaddress callerip
		calleripaddress remoteip remoteaddress remoteipaddress remoteaddr attackerip idorigh actorip senderip sendingip originip
		initiatorip xforwardedfor originsourceipaddress actionremoteip clientaddress sourceipv4 srcipv4 srchostip sourcev4
		contextipaddress`)
	see(alert.IP, "target", `dstip destip destinationip dstaddr dst destinationaddress idresph targetip serverip destinationipaddress
		destinationipv4 dstipv4 destaddress`)
	see(alert.IP, "", `ip ipaddress ipaddr ips ipaddresses ipv4 ipv6 localip externalip deviceip hostip agentip agentipv4 canaryip
		deviceexternalip deviceinternalip publicip privateip internalip hostips macip address ipv4address privateipaddress
		publicipaddress userip loginip`)
	see(alert.Domain, "", `domain domainname dnsname dnsquery dnsqueryname queryname rrname dnsrrname maliciousdomain
		targetdomain similardomain requestdomain`)
	see(alert.Domain, "target", `clientrequesthost requesthost httphost httphostname hostheader`)
	see(alert.URL, "", `requesturl maliciousurl urloriginal urlfull clickedurl destinationurl phishingurl fileurl
		requestclientapplicationurl`)
	see(alert.Hash, "", `sha256 md5 sha1 filehash filesha256 filemd5 filesha1 processhash sha256string md5string sha1string
		sha256hex sha1hex childprocsha256 processsha256 filecontenthash md5hash sha256hash sha1hash parentsha256 hash
		hashsha256 filehashsha256 blockedsha256 threatsha256 secondarydescription`)
	see(alert.File, "", `filepath filefullpath filepathname targetfilename originalfilepath threatfilepath`)
	see(alert.Process, "", `processname processpath processimage imagepath processexecutable image actorprocessimagename
		childprocname parentprocessname exe proc procname`)
	see(alert.Email, "source", `senderemail senderaddress fromaddress headerfrom fromuseremailaddress sender mailfrom from
		envelopefrom p1sender p2sender senderfromaddress`)
	see(alert.Email, "target", `recipient recipients toaddresses recipientemail rcptto recipientemailaddress recipientaddress`)
	see(alert.Email, "", `email emailaddress mail mailboxprimaryaddress mailaddress contactemail`)
	see(alert.Account, "", `accountid awsaccountid awsaccount recipientaccountid subscriptionid workspacesubscriptionid
		usageaccountid cloudaccountid account owneraccountid projectid gcpproject gcpprojectid clouduid cloudaccountuid
		resourceprojectid azuresubscriptionid`)
	see(alert.Resource, "target", `resource resourceid resourcename resourcearn resourceuri arn resourcearns affectedresource
		targetresource targetarn imageuri resourceuid clusterarn bucketarn rolearn functionarn eventsourcearn resources
		affectedresources alerttargetids webaclid configrulearn executionrolearn useridentityarn alarmarn`)
	see(alert.CVE, "", `cve cveid vulnerabilityid vulnid cves cveids relatedcves aliases`)
}

// observe takes the values of a leaf as observables, where they can be.
func (r *reading) observe(p spot, i int, h hit) {
	l := &r.leaves[i]
	part := h.part
	if part == "" || h.typ == alert.Resource && p.part != "" {
		part = p.part
	}
	values := l.items
	if values == nil {
		values = []string{l.text}
	}
	for _, v := range values {
		if len(r.seen) >= maxObserved {
			return
		}
		typ, v, ok := observable(h.typ, v, l.number)
		if !ok {
			continue
		}
		r.see(observed{typ, v, part})
	}
}

func (r *reading) see(o observed) {
	for i, s := range r.seen {
		if s.typ == o.typ && strings.EqualFold(s.value, o.value) {
			if s.part == "" {
				r.seen[i].part = o.part
			}
			return
		}
	}
	r.seen = append(r.seen, o)
}

// typedLists hold objects that say what they are and what their value is.
var typedLists = map[string]bool{
	"observables": true, "entities": true, "indicators": true, "iocs": true, "artifacts": true, "evidence": true, "filehashes": true,
	"hashes": true, "relatedentities": true, "indicator": true, "relatedobservables": true, "evidences": true, "artifact": true,
}

// typeWords are the names that such lists give to types, folded.
var typeWords = func() map[string]alert.ObservableType {
	m := map[string]alert.ObservableType{}
	put := func(t alert.ObservableType, list string) {
		for _, w := range words(list) {
			m[w] = t
		}
	}
	put(alert.IP, "ip ipaddress ipv4 ipv6 ipv4addr ipv6addr address ipsrc ipdst")
	put(alert.Domain, "domain domainname dns dnsresolution fqdn")
	put(alert.URL, "url uri")
	put(alert.Hash, "hash filehash md5 sha1 sha256")
	put(alert.Email, "email emailaddress mail mailbox emailsrc emaildst")
	put(alert.User, "user username account useraccount")
	put(alert.Host, "host hostname device machine computer")
	put(alert.Process, "process processname")
	put(alert.File, "file filename filepath")
	put(alert.CVE, "cve vulnerability")
	put(alert.Resource, "resource cloudresource azureresource arn")
	return m
}()

// typed reads {"type": "ip", "value": "…"} and its relatives.
func (r *reading) typed(o ast.Object, part string) {
	var types, values [8]string
	o.Foreach(func(k, v *ast.Term) {
		key, _ := k.Value.(ast.String)
		text, ok := v.Value.(ast.String)
		if !ok {
			return
		}
		name := folded(string(key))
		for i, n := range [...]string{"algorithm", "type", "datatype", "kind", "entitytype", "observabletype", "artifacttype"} {
			if name == n {
				types[i] = folded(string(text))
			}
		}
		for i, n := range [...]string{"value", "data", "observable", "address", "hostname", "url", "fullpath", "name"} {
			if name == n {
				values[i] = strings.TrimSpace(string(text))
			}
		}
	})
	for _, t := range types {
		typ, ok := typeWords[t]
		if !ok {
			continue
		}
		for _, v := range values {
			if typ, v, ok := observable(typ, v, false); ok && len(r.seen) < maxObserved {
				r.see(observed{typ, v, part})
				return
			}
		}
	}
}

// observable says whether v can be an observable of type t, or of the type
// that it plainly is instead.
func observable(t alert.ObservableType, v string, number bool) (alert.ObservableType, string, bool) {
	if len(v) < 2 || len(v) > 400 || placeholder(v) || strings.ContainsAny(v, "\n\r{}") {
		return t, v, false
	}
	switch t {
	case alert.IP:
		return t, v, address(v)
	case alert.User:
		if number || len(v) > 120 || strings.Count(v, " ") > 3 || address(v) || strings.HasPrefix(v, "http") {
			return t, v, false
		}
	case alert.Host:
		if number || len(v) > 253 || strings.ContainsAny(v, " /|") {
			return t, v, false
		}
		if address(v) {
			return alert.IP, v, true
		}
		if host, port, ok := strings.Cut(v, ":"); ok && digits(port) { // Prometheus: instance="web-1:9100"
			v = host
			if address(v) {
				return alert.IP, v, true
			}
		}
		return t, v, len(v) > 1 && !strings.Contains(v, ":") && !uuidLike(v)
	case alert.Domain:
		return t, v, strings.Contains(v, ".") && !strings.ContainsAny(v, " /:@") && !address(v)
	case alert.URL:
		return t, v, strings.Contains(v, "://")
	case alert.Hash:
		v = strings.TrimPrefix(strings.ToLower(v), "sha256:")
		return t, v, (len(v) == 32 || len(v) == 40 || len(v) == 64) && hexadecimal(v)
	case alert.Email:
		v = mailAddress(v)
		return t, v, strings.Count(v, "@") == 1 && !strings.ContainsAny(v, " <>,") && strings.Contains(v, ".")
	case alert.Account:
		return t, v, len(v) == 12 && digits(v) || uuidLike(v) || projectLike(v) && !number
	case alert.Resource:
		return t, v, strings.HasPrefix(v, "arn:") || strings.HasPrefix(v, "/subscriptions/") || strings.HasPrefix(v, "//") ||
			strings.HasPrefix(v, "projects/")
	case alert.CVE:
		id := strings.ToUpper(v)
		return t, id, cveLike(id)
	case alert.File, alert.Process:
		return t, v, !number && !digits(v) && !uuidLike(v) && len(v) < 260
	}
	return t, v, true
}

// placeholder recognises what products write where they have nothing to say.
func placeholder(v string) bool {
	switch strings.ToLower(v) {
	case "", "-", "--", "n/a", "na", "none", "null", "nil", "unknown", "undefined", "not available", "not applicable", "*", "n.a.",
		"(null)", "<nil>", "true", "false", "not found", "anonymous", "tbd", "any", "all", "other":
		return true
	}
	return strings.HasPrefix(v, "$") || strings.Contains(v, "%(") || strings.Contains(v, "{{")
}

func address(v string) bool {
	if !strings.ContainsAny(v, ".:") {
		return false
	}
	if _, err := netip.ParseAddr(strings.Trim(v, "[]")); err == nil {
		return true
	}
	if _, err := netip.ParseAddrPort(v); err == nil {
		return true
	}
	_, err := netip.ParsePrefix(v)
	return err == nil
}

// mailAddress takes the address out of "Name <address>".
func mailAddress(v string) string {
	if _, rest, ok := strings.Cut(v, "<"); ok {
		if inner, _, ok := strings.Cut(rest, ">"); ok {
			return inner
		}
	}
	return v
}

func digits(v string) bool {
	for i := range len(v) {
		if v[i] < '0' || v[i] > '9' {
			return false
		}
	}
	return v != ""
}

func hexadecimal(v string) bool {
	for i := range len(v) {
		if c := v[i] | 0x20; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return v != ""
}

func uuidLike(v string) bool {
	if len(v) != 36 || v[8] != '-' || v[13] != '-' || v[18] != '-' || v[23] != '-' {
		return false
	}
	return hexadecimal(strings.ReplaceAll(v, "-", ""))
}

// projectLike recognises the form of a Google Cloud project's id.
func projectLike(v string) bool {
	if len(v) < 6 || len(v) > 30 || v[0] < 'a' || v[0] > 'z' || !strings.Contains(v, "-") {
		return false
	}
	for i := range len(v) {
		if c := v[i]; c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func cveLike(v string) bool {
	if len(v) < 13 || len(v) > 20 || v[:4] != "CVE-" || v[8] != '-' {
		return false
	}
	return digits(v[4:8]) && digits(v[9:])
}

// vulnerabilityID recognises ids of vulnerabilities and advisories.
func vulnerabilityID(v string) bool {
	if len(v) > 40 || len(v) < 8 || strings.ContainsAny(v, " /") {
		return false
	}
	up := strings.ToUpper(v)
	if cveLike(up) {
		return true
	}
	for _, prefix := range []string{
		"GHSA-", "OSV-", "PYSEC-", "RUSTSEC-", "GO-20", "MAL-20", "DSA-", "USN-", "RHSA-", "ELSA-",
		"ALAS", "SUSE-SU-", "UBUNTU-CVE-", "DEBIAN-CVE-", "SNYK-", "CISA-", "ICSA-", "ICSMA-", "TEMP-0", "BDU:", "JVNDB-", "KSV-",
		"ASB-A-", "CGA-", "RHBA-", "RLSA-",
	} {
		if strings.HasPrefix(up, prefix) {
			return true
		}
	}
	return false
}

// technical says whether a field may hold ATT&CK ids, by its folded name and
// that of the object it is in.
func technical(object, name string) bool {
	for _, s := range [...]string{name, object} {
		if len(s) < 3 {
			continue
		}
		if strings.Contains(s, "techni") || strings.Contains(s, "mitre") || strings.Contains(s, "attack") ||
			strings.Contains(s, "ttp") || strings.Contains(s, "tag") || s == "threat" {
			return true
		}
	}
	return false
}

// techniques takes ATT&CK technique ids out of text: T1059, attack.t1059.001.
func (r *reading) techniques(text string) {
	for i := 0; i+5 <= len(text) && len(r.tech) < 40; i++ {
		if text[i]|0x20 != 't' || i > 0 && alphanumeric(text[i-1]) || !digits(text[i+1:i+5]) {
			continue
		}
		end := i + 5
		if end+4 <= len(text) && text[end] == '.' && digits(text[end+1:end+4]) {
			end += 4
		}
		if end < len(text) && alphanumeric(text[end]) {
			continue
		}
		id := "T" + text[i+1:end]
		if !contains(r.tech, id) {
			r.tech = append(r.tech, id)
		}
		i = end - 1
	}
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
