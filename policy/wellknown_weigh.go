package policy

import (
	"strings"
	"unicode/utf8"
)

// scalar takes in one leaf, and notes what its name may stand for.
func (r *reading) scalar(p spot, key string, l leaf) {
	if l.text == "" {
		return
	}
	if p.shared && len(r.leaves)-r.own >= wellknownShared {
		return
	}
	if key == "@type" { // a schema's name, as protocol buffers write it
		r.leaves = append(r.leaves, l)
		return
	}
	i := len(r.leaves)
	r.leaves = append(r.leaves, l)
	var buf [128]byte
	name := fold(buf[:0:64], key)
	hits := fieldNames[string(name)]
	var both []hit
	if p.name != "" {
		full := append(append(buf[64:64:128], p.name[:min(len(p.name), 32)]...), name[:min(len(name), 32)]...)
		both = fieldNames[string(full)]
	}
	for _, h := range both {
		r.offer(p, i, h, true)
	}
	for _, h := range hits {
		r.offer(p, i, h, false)
	}
	if len(hits) == 0 && len(both) == 0 && p.ctx == ctxNoise {
		return
	}
	if !p.shared && technical(p.name, string(name)) {
		r.techniques(l.text)
	}
}

// offer keeps one meaning of a leaf among the best few of its role.
func (r *reading) offer(p spot, i int, h hit, qualified bool) {
	switch h.role {
	case roleSeen:
		if p.ctx != ctxNoise && p.ctx != ctxRule {
			r.observe(p, i, h)
		}
		return
	case rolePosture:
		r.posture = r.posture || !p.shared
		return
	}
	if h.role == roleTarget && p.shared {
		h.role = roleAround
	}
	cost, ok := r.weigh(p, i, h, qualified)
	if !ok || !utf8.ValidString(r.leaves[i].text) {
		return
	}
	best := r.best[h.role]
	at := len(best)
	for at > 0 && best[at-1].cost > cost {
		at--
	}
	if at >= keep {
		return
	}
	if best == nil {
		best = make([]candidate, 0, keep+1)
	}
	best = append(best, candidate{})
	copy(best[at+1:], best[at:])
	best[at] = candidate{leaf: i, cost: cost, hit: h}
	r.best[h.role] = best[:min(len(best), keep)]
}

// weigh says what one meaning of a leaf costs: by how good its name is and how
// far it stands from where an alert's own fields stand. Some places give no
// meaning of that sort at all.
func (r *reading) weigh(p spot, i int, h hit, qualified bool) (cost int, ok bool) {
	cost = int(h.rank) + p.cost
	if qualified {
		cost -= 4
	}
	switch h.role {
	case roleTime:
		if p.ctx == ctxEntity || p.ctx == ctxNoise {
			return 0, false
		}
		if t := r.leaves[i].text; len(t) < 8 || strings.HasPrefix(t, "0001-") {
			return 0, false
		}
		cost = int(h.rank) + p.cost/2
		if r.list != "" && !p.shared && h.rank >= rankPublished {
			cost += 15 // when a flaw was published or described says little about when it was found here
		}
		if p.shared {
			cost += 15
		}
	case roleSeverity, roleScore:
		if p.ctx == ctxNoise || p.shared {
			return 0, false
		}
		if p.ctx == ctxEntity {
			cost += 30
		}
	case roleVuln:
		if p.ctx == ctxNoise || p.shared || p.ctx == ctxEntity {
			return 0, false
		}
	case rolePackage, roleTarget, roleAround:
		if p.ctx == ctxNoise {
			return 0, false
		}
		if p.shared {
			cost += 30
		}
	default:
		if p.shared || p.ctx == ctxNoise || p.ctx == ctxEntity {
			return 0, false
		}
		if p.ctx == ctxOther && !qualified && (h.role == roleTitle && h.rank >= rankMessage || h.role == roleRule && h.rank >= rankSort ||
			h.role == roleDescription && h.rank >= 16) {
			cost += 40
		}
		if h.role == roleTitle && h.rank >= rankMessage {
			cost -= titleBonus(r.leaves[i].text, int(h.rank), p.name == "" || p.ctx <= ctxAlert)
		}
		if h.role == roleObject && h.rank == rankID && (p.list || p.ctx == ctxOther) {
			return 0, false
		}
		if p.ctx == ctxRule && !qualified {
			switch h.role {
			case roleID, roleObject, roleUpdated, roleBasis, roleAction, roleState, roleLink:
				return 0, false
			}
			cost += 8
		}
	}
	return cost, true
}

// titleBonus prefers, among what says what happened, a sentence to a word.
func titleBonus(s string, rank int, near bool) int {
	spaces := strings.Count(s, " ")
	switch {
	case rank == rankDescription && near && len(s) <= 80 && spaces > 0 && !strings.ContainsAny(s, "\n") && !strings.HasSuffix(s, "."):
		return 10
	case rank == rankMessage && spaces == 0 && !strings.ContainsAny(s, "_.-/:"):
		return -24
	case rank == rankVerb && spaces > 2:
		return 46
	case rank == rankVerb && spaces > 0:
		return 24
	}
	return 0
}
