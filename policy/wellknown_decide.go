package policy

import (
	"hash/fnv"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"yagura/alert"
)

// found is what decide makes of the candidates; each "Why" is the path that
// gave it.
type found struct {
	title, titleWhy      string
	titleRank            int    // of the name that gave it
	what                 string // of a composed title, what happened
	rule, ruleWhy        string
	description, descWhy string
	sev                  alert.Severity
	sevText, sevWhy      string
	seenAt, seenWhy      string
	link, linkWhy        string
	action, actionWhy    string
	condition, condWhy   string
	eventID, idWhy       string
	basis                []string
	basisWhy             string
	tags                 []string
	vuln                 string
}

// decide picks the alert's fields from the candidates.
func (r *reading) decide() {
	r.severity()
	r.time()
	r.vulnerability()
	r.pickRule()
	r.pickTitle()
	r.looseRule()
	r.pickDescription()
	r.pickLink()
	r.pickAction()
	r.pickCondition()
	r.pickBasis()
	r.pickID()
	r.pickTags()
}

// first returns the best candidate of a role that holds fits.
func (r *reading) first(ro role, fits func(l *leaf, c candidate) bool) (*leaf, candidate) {
	for _, c := range r.best[ro] {
		if l := &r.leaves[c.leaf]; fits(l, c) {
			return l, c
		}
	}
	return nil, candidate{}
}

// scalarLeaf accepts what is one value and says something.
func scalarLeaf(l *leaf, _ candidate) bool { return l.items == nil && !placeholder(l.text) }

func firstOf(l *leaf) string {
	if len(l.items) > 0 {
		return l.items[0]
	}
	return l.text
}

func (r *reading) pickLink() {
	l, _ := r.first(roleLink, func(l *leaf, c candidate) bool {
		if l.items != nil || !webURL(l.text) {
			return false
		}
		return c.hit.rank != rankURL || r.ownLink(l)
	})
	if l != nil {
		r.link, r.linkWhy = l.text, l.path
	}
}

func webURL(s string) bool {
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") || len(s) > 2048 || strings.ContainsAny(s, " \n\t<>\"") {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && u.Host != ""
}

// ownLink says whether a field that is only called "url" leads to the alert
// and not to what the alert is about, which may be an attacker's page: it
// does where it stands in the alert's own object or names the alert's id.
func (r *reading) ownLink(l *leaf) bool {
	object, name, _ := cutLast(l.path)
	if i := strings.LastIndexByte(object, '.'); i >= 0 {
		object = object[i+1:]
	}
	if c := containers[folded(object)]; c.ctx == ctxAlert {
		return true
	}
	for _, ro := range [...]role{roleObject, roleID} {
		for _, c := range r.best[ro] {
			if id := r.leaves[c.leaf].text; len(id) >= 4 && strings.Contains(l.text, id) {
				return true
			}
		}
	}
	switch strings.ToLower(name) {
	case "link":
		return object == "" || r.productHost(l.text)
	case "url", "uri", "href": // what was visited as often as not
		return false
	}
	return r.productHost(l.text)
}

// productHost says whether a URL leads to the product that sent the message,
// because the name of its host is the name that a product, vendor or source
// field gives.
func (r *reading) productHost(link string) bool {
	u, err := url.Parse(link)
	if err != nil {
		return false
	}
	labels := strings.Split(strings.ToLower(u.Hostname()), ".")
	if len(labels) < 2 || len(labels[len(labels)-2]) < 3 {
		return false
	}
	label := labels[len(labels)-2]
	for i := range r.leaves {
		name := lastName(r.leaves[i].path)
		for _, of := range [...]string{"product", "vendor", "provider", "logtype", "sourcelabel", "sourcename", "integration", "generator"} {
			if strings.Contains(name, of) && strings.Contains(strings.ToLower(r.leaves[i].text), label) {
				return true
			}
		}
	}
	return false
}

var actionWords = func() map[string]alert.Action {
	m := map[string]alert.Action{}
	put := func(a alert.Action, s string) {
		for _, w := range words(s) {
			m[w] = a
		}
	}
	put(alert.Blocked, `block blocked deny denied drop dropped prevent prevented reject rejected refused killed kill
		terminated terminate mitigated stopped reset blk prevention`)
	put(alert.Quarantined, `quarantine quarantined isolate isolated contained contain remediated cleaned removed`)
	put(alert.Allowed, `allow allowed permit permitted pass passed accept accepted delivered allw`)
	put(alert.Detected, `detect detected alert alerted monitor monitored report reported count log logged audit observed warn
		detectonly flagged detection`)
	return m
}()

func (r *reading) pickAction() {
	for _, c := range r.best[roleAction] {
		l := &r.leaves[c.leaf]
		a, ok := actionOf(l, c)
		if ok {
			r.action, r.actionWhy = string(a), l.path
			return
		}
	}
	for end, a := range map[string]alert.Action{"blocked": alert.Blocked, "delivered": alert.Allowed, "permitted": alert.Allowed} {
		if strings.HasSuffix(r.list, end) {
			r.action, r.actionWhy = string(a), "the list "+r.list
		}
	}
}

func actionOf(l *leaf, c candidate) (alert.Action, bool) {
	name := lastName(l.path)
	if l.text == "true" || l.text == "false" {
		switch {
		case l.text == "false":
			return "", false
		case strings.Contains(name, "quarantin"):
			return alert.Quarantined, true
		case strings.Contains(name, "block"), strings.Contains(name, "prevent"):
			return alert.Blocked, true
		}
		return "", false
	}
	if name == "quarantinefolder" || name == "quarantinerule" {
		return alert.Quarantined, !placeholder(l.text)
	}
	low := strings.ToLower(firstOf(l))
	if a, ok := actionWords[low]; ok {
		return a, true
	}
	parts := strings.FieldsFunc(low, func(c rune) bool { return !unicode.IsLetter(c) })
	if len(parts) > 2 && c.hit.rank == 0 || len(parts) > 24 || c.hit.rank > 4 {
		return "", false
	}
	for i, p := range parts {
		if p == "not" || p == "no" || p == "failed" {
			return alert.Detected, true
		}
		if a, ok := actionWords[p]; ok && (len(parts) == 1 || c.hit.rank > 0 || i == 0) {
			return a, true
		}
	}
	return "", false
}

// fixedWords end a posture finding; the second list ends any monitor's alert.
var fixedWords = map[string]bool{
	"resolved": true, "fixed": true, "passed": true, "pass": true, "remediated": true, "closed": true, "compliant": true,
	"recovered": true, "recovery": true, "ok": true, "mitigated": true, "auto_fixed": true, "true": true, "alert_recovery": true,
	"inactive": true,
}

var recoveredWords = map[string]bool{"recovered": true, "recovery": true, "fixed": true, "alert_recovery": true, "remediated": true}

// verdictState are fields that only hold the verdict of a check.
var verdictState = map[string]bool{"statuscode": true, "compliancestatus": true, "compliance": true, "compliancetype": true}

var failedWords = map[string]bool{"fail": true, "failed": true, "warning": true, "non_compliant": true}

func (r *reading) pickCondition() {
	for _, c := range r.best[roleState] {
		l := &r.leaves[c.leaf]
		if l.items != nil {
			continue
		}
		low := strings.ToLower(l.text)
		success := lastName(l.path) == "success" || lastName(l.path) == "result"
		switch {
		case low == "true" && !success, success && !r.posture:
			continue
		case verdictState[lastName(l.path)] && (low == "pass" || low == "passed" || low == "compliant"):
			r.condition, r.condWhy = string(alert.Fixed), l.path
			return
		case verdictState[lastName(l.path)] && failedWords[low], low == "non_compliant", low == "noncompliant":
			r.condition, r.condWhy = string(alert.Present), l.path
			return
		case low == "fixed" && r.best[rolePackage] != nil && r.list != "":
			continue // in a scan's report it says that a fix is to be had
		case lastName(l.path) == "status" && low == "fail":
			r.condition, r.condWhy = string(alert.Present), l.path
			return
		case r.posture && fixedWords[low], low == "resolved" && lastName(l.path) == "monitorcondition", recoveredWords[low], low == "resolved" && r.alertname() != "":
			r.condition, r.condWhy = string(alert.Fixed), l.path
			return
		}
	}
	if r.posture && (r.list != "" || r.best[roleTarget] != nil || r.best[roleAround] != nil || r.asset()) {
		r.condition = string(alert.Present)
	}
}

// asset says whether the alert names something of ours. An advisory names a
// vulnerability and products, and says nothing about our own.
func (r *reading) asset() bool {
	for _, o := range r.seen {
		switch o.typ {
		case alert.Host, alert.Resource, alert.Account, alert.IP:
			return true
		}
	}
	return false
}

func (r *reading) pickBasis() {
	l, _ := r.first(roleBasis, func(l *leaf, c candidate) bool {
		return scalarLeaf(l, c) && len(l.text) <= 300 && (c.hit.rank == 0 || c.cost < 24 && r.onlyObject(l, c))
	})
	switch {
	case l != nil:
		r.basis, r.basisWhy = []string{l.text}, l.path
	case r.vuln != "" && r.list != "":
		r.basis, r.basisWhy = []string{r.vuln}, "the vulnerability's id"
		r.addWhere()
	case r.list != "" && r.title+r.rule != "" && (r.posture || !r.identity()):
		r.basis, r.basisWhy = []string{r.rule}, r.ruleWhy
		if r.rule == "" {
			r.basis, r.basisWhy = []string{r.title}, r.titleWhy
		}
		if r.addWhere(); len(r.basis) == 1 {
			r.basis, r.basisWhy = nil, ""
		}
	}
}

// identity says whether there is somebody or something to tell two findings of
// one rule apart.
func (r *reading) identity() bool {
	for _, o := range r.seen {
		switch o.typ {
		case alert.User, alert.Email:
			return true
		}
	}
	return r.asset()
}

// addWhere adds to the basis what a scan's finding is about: the package, the
// file or object in the finding, and the one that the whole report is about.
func (r *reading) addWhere() {
	add := func(l *leaf) {
		if l != nil && len(l.text) <= 300 && !contains(r.basis, l.text) {
			r.basis = append(r.basis, l.text)
			r.basisWhy += ", " + l.path
		}
	}
	l, _ := r.first(rolePackage, scalarLeaf)
	add(l)
	l, _ = r.first(roleTarget, scalarLeaf)
	add(l)
	l, _ = r.first(roleAround, scalarLeaf)
	add(l)
}

// onlyObject says whether an id is that of what the message is about: an alert
// that names the incident it belongs to has an id of its own beside it.
func (r *reading) onlyObject(l *leaf, c candidate) bool {
	for _, other := range r.best[roleObject] {
		if o := &r.leaves[other.leaf]; o != l && o.text != l.text && other.cost <= c.cost+12 {
			return false
		}
	}
	return true
}

// pickID makes the id of this very event. An id that belongs to the thing the
// event is about comes again when that changes, so the change is added to it.
func (r *reading) pickID() {
	if l, _ := r.first(roleID, func(l *leaf, c candidate) bool { return scalarLeaf(l, c) && uniqueLike(l.text) }); l != nil {
		r.eventID, r.idWhy = l.text, l.path
		return
	}
	if r.plain { // numbers in log lines say which message of the product it is, not which event
		return
	}
	l, _ := r.first(roleObject, func(l *leaf, c candidate) bool {
		return scalarLeaf(l, c) && len(l.text) <= 300 && (r.list == "" || !vulnerabilityID(l.text)) && !strings.Contains(l.text, " ") && strings.ContainsAny(l.text, "0123456789")
	})
	if l == nil {
		return
	}
	id, why := l.text, l.path
	if u, _ := r.first(roleUpdated, func(l *leaf, c candidate) bool {
		_, ok := readTime(l.text, l.number)
		return ok && l.items == nil
	}); u != nil {
		id, why = id+"@"+u.text, why+" and "+u.path
	} else {
		r.eventID, r.idWhy = id+"#"+r.hash(), why+" and the content"
		return
	}
	if s, _ := r.first(roleState, func(l *leaf, c candidate) bool { return scalarLeaf(l, c) && len(l.text) <= 40 }); s != nil {
		id, why = id+"/"+s.text, why+" and "+s.path
	}
	r.eventID, r.idWhy = id, why
}

// uniqueLike tells an id that no other event has from names and from the short
// numbers that products give to sorts of messages: two events under one id
// would count as one.
func uniqueLike(s string) bool {
	if len(s) < 10 || len(s) > 200 || strings.Contains(s, " ") {
		return false
	}
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	switch {
	case n == len(s):
		return n >= 14
	case uuidLike(s) || len(s) >= 16 && hexadecimal(s):
		return true
	}
	return n >= 3
}

// hash is of everything that was read, so that a changed message has another.
func (r *reading) hash() string {
	h := fnv.New64a()
	for i := range r.leaves[:r.own] {
		_, _ = h.Write([]byte(r.leaves[i].path))
		_, _ = h.Write([]byte{0})
		_, _ = h.Write([]byte(r.leaves[i].text))
		_, _ = h.Write([]byte{0})
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

func (r *reading) pickTags() {
	for _, c := range r.best[roleTags] {
		l := &r.leaves[c.leaf]
		values := l.items
		if values == nil {
			values = strings.FieldsFunc(l.text, func(c rune) bool { return c == ',' || c == ';' })
		}
		for _, v := range values {
			v = strings.TrimSpace(v)
			if v != "" && !placeholder(v) && len(v) <= 60 && len(r.tags) < 20 && !contains(r.tags, v) {
				r.tags = append(r.tags, v)
			}
		}
		if len(r.tags) > 0 {
			return
		}
	}
}
