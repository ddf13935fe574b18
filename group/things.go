package group

import (
	"slices"
	"strings"

	"yagura/alert"
)

// maxThings bounds what of one alert is looked at.
const maxThings = 128

// reader collects what an alert is about, each thing once.
type reader struct {
	infrastructure func(alert.ObservableType, string) bool
	list           []thing
	own            []string // domains that the alert's hosts and users stand in
	mentioned      int
}

// read returns what the alert is about. The slice is the reader's, until the next read.
func (r *reader) read(a *alert.Alert) []thing {
	r.list, r.own, r.mentioned = r.list[:0], r.own[:0], 0
	for i := range a.Entities {
		r.entity(&a.Entities[i])
	}
	hashes := !onlySystemFiles(a)
	for i := range a.Observables {
		if o := &a.Observables[i]; o.Type != alert.Hash || hashes {
			r.observable(o)
		}
	}
	for i := range a.Attributes {
		if at := &a.Attributes[i]; commandKeys[strings.ToLower(at.Key)] {
			r.entity(&alert.Entity{Type: alert.EntityCommand, Value: at.Value[:min(len(at.Value), alert.MaxEntityValue)]})
		}
	}
	// Last, so that they are only mentioned where they are nothing more.
	for i, n := 0, len(r.list); i < n; i++ {
		if r.list[i].kind == command {
			r.mentions(r.list[i].value)
		}
	}
	r.list = slices.DeleteFunc(r.list, func(t thing) bool {
		return t.kind == domain && r.ours(t.value) || t.kind == hash && t.shared
	})
	return r.list
}

// onlySystemFiles reports whether every file of the alert whose path is known is
// one of the system's: the hashes beside them are everybody's.
func onlySystemFiles(a *alert.Alert) bool {
	known := false
	for _, o := range a.Observables {
		if o.Type == alert.File && strings.ContainsAny(o.Value, `/\`) {
			if !systemPath(strings.ToLower(o.Value)) {
				return false
			}
			known = true
		}
	}
	return known
}

// ours reports whether a domain is the one that the alert's own hosts or users
// stand in: the organisation's, which all of its alerts name.
func (r *reader) ours(d string) bool {
	for _, own := range r.own {
		if related(own, d) {
			return true
		}
	}
	return false
}

// related reports whether two DNS domains are one, or one stands below the other.
func related(a, b string) bool {
	return a == b || strings.HasSuffix(a, b) && a[len(a)-len(b)-1] == '.' || strings.HasSuffix(b, a) && b[len(b)-len(a)-1] == '.'
}

func (r *reader) add(t thing) {
	if t.value == "" || len(r.list) >= maxThings {
		return
	}
	if t.domain != "" && strings.Contains(t.domain, ".") && !slices.Contains(r.own, t.domain) {
		r.own = append(r.own, t.domain)
	}
	for i := range r.list {
		have := &r.list[i]
		if have.key == t.key {
			have.shared = have.shared || t.shared
			if have.domain == "" {
				have.domain = t.domain
			}
			return
		}
	}
	r.list = append(r.list, t)
}

var entityKinds = map[alert.EntityType]kind{
	alert.EntityProcess: process, alert.EntitySession: session, alert.EntityMessage: message, alert.EntityRegistry: registry,
	alert.EntityResource: resource, alert.EntityHash: hash, alert.EntityCommand: command, alert.EntitySender: email, alert.EntitySubject: subject,
}

func (r *reader) entity(e *alert.Entity) {
	switch e.Type {
	case alert.EntityHost, alert.EntityUser:
		t, of := hostOf(e.Value), alert.Host
		if e.Type == alert.EntityUser {
			t, of = userOf(e.Value), alert.User
		}
		t.aliases = e.Aliases
		t.shared = e.Shared || t.value != "" && r.declared(of, t.show, t.value)
		r.add(t)
		return
	}
	k, ok := entityKinds[e.Type]
	if !ok {
		return
	}
	value := strings.ToLower(strings.TrimSpace(e.Value))
	switch k {
	case process:
		if resident[image(value[strings.LastIndexByte(value, '/')+1:])] {
			return
		}
	case command: // one without arguments is anybody's
		if !strings.Contains(value, " ") || resident[image(value)] || len(value) < 12 {
			return
		}
	case resource:
		if application(value) {
			return
		}
	}
	r.add(thing{key: key{kind: k, value: value}, show: e.Value, shared: e.Shared})
}

func (r *reader) observable(o *alert.Observable) {
	var t thing
	if o.Role == "sensor" { // it watches many: what it saw has nothing else in common
		return
	}
	switch o.Type {
	case alert.Host:
		t = hostOf(o.Value)
	case alert.User:
		t = userOf(o.Value)
	case alert.Email:
		switch o.Role {
		case "recipient", "mailbox":
			t = userOf(o.Value)
		default:
			t = thing{key: key{kind: email, value: strings.ToLower(o.Value)}, show: o.Value}
		}
	case alert.IP:
		t = ipOf(o)
	case alert.Domain:
		if value := strings.ToLower(o.Value); !manuals[value] {
			t = thing{key: key{kind: domain, value: value}, show: o.Value}
		}
	case alert.URL:
		if at := urlHost(o.Value); at != "" && !manuals[at] {
			t = thing{key: key{kind: url, value: strings.TrimSuffix(o.Value, "/")}, show: o.Value}
		}
	case alert.Hash:
		if value := strings.ToLower(o.Value); !emptyHashes[value] {
			t = thing{key: key{kind: hash, value: value}, show: o.Value}
		}
	case alert.Resource:
		if value := strings.ToLower(o.Value); !application(value) {
			t = thing{key: key{kind: resource, value: value}, show: o.Value}
		}
	}
	if t.value == "" {
		return
	}
	t.shared = r.declared(o.Type, o.Value, t.value)
	r.add(t)
}

func (r *reader) declared(t alert.ObservableType, written, canonical string) bool {
	return r.infrastructure != nil && (r.infrastructure(t, written) || canonical != written && r.infrastructure(t, canonical))
}

// ipOf drops addresses that every machine has, and ranges.
func ipOf(o *alert.Observable) thing {
	switch o.Scope {
	case alert.ScopeLoopback, alert.ScopeLinkLocal, alert.ScopeMulticast, alert.ScopeUnspecified, alert.ScopeBroadcast:
		return thing{}
	}
	if strings.IndexByte(o.Value, '/') >= 0 {
		return thing{}
	}
	outsider := o.Role == "source" && (o.Scope == "" || o.Scope == alert.ScopeDocumentation)
	return thing{key: key{kind: ip, value: o.Value}, show: o.Value, outsider: outsider}
}

// urlHost returns the lower-case host of an http or ftp URL, "" where there is none.
func urlHost(s string) string {
	_, rest, ok := strings.Cut(s, "://")
	if !ok {
		return ""
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return strings.ToLower(rest)
}

// hostOf reads a host's name: web-01, WEB-01 and web-01.corp.example.com are the
// same one. A value of an address is none.
func hostOf(s string) thing {
	name := strings.ToLower(strings.TrimSuffix(strings.TrimSpace(s), "."))
	name = strings.TrimPrefix(name, `\\`)
	short, dom := name, ""
	if i := strings.IndexByte(name, '.'); i > 0 {
		short, dom = name[:i], name[i+1:]
	}
	if short == "localhost" || builtin[short] || strings.Trim(name, "0123456789.:") == "" || strings.IndexByte(name, ':') >= 0 {
		return thing{}
	}
	return thing{key: key{kind: host, value: short}, show: s, domain: dom}
}

// userOf reads a user's name: alice, CORP\alice and alice@corp.example.com are the
// same one. Accounts that every machine has are none.
func userOf(s string) thing {
	name := strings.ToLower(strings.TrimSpace(s))
	if is, own := sid(name); is {
		if !own {
			return thing{}
		}
		return thing{key: key{kind: user, value: name}, show: s}
	}
	short, dom := name, ""
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		dom, short = name[:i], name[i+1:]
	} else if i := strings.LastIndexByte(name, '@'); i > 0 {
		short, dom = name[:i], name[i+1:]
	}
	switch {
	case short == "", builtin[short], builtinDomains[dom], strings.HasSuffix(short, "$"):
		return thing{}
	case local[short] && dom == "":
		return thing{}
	case local[short]:
		return thing{key: key{kind: user, value: short + "@" + dom}, show: s}
	}
	return thing{key: key{kind: user, value: short}, show: s, domain: dom}
}
