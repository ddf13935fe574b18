package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"yagura/alert"
)

// vulnerability finds the id of a vulnerability that the alert is about.
func (r *reading) vulnerability() {
	l, _ := r.first(roleVuln, func(l *leaf, _ candidate) bool { return vulnerabilityID(noteID(firstOf(l))) })
	if l == nil {
		return
	}
	r.vuln = noteID(firstOf(l))
	r.posture = true
	if up := strings.ToUpper(r.vuln); cveLike(up) {
		r.vuln = up
		r.see(observed{alert.CVE, up, ""})
	}
}

// noteID takes the last segment of a path such as projects/x/notes/CVE-….
func noteID(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

// pickRule takes what names the detection. What only says what sort of thing
// happened ("Open", "network") is no rule: alerts of one rule about one host
// count as the same thing again.
func (r *reading) pickRule() {
	l, c := r.first(roleRule, func(l *leaf, c candidate) bool {
		return c.hit.rank < rankSort && c.cost <= 17 && ruleLike(l) && !digits(l.text)
	})
	switch {
	case r.vuln != "" && (l == nil || c.hit.rank >= 8):
		r.rule, r.ruleWhy = r.vuln, "the vulnerability's id"
	case l != nil:
		r.rule, r.ruleWhy = l.text, l.path
	}
}

func ruleLike(l *leaf) bool {
	if name := lastName(l.path); name == "cve" && !vulnerabilityID(l.text) {
		return false // GitLab's reports hold a location here
	}
	return l.items == nil && !placeholder(l.text) && len(l.text) <= 200 && !uuidLike(l.text) && l.text[0] != '{' &&
		!strings.Contains(l.text, "\n")
}

// looseRule is for messages that name no rule: the kind of event, where the
// title is a message with changing parts, or an id that is a number.
func (r *reading) looseRule() {
	if r.rule != "" {
		return
	}
	l, _ := r.first(roleRule, func(l *leaf, c candidate) bool {
		if !ruleLike(l) {
			return false
		}
		switch {
		case c.hit.rank < rankSort: // a number, or far from the alert's own fields
			return c.cost <= 17 || r.titleRank >= rankMessage || sameObject(l.path, r.titleWhy)
		case c.hit.rank == rankSort:
			return r.titleRank >= rankMessage
		}
		return r.titleRank >= rankVerb || r.titleWhy == "composed"
	})
	switch {
	case l != nil:
		r.rule, r.ruleWhy = l.text, l.path
	case r.what != "" && r.titleWhy != "composed":
		r.rule, r.ruleWhy = r.what, r.titleWhy
	}
}

// sameObject says whether two fields stand side by side.
func sameObject(a, b string) bool {
	a, _, _ = cutLast(a)
	b, _, _ = cutLast(b)
	return a == b
}

func (r *reading) pickTitle() {
	l, c := r.first(roleTitle, func(l *leaf, c candidate) bool { return scalarLeaf(l, c) && titleLike(l, int(c.hit.rank)) })
	short := firstSentence
	r.titleRank = int(c.hit.rank)
	switch {
	case l == nil && r.vuln == "":
		r.title, r.titleWhy = r.composed(r.kindOfEvent()), "composed"
	case r.vuln != "" && (l == nil || c.hit.rank >= rankMessage || l.text == r.vuln || c.hit.rank == rankName && !strings.Contains(l.text, " ")):
		r.title, r.titleWhy = r.vulnerabilityTitle()
	case c.hit.rank >= rankVerb || c.hit.rank >= rankName && identifier(l.text):
		what := l.text
		r.what = what
		if _, bare := actionWords[strings.ToLower(what)]; bare && r.rule != "" && r.rule != what && !uniqueLike(r.rule) {
			what = r.rule + ": " + what // BLOCK says little without what blocked
		}
		r.title, r.titleWhy = r.composed(what), l.path
	case c.hit.rank >= rankMessage:
		r.title, r.titleWhy = short(l.text, 200), l.path
	default:
		r.title, r.titleWhy = short(l.text, 300), l.path
	}
	if name := r.alertname(); name != "" && r.titleWhy == "labels.alertname" { // the summary says more than the rule's name
		l, _ := r.first(roleTitle, func(l *leaf, c candidate) bool {
			return strings.HasSuffix(l.path, ".summary") && titleLike(l, int(c.hit.rank))
		})
		if l != nil && !strings.EqualFold(l.text, name) {
			r.title, r.titleWhy = name+": "+firstSentence(l.text, 200), "labels.alertname and "+l.path
		}
	} else if name != "" && !strings.Contains(r.title, name) {
		r.title, r.titleWhy = name+": "+r.title, "labels.alertname and "+r.titleWhy
	}
}

// alertname is the rule's name in an alert of Prometheus and its relatives,
// whose summary says the rest.
func (r *reading) alertname() string {
	for i := range r.leaves[:r.own] {
		if r.leaves[i].path == "labels.alertname" {
			return r.leaves[i].text
		}
	}
	return ""
}

// titleLike refuses what nobody would read as a title.
func titleLike(l *leaf, rank int) bool {
	s := l.text
	if l.number || uuidLike(s) || len(s) > 60 && unbroken(s) || strings.Contains(s, "://") && unbroken(s) ||
		s[0] == '{' || s[0] == '[' && s[len(s)-1] == ']' {
		return false
	}
	if rank == rankMessage+2 && (unbroken(s) || len(s) > 300) { // "data": a sentence, nothing encoded
		return false
	}
	letters := 0
	for _, c := range s {
		if unicode.IsLetter(c) {
			letters++
		}
	}
	if letters == 0 || letters < 2 && rank >= rankName || len(s) >= 24 && hexadecimal(s) {
		return false
	}
	if rank == rankName && !strings.Contains(s, " ") && (address(s) || strings.HasSuffix(l.path, "ubject") && strings.Contains(s, ".")) {
		return false // the subject of a certificate or of a domain's finding
	}
	if strings.HasPrefix(s, "projects/") || strings.HasPrefix(s, "organizations/") || strings.HasPrefix(s, "arn:") {
		return false
	}
	return true
}

// unbroken recognises what is encoded or a machine's: no blank in it, and no
// letter of a language that writes its sentences without any.
func unbroken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c == ' ' || c >= 0x80 {
			return false
		}
	}
	return true
}

// identifier recognises a machine's name for something: app_resources_added.
func identifier(s string) bool {
	return len(s) <= 80 && unbroken(s)
}

// composed is a short sentence of what happened, by whom and to what.
func (r *reading) composed(what string) string {
	var actor, target string
	for _, part := range [...]string{"actor", ""} {
		for _, o := range r.seen {
			if actor == "" && o.part == part && (o.typ == alert.User || o.typ == alert.Email && part != "") {
				actor = o.value
			}
		}
	}
	for _, o := range r.seen {
		switch {
		case o.part == "actor" || o.part == "source":
		case target == "" && (o.typ == alert.Host || o.typ == alert.Domain && o.part == "target" || o.typ == alert.Resource && len(o.value) < 70):
			target = o.value
		}
	}
	if actor == "" {
		for _, o := range r.seen {
			if o.typ == alert.Email && o.part != "target" || o.typ == alert.IP && o.part == "source" {
				actor = o.value
				break
			}
		}
	}
	if what == "" {
		what = "alert"
		if actor == "" && target == "" {
			return ""
		}
	}
	what = firstSentence(what, 200)
	if actor != "" && !strings.Contains(what, actor) {
		what += " by " + actor
	}
	if target != "" && !strings.Contains(what, target) {
		what += " on " + target
	}
	return what
}

// kindOfEvent is what there is to say where nothing has a title: a rule, or a
// number with the name of its field, as in "event type 5".
func (r *reading) kindOfEvent() string {
	if r.rule != "" {
		return r.rule
	}
	l, _ := r.first(roleRule, func(l *leaf, c candidate) bool { return ruleLike(l) && digits(l.text) })
	if l == nil {
		return ""
	}
	_, name, _ := cutLast(l.path)
	return strings.TrimSuffix(strings.ReplaceAll(name, "_", " "), " id") + " " + l.text
}

func (r *reading) vulnerabilityTitle() (title, why string) {
	if l, _ := r.first(rolePackage, scalarLeaf); l != nil && !strings.Contains(l.text, "/") {
		title = r.vuln + " in " + l.text
		for i := range r.leaves[:r.own] {
			switch name := lastName(r.leaves[i].path); name {
			case "installedversion", "packageversion", "scanpackageversion":
				return title + " " + r.leaves[i].text, "the vulnerability's id and " + l.path
			case "version":
				if o, _, _ := cutLast(l.path); o != "" && strings.HasPrefix(r.leaves[i].path, o+".version") {
					return title + " " + r.leaves[i].text, "the vulnerability's id and " + l.path
				}
			}
		}
		return title, "the vulnerability's id and " + l.path
	}
	if l, _ := r.first(roleDescription, func(l *leaf, c candidate) bool { return scalarLeaf(l, c) && c.hit.rank < 30 }); l != nil {
		return r.vuln + ": " + firstSentence(l.text, 160), "the vulnerability's id and " + l.path
	}
	return r.vuln, "the vulnerability's id"
}

// firstSentence cuts text to one line of at most n runes, at the end of a
// sentence or a word.
func firstSentence(s string, n int) string {
	s = strings.TrimSpace(s)
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(strings.TrimLeft(line, "#"))
		if rest, ok := strings.CutPrefix(line, "* "); ok {
			line = rest
		}
		if strings.Trim(line, "*=-_#~ ") != "" {
			s = line
			break
		}
	}
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	if i := strings.Index(s, ". "); i > 20 && utf8.RuneCountInString(s[:i]) < n {
		return s[:i]
	}
	if i := strings.Index(s, "。"); i > 20 && utf8.RuneCountInString(s[:i]) < n {
		return s[:i]
	}
	s = cutRunes(s, n-1)
	if i := strings.LastIndexByte(s, ' '); i > len(s)/2 {
		s = s[:i]
	}
	return strings.TrimRight(s, " ,;:") + "…"
}

// cutRunes returns the first n runes of s.
func cutRunes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	count := 0
	for i := range s {
		if count == n {
			return s[:i]
		}
		count++
	}
	return s
}

func (r *reading) pickDescription() {
	l, _ := r.first(roleDescription, func(l *leaf, c candidate) bool {
		return scalarLeaf(l, c) && !l.number && l.text != r.title && len(l.text) > 3 && strings.ContainsAny(l.text, " 。、") &&
			!uuidLike(l.text)
	})
	if l != nil {
		r.description, r.descWhy = l.text, l.path
	}
}
