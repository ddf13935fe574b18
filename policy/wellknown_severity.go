package policy

import (
	"math"
	"strconv"
	"strings"

	"yagura/alert"
)

// severityWords are what products call their severities. Syslog's words and
// those of logging libraries are among them; words that mean different things
// in different products stand for the worse.
var severityWords = func() map[string]alert.Severity {
	m := map[string]alert.Severity{}
	put := func(s alert.Severity, list string) {
		for _, w := range words(list) {
			m[w] = s
		}
	}
	put(alert.Critical, `critical crit emergency emerg panic fatal severe blocker catastrophic disaster veryhigh p1 sev1 sev0 p0 s1
		alert highest extreme 緊急 致命的 重大 clear-and-present-danger`)
	put(alert.High, `high error err major important p2 sev2 s2 failure malicious 高 重要 エラー hoch haute élevée alta 危険 red
		imminent`)
	put(alert.Medium, `medium med moderate warning warn elevated p3 sev3 s3 average suspicious 中 警告 mittel moyenne media orange
		amber yellow mid`)
	put(alert.Low, `low minor notice note p4 sev4 s4 guarded unimportant 低 注意 niedrig faible baja lowest green
		verylow`)
	put(alert.Info, `info informational information debug trace ok normal negligible trivial recovered p5 sev5 s5 clean
		cleared benign verbose 情報 safe none minimal nosev default success`)
	return m
}()

// readSeverity reads a word, alone or in one of the ways products dress it:
// E_HIGH, SEVERITY_HIGH, "3 - Moderate", "P2 (High)", very-high.
func readSeverity(s string) (alert.Severity, bool) {
	if len(s) > 60 || s == "" {
		return 0, false
	}
	low := strings.ToLower(strings.TrimSpace(s))
	if v, ok := severityWords[low]; ok {
		return v, true
	}
	if v, ok := severityWords[strings.NewReplacer("-", "", "_", "", " ", "").Replace(low)]; ok {
		return v, true
	}
	parts := strings.FieldsFunc(low, func(r rune) bool { return strings.ContainsRune(" _-()[]:/.,", r) })
	if len(parts) > 4 {
		return 0, false
	}
	for _, p := range parts {
		if p == "not" || p == "un" || p == "no" {
			return 0, false
		}
	}
	best, ok := alert.Info, false
	for _, p := range parts {
		if v, is := severityWords[p]; is && (!ok || v > best) {
			best, ok = v, true
		}
	}
	return best, ok
}

// severityNumber reads n on the scale that the field's folded name tells.
func severityNumber(name string, n float64) (alert.Severity, bool) {
	if math.IsNaN(n) || n < 0 || n > 1000 {
		return 0, false
	}
	whole := n == math.Trunc(n)
	switch {
	case name == "syslogseverity" && whole && n <= 7:
		return [8]alert.Severity{
			alert.Critical, alert.Critical, alert.Critical, alert.High, alert.Medium, alert.Low, alert.Info,
			alert.Info,
		}[int(n)], true
	case (strings.HasSuffix(name, "nseverity") || name == "triggerseverity") && whole && n <= 5: // Zabbix: 5 is a disaster
		return [6]alert.Severity{alert.Info, alert.Info, alert.Low, alert.Medium, alert.High, alert.Critical}[int(n)], true
	case strings.HasSuffix(name, "rulelevel") && whole && n <= 16: // OSSEC: 0–15
		return step(n, 1, 4, 7, 12), true
	case name == "severityid" && whole && n <= 6: // OCSF
		if n == 0 {
			return 0, false
		}
		return [7]alert.Severity{0, alert.Info, alert.Low, alert.Medium, alert.High, alert.Critical, alert.Critical}[int(n)], true
	case name == "severitynumber" && whole && n >= 1 && n <= 24: // OpenTelemetry
		return step(n, 9, 13, 17, 21), true
	case name == "threatlevelid" && whole: // MISP: 1 high, 2 medium, 3 low, 4 undefined
		if n < 1 || n > 3 {
			return 0, false
		}
		return alert.High - alert.Severity(n-1), true
	case strings.Contains(name, "priority") || name == "urgency" || name == "impactlevel":
		if !whole || n < 1 || n > 5 { // 1 is the most urgent, as with P1 … P5
			return 0, false
		}
		return alert.Critical - alert.Severity(n-1), true
	case strings.HasSuffix(name, "level") && whole && n >= 20 && n <= 60 && math.Mod(n, 10) == 0: // bunyan, pino: 30 is info
		return step(n, 35, 40, 50, 60), true
	case n <= 10:
		return tenths(n), true
	case n <= 100:
		return hundredths(n), true
	}
	return 0, false
}

// tenths reads a scale of 0–10 as CVSS does.
func tenths(n float64) alert.Severity { return step(n, 0.1, 4, 7, 9) }

// hundredths reads a scale of 0–100 as Elastic and most others do.
func hundredths(n float64) alert.Severity { return step(n, 1, 40, 70, 90) }

func step(n, low, medium, high, critical float64) alert.Severity {
	switch {
	case n >= critical:
		return alert.Critical
	case n >= high:
		return alert.High
	case n >= medium:
		return alert.Medium
	case n >= low:
		return alert.Low
	}
	return alert.Info
}

// severity decides among the candidates: words before numbers, a severity
// before a score.
func (r *reading) severity() {
	for _, c := range r.best[roleSeverity] {
		l := &r.leaves[c.leaf]
		text := l.text
		if l.items != nil {
			continue
		}
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			if r.sevWhy == "" {
				if v, ok := severityNumber(lastNames(l.path), n); ok {
					r.setSeverity(v, text, l.path)
					if r.schemaScale(n) {
						return
					}
				}
			}
			continue
		}
		if c.hit.rank <= 6 && r.sevText == "" {
			r.sevText = text // as received, whatever we make of it
		}
		if v, ok := readSeverity(text); ok {
			if r.sevWhy != "" && c.hit.rank >= 30 {
				break
			}
			if c.hit.rank >= 30 && !verdictWord(text) {
				continue
			}
			r.setSeverity(v, text, l.path)
			r.worstOf(l.path)
			r.schemaWord(text)
			return
		}
	}
	if r.sevWhy != "" {
		return
	}
	worst := -1.0
	for _, c := range r.best[roleScore] {
		l := &r.leaves[c.leaf]
		if strings.HasPrefix(l.text, "CVSS:3") {
			if n, ok := cvss3(l.text); ok && worst < 0 {
				r.setSeverity(tenths(n), strconv.FormatFloat(n, 'f', 1, 64), l.path)
				return
			}
			continue
		}
		n, err := strconv.ParseFloat(l.text, 64)
		if err != nil || n < 0 || n > 1000 || n <= worst {
			continue
		}
		if c.hit.rank == 0 {
			if n <= 10 && worst < 0 {
				r.setSeverity(tenths(n), l.text, l.path)
				return
			}
			continue
		}
		worst = n
		v := hundredths(n)
		if n > 0 && n < 1 { // a probability
			v = hundredths(n * 100)
		}
		r.setSeverity(v, l.text, l.path)
	}
	if r.sevWhy == "" {
		r.severityCounts()
	}
}

// worstOf goes on from a severity that stood in a list: the worst of that list
// is the alert's.
func (r *reading) worstOf(path string) {
	if !strings.Contains(path, "[") {
		return
	}
	pattern := unindexed(path)
	for i := range r.leaves[:r.own] {
		l := &r.leaves[i]
		if l.path[len(l.path)-1] != path[len(path)-1] || unindexed(l.path) != pattern {
			continue
		}
		if v, ok := readSeverity(l.text); ok && v > r.sev {
			r.setSeverity(v, l.text, l.path)
		}
	}
}

// unindexed is a path without the numbers of list elements.
func unindexed(path string) string {
	var b strings.Builder
	for {
		head, rest, ok := strings.Cut(path, "[")
		b.WriteString(head)
		if !ok {
			return b.String()
		}
		_, path, _ = strings.Cut(rest, "]")
	}
}

func verdictWord(s string) bool {
	switch strings.ToLower(s) {
	case "malicious", "suspicious", "high", "medium", "low", "critical", "benign", "clean", "safe":
		return true
	}
	return false
}

func (r *reading) setSeverity(v alert.Severity, text, path string) {
	r.sev, r.sevText, r.sevWhy = v, text, path
}

// schemaScale mends a number that a published format counts in its own way.
func (r *reading) schemaScale(n float64) bool {
	set := func(v alert.Severity) bool { r.sev = v; return true }
	for i := range r.leaves[:r.own] {
		switch p := r.leaves[i].path; {
		case (p == "operationName" || p == "operationname" || p == "Channel" || p == "winlog.channel") && n >= 1 && n <= 5:
			// Windows events and Azure: 1 critical, 2 error, 3 warning, 4 informational, 5 verbose
			return set([6]alert.Severity{0, alert.Critical, alert.High, alert.Medium, alert.Info, alert.Info}[int(n)])
		case p == "short_message" && n <= 7: // GELF counts as syslog does
			v, ok := severityNumber("syslogseverity", n)
			return ok && set(v)
		case p == "event_definition_id" || p == "event.event_definition_id": // Graylog: 1 low, 2 normal, 3 high, 4 critical
			return n >= 1 && n <= 4 && set(alert.Severity(n))
		case p == "alert.signature_id" && n >= 1 && n <= 4: // EVE: 1 is the worst
			return set(alert.High - alert.Severity(n-1))
		}
	}
	return false
}

// schemaWord mends a word that a published format counts in its own way.
func (r *reading) schemaWord(text string) {
	if len(text) != 4 || !strings.HasPrefix(text, "Sev") {
		return
	}
	for i := range r.leaves[:r.own] {
		if r.leaves[i].path == "schemaId" { // Azure Monitor: Sev0 critical … Sev4 verbose
			if n := int(text[3] - '0'); n >= 0 && n <= 4 {
				r.sev = [5]alert.Severity{alert.Critical, alert.High, alert.Medium, alert.Info, alert.Info}[n]
			}
		}
	}
}

// severityCounts reads an object that counts findings by severity: the worst
// that occurs.
func (r *reading) severityCounts() {
	for i := range r.leaves[:r.own] {
		l := &r.leaves[i]
		if !l.number || l.text == "0" {
			continue
		}
		object, name, ok := cutLast(l.path)
		if !ok || !strings.Contains(strings.ToLower(object), "severit") {
			continue
		}
		if v, ok := severityWords[strings.ToLower(name)]; ok && (r.sevWhy == "" || v > r.sev) {
			r.setSeverity(v, name+" "+l.text, l.path)
		}
	}
}

func cutLast(path string) (object, name string, ok bool) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// lastNames is the folded name of a path's last field and of the object it is
// in, so that a suffix tells rule.level.
func lastNames(path string) string {
	object, name, ok := cutLast(path)
	if !ok {
		return folded(name)
	}
	_, object, _ = cutLast(object)
	if strings.HasSuffix(folded(name), "level") {
		return folded(object) + folded(name)
	}
	return folded(name)
}

func lastName(path string) string {
	_, name, _ := cutLast(path)
	return folded(name)
}

// cvss3 computes the base score of a CVSS 3.0 or 3.1 vector, by its formula
// in section 7.1 of the specification.
func cvss3(vector string) (float64, bool) {
	m := map[string]string{}
	for part := range strings.SplitSeq(vector, "/") {
		k, v, _ := strings.Cut(part, ":")
		m[k] = v
	}
	pick := func(k, letters string, values ...float64) (float64, bool) {
		i := strings.Index(letters, m[k])
		if len(m[k]) != 1 || i < 0 {
			return 0, false
		}
		return values[i], true
	}
	av, ok1 := pick("AV", "NALP", 0.85, 0.62, 0.55, 0.2)
	ac, ok2 := pick("AC", "LH", 0.77, 0.44)
	pr, ok3 := pick("PR", "NLH", 0.85, 0.62, 0.27)
	ui, ok4 := pick("UI", "NR", 0.85, 0.62)
	c, ok5 := pick("C", "HLN", 0.56, 0.22, 0)
	i, ok6 := pick("I", "HLN", 0.56, 0.22, 0)
	a, ok7 := pick("A", "HLN", 0.56, 0.22, 0)
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7) {
		return 0, false
	}
	changed := m["S"] == "C"
	if changed {
		switch m["PR"] {
		case "L":
			pr = 0.68
		case "H":
			pr = 0.5
		}
	}
	iss := 1 - (1-c)*(1-i)*(1-a)
	impact := 6.42 * iss
	if changed {
		impact = 7.52*(iss-0.029) - 3.25*math.Pow(iss-0.02, 15)
	}
	if impact <= 0 {
		return 0, true
	}
	score := impact + 8.22*av*ac*pr*ui
	if changed {
		score *= 1.08
	}
	exact := math.Round(min(score, 10) * 100_000) // the specification's Roundup
	if math.Mod(exact, 10_000) == 0 {
		return exact / 100_000, true
	}
	return (math.Floor(exact/10_000) + 1) / 10, true
}
