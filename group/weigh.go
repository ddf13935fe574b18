package group

import (
	"cmp"
	"slices"
	"time"

	"yagura/alert"
)

// maxCandidates bounds how many groups one alert is compared with.
const maxCandidates = 64

// evidence is the best that one slot says for a group.
type evidence struct {
	score float64
	gap   int64
	alert alert.ID
	about int // index of the thing in Index.about
}

// candidate is a group that shares something with the alert.
type candidate struct {
	group ID
	best  [slots]evidence
	gap   int64 // the smallest of all

	raid    evidence // an address of others that the group's alerts came from
	raiders uint32   // how many of them, within an hour of each other

	flood evidence // its score is 0 where there is none
	slot  slot     // of what the flood is about
	any   bool     // whatever the rule: the address is one that floods
	shy   bool     // the flood is about something shared by many: only where nothing else holds
}

// sum is what speaks for the group, floods aside. Beyond an hour a host and a user
// count once: a machine is named with its user as a rule, and what always comes
// together is one fact, not two.
func (c *candidate) sum() float64 {
	total := 0.0
	for i := range c.best {
		total += c.best[i].score
	}
	if c.best[hostSlot].gap > near && c.best[userSlot].gap > near {
		total -= min(c.best[hostSlot].score, c.best[userSlot].score)
	}
	return total
}

// flooded is the sum where the flood counts in place of what it is about.
func (c *candidate) flooded() float64 {
	if c.flood.score == 0 {
		return 0
	}
	return c.sum() - c.best[c.slot].score + max(c.flood.score, c.best[c.slot].score)
}

// place is where an alert is put.
type place struct {
	candidate *candidate
	same      []ID // groups that the alert shows to be the same
	flood     bool // it is one of a flood, and joins by that alone
	address   bool // it has nothing but an address, and joins by that alone
}

// score is what a thing counts that was seen gap ago.
func score(k kind, gap int64, weak bool) float64 {
	s := 0.0
	switch {
	case k < host && gap <= day:
		s = 1
	case k.asset() && gap <= near:
		s = 1
	case k.asset() && gap <= day, k > user && gap <= near:
		s = 0.5
	}
	if weak {
		s /= 2
	}
	return s
}

// weigh finds the groups that share something with the alert into x.candidates.
func (x *Index) weigh(a *alert.Alert, t int64) {
	x.candidates = x.candidates[:0]
	for i, n := range x.about {
		hub := n.shared || n.entry.hub
		for _, s := range n.entry.spans {
			gap := s.gap(t)
			sc := score(n.kind, gap, hub || s.passing)
			if n.loose && gap > near {
				sc /= 2
			}
			if sc == 0 {
				continue
			}
			c := x.candidate(s.group)
			if c == nil {
				continue
			}
			c.gap = min(c.gap, gap)
			if n.kind == ip && !n.target && !n.private && !n.shared && gap <= near && (s.n >= raidSize || x.groups[c.group].lone) {
				c.raid, c.raiders = evidence{sc, gap, s.alert, i}, s.n
			}
			if b := &c.best[n.slot()]; sc > b.score || sc == b.score && gap < b.gap {
				*b = evidence{sc, gap, s.alert, i}
			}
		}
		if !n.kind.floods() || n.mentioned {
			continue
		}
		x.floods(floodMark(a, n), i, t, n.shared || n.kind.asset() && hub, false)
		if n.source && !n.shared {
			x.floods(floodingMark(n), i, t, n.private, true)
		}
	}
}

// floods adds the groups of a flood about the thing at i; anyRule: of whatever rule.
func (x *Index) floods(k mark, i int, t int64, shy, anyRule bool) {
	e := x.entries[k]
	if e == nil {
		return
	}
	for _, s := range e.spans {
		if s.gap(t) > near {
			continue
		}
		if c := x.candidate(s.group); c != nil && (c.flood.score == 0 || c.shy && !shy) {
			n := x.about[i]
			c.flood, c.slot, c.shy, c.any = evidence{1, s.gap(t), s.alert, i}, n.slot(), shy, anyRule
		}
	}
}

// candidate returns the open group among the candidates, new where it was none
// yet; nil where it takes no alert.
func (x *Index) candidate(g ID) *candidate {
	g = x.root(g)
	for i := range x.candidates {
		if x.candidates[i].group == g {
			return &x.candidates[i]
		}
	}
	if s := x.groups[g]; s != nil && s.closed || len(x.candidates) == maxCandidates {
		return nil
	}
	x.candidates = append(x.candidates, candidate{group: g, gap: day})
	return &x.candidates[len(x.candidates)-1]
}

// choose decides among the candidates; nil where the alert founds a group.
func (x *Index) choose(a *alert.Alert) *place {
	var best, most *candidate
	for i := range x.candidates {
		c := &x.candidates[i]
		if sum := c.sum(); sum >= 1 && (best == nil || before(sum, best.sum(), c, best)) {
			best = c
		}
		if sum := c.flooded(); sum >= 1 && (most == nil || before(sum, most.flooded(), c, most)) {
			most = c
		}
	}
	raid := x.raided()
	switch {
	case most != nil && most.sum() < 1 && (best == nil || !most.shy && most.flooded() >= best.sum()):
		return &place{candidate: most, flood: true, same: x.strays(most)}
	case best != nil && (raid == nil || raid == best || !x.nearer(raid, best)):
		return &place{candidate: best, same: append(x.others(best), x.strays(best)...)}
	case raid != nil:
		return &place{candidate: raid, address: true, same: x.strays(raid)}
	}
	return x.orphan()
}

// raided returns the group that the alert's source raids, nil where there is none: an
// address of others from which raidSize alerts came within the hour is somebody's,
// whatever he touches next and whichever product sees it. An address alone never
// makes two groups one.
func (x *Index) raided() *candidate {
	var best *candidate
	for i := range x.candidates {
		if c := &x.candidates[i]; c.raiders >= raidSize && (best == nil || before(c.sum(), best.sum(), c, best)) {
			best = c
		}
	}
	return best
}

// nearer reports whether an alert belongs to the raid that it came from rather than
// to the group that its sum speaks for. Two may attack one host: where nothing but
// what was attacked speaks for that group, the alert is its attacker's.
func (x *Index) nearer(raid, best *candidate) bool {
	for _, e := range best.best {
		if e.score > 0 && !x.about[e.about].target {
			raids := raid.sum() - raid.best[ipSlot].score + 1
			return raids > best.sum() || raids == best.sum() && raid.raid.gap <= best.gap
		}
	}
	return true
}

// strays returns the lone alerts, each a group of its own, that came from the address
// which raids best: they would have joined it, had they come later.
func (x *Index) strays(best *candidate) []ID {
	if best.raiders+1 < raidSize || best.raid.score == 0 || x.group(best.group).kept {
		return nil
	}
	var list []ID
	for i := range x.candidates {
		c := &x.candidates[i]
		if c != best && c.sum() < 1 && c.raiders > 0 && c.raid.about == best.raid.about && x.group(c.group).lone && !x.group(c.group).kept {
			list = append(list, c.group)
		}
	}
	return list
}

// before reports whether c goes before d: the larger sum, the shorter distance,
// the older group.
func before(sum, other float64, c, d *candidate) bool {
	return cmp.Or(cmp.Compare(other, sum), cmp.Compare(c.gap, d.gap), cmp.Compare(c.group, d.group)) < 0
}

// others returns the groups that are the same as best, because the alert belongs
// to them as well. What a person shaped is never among them.
func (x *Index) others(best *candidate) []ID {
	var same []ID
	if x.group(best.group).kept {
		return nil
	}
	for i := range x.candidates {
		c := &x.candidates[i]
		if c != best && c.sum() >= 1 && !x.group(c.group).kept {
			same = append(same, c.group)
		}
	}
	return same
}

// orphan lets an alert that names neither host nor user nor anything exact join
// by its address.
func (x *Index) orphan() *place {
	for _, n := range x.about {
		if n.kind <= user {
			return nil
		}
	}
	var best *candidate
	for i := range x.candidates {
		c := &x.candidates[i]
		if e := max(c.best[ipSlot].score, c.best[hostSlot].score); e >= 0.5 && (best == nil || before(c.sum(), best.sum(), c, best)) {
			best = c
		}
	}
	if best == nil {
		return nil
	}
	return &place{candidate: best, address: true}
}

// reasons words the evidence for a place, the strongest first.
func (x *Index) reasons(a *alert.Alert, at *place) []Reason {
	var out []Reason
	c := at.candidate
	say := func(e evidence, score float64) {
		n := x.about[e.about]
		out = append(out, Reason{Type: kindNames[n.kind], Value: clean(n.show), Alert: e.alert, Gap: time.Duration(e.gap), Score: score})
	}
	for s := range slots {
		e := c.best[s]
		switch {
		case e.score == 0 || at.flood && s == c.slot:
		case at.address && (s == ipSlot || s == hostSlot):
			say(e, 1)
		default:
			say(e, e.score)
		}
	}
	switch rest := 1 - c.best[c.slot].score; {
	case at.flood && c.any:
		say(c.flood, 1)
	case at.flood:
		say(c.flood, 1-rest)
		out = append(out, Reason{Type: kindNames[flood], Value: clean(ruleOf(a)), Alert: c.flood.alert, Gap: time.Duration(c.flood.gap), Score: rest})
	}
	slices.SortStableFunc(out, func(a, b Reason) int { return cmp.Compare(b.Score, a.Score) })
	return out
}

func ruleOf(a *alert.Alert) string {
	if a.Rule != "" {
		return a.Rule
	}
	return a.Title
}
