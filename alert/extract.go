package alert

import (
	"slices"
	"strings"
)

// Bounds on what Observe takes from one alert.
const (
	MaxObservables = 200
	maxScan        = 32 << 10  // bytes read of one text
	maxScanTotal   = 256 << 10 // bytes read of one alert
)

// Observe returns the observables an alert names: those its policy gave,
// normalised, then those found in its title, rule, description and attributes
// in order of appearance. Text is refanged first. Keys of attributes say what
// their values are ("src_ip", "userName"); where nothing says so, only what
// cannot be something else is taken. Each (type, value) is named once, at
// most MaxObservables in all. The alert's link is not read.
func Observe(a *Alert) []Observable {
	c := collector{}
	for _, o := range a.Observables {
		c.given(o)
	}
	given := len(c.found)
	c.text(a.Title, hint{})
	c.text(a.Rule, hint{mode: cveOnly})
	c.text(a.Description, hint{})
	for i := range a.Attributes {
		c.attribute(a.Attributes[i].Key, a.Attributes[i].Value)
	}
	for _, tag := range a.Tags {
		c.text(tag, hint{mode: cveOnly})
	}
	return c.withoutIDs(given, a.Attributes)
}

// withoutIDs returns what was found, less those digests after the first given
// that another attribute calls an id: products write ids of 32 hex digits
// everywhere, also into fields named after MD5.
func (c *collector) withoutIDs(given int, attributes []Attribute) []Observable {
	if given == len(c.found) {
		return c.found
	}
	found := c.found[:given]
	for _, o := range c.found[given:] {
		if o.Type != Hash || len(o.Value) != 32 || !slices.ContainsFunc(attributes, func(a Attribute) bool {
			return len(a.Value) == 32 && hintOf(a.Key).mode == ids && strings.EqualFold(a.Value, o.Value)
		}) {
			found = append(found, o)
		}
	}
	return found
}

// collector gathers observables, each once.
type collector struct {
	found []Observable
	read  int // bytes scanned so far
}

// full reports whether nothing more is taken.
func (c *collector) full() bool { return len(c.found) >= MaxObservables }

// add takes an observable if it is valid and new, and what it implies: a URL
// its host, a resource its account.
func (c *collector) add(o Observable) bool {
	o, ok := Normalize(o)
	if !ok {
		return false
	}
	if !c.put(o) {
		return true
	}
	switch o.Type {
	case URL:
		c.addURLHost(o)
	case Resource:
		c.addResourceParts(o)
	}
	return true
}

// put appends a normalised observable unless it is there already, and reports
// whether it did.
func (c *collector) put(o Observable) bool {
	for i := range c.found {
		f := &c.found[i]
		if f.Type == o.Type && sameValue(o.Type, f.Value, o.Value) {
			if f.Role == "" {
				f.Role = o.Role
			}
			return false
		}
	}
	if c.full() {
		return false
	}
	if c.found == nil {
		c.found = make([]Observable, 0, 16)
	}
	c.found = append(c.found, o)
	return true
}

// sameValue compares two normalised values. Names of users, hosts and
// processes are kept as written but are the same in any letter case.
func sameValue(t ObservableType, a, b string) bool {
	switch t {
	case User, Host, Process, Account:
		return strings.EqualFold(a, b)
	}
	return a == b
}

// given takes an observable that a policy named. Policies write the types of
// their products; a value that fits another type than said becomes that one.
func (c *collector) given(o Observable) {
	if t, ok := typeNames[strings.ToLower(string(o.Type))]; ok {
		o.Type = t
	}
	switch o.Type {
	case IP, Domain, URL, Email, Host, User:
		o.Value = strings.TrimSpace(Refang(o.Value))
	}
	switch o.Type {
	case IP, Domain, Host:
		c.addPlace(o)
	default:
		c.add(o)
	}
}

// addPlace takes a value that names a place on the network, as the type it is
// given where that is right, else as what it is.
func (c *collector) addPlace(o Observable) bool {
	if ip, ok := normalizeIP(o.Value); ok {
		o.Type, o.Value = IP, ip
		return c.add(o)
	}
	if c.add(o) {
		return true
	}
	if o.Type == Host || strings.Contains(o.Value, "://") {
		return false
	}
	o.Type = Host
	return c.add(o)
}

// typeNames are other words for our types.
var typeNames = map[string]ObservableType{
	"ip": IP, "ipv4": IP, "ipv6": IP, "ip_address": IP, "ipaddress": IP, "cidr": IP, "address": IP,
	"domain": Domain, "domain_name": Domain, "fqdn": Domain,
	"url": URL, "uri": URL,
	"hash": Hash, "md5": Hash, "sha1": Hash, "sha256": Hash, "file_hash": Hash,
	"email": Email, "email_address": Email, "mail": Email,
	"user": User, "username": User, "user_name": User,
	"host": Host, "hostname": Host, "device": Host,
	"process": Process, "process_name": Process,
	"file": File, "file_path": File, "filename": File, "file_name": File, "path": File,
	"cve": CVE, "vulnerability": CVE,
	"account": Account, "account_id": Account, "subscription": Account, "project": Account,
	"resource": Resource, "arn": Resource, "resource_id": Resource,
}

// addURLHost takes the host of a normalised URL.
func (c *collector) addURLHost(o Observable) {
	rest := o.Value[strings.Index(o.Value, "://")+3:]
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	c.addServer(rest, o.Role)
}

// addServer takes host[:port] of an authority: an address or a domain; names
// without a dot say too little.
func (c *collector) addServer(authority, role string) {
	if ip, ok := normalizeIP(authority); ok {
		c.put(Observable{Type: IP, Value: ip, Role: role, Scope: ScopeOf(Observable{Type: IP, Value: ip})})
		return
	}
	host, _ := splitPort(authority)
	if strings.IndexByte(host, '.') > 0 {
		c.add(Observable{Type: Domain, Value: host, Role: role})
	}
}

// addResourceParts takes what a resource's name holds beside itself: its cloud
// account, and the IAM user it may be.
func (c *collector) addResourceParts(o Observable) {
	if account := resourceAccount(o.Value); account != "" {
		c.add(Observable{Type: Account, Value: account})
	}
	if name := iamUser(o.Value); name != "" {
		c.add(Observable{Type: User, Value: name, Role: o.Role})
	}
}

// attribute takes what a key and its value name.
func (c *collector) attribute(key, value string) {
	if value == "" || c.full() {
		return
	}
	h := hintOf(key)
	if h.mode == skip {
		return
	}
	if h.typ == "" {
		c.text(value, h)
		return
	}
	c.hinted(value, h)
}
