package policy

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// readText reads a message that is no JSON: CEF, LEEF, syslog, key=value
// pairs, or lines of "Name: value" such as mail carries. What it finds goes
// the same way as the fields of an object.
func readText(s string) *reading {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > 1<<18 {
		s = s[:1<<18]
	}
	r := &reading{budget: wellknownNodes, plain: true}
	t := &textReader{r: r}
	rest := t.syslog(strings.TrimSpace(s))
	switch {
	case strings.HasPrefix(rest, "CEF:"):
		t.cef(rest)
	case strings.HasPrefix(rest, "LEEF:"):
		t.leef(rest)
	case strings.HasPrefix(rest, "{"):
		if v, err := parseInput([]byte(rest), nil); err == nil { // JSON behind a syslog header
			r.walk(v.Value, spot{}, "")
			rest = ""
		}
	}
	if rest != "" && len(r.leaves) < 400 {
		t.lines(rest)
	}
	r.own = len(r.leaves)
	r.decide()
	if r.title == "" || r.titleWhy == "composed" || r.titleRank >= rankVerb {
		r.title, r.titleWhy = firstSentence(rest, 200), "the first line"
	}
	if r.description == "" && (strings.Contains(strings.TrimSpace(s), "\n") || len(s) > 200) {
		r.description, r.descWhy = cutRunes(s, 16000), "the text"
	}
	if r.sevWhy == "" {
		r.severityInText(rest)
	}
	if v, ok := severityWords[t.severity]; ok && r.sevWhy == "" {
		r.setSeverity(v, t.severity, "the syslog header")
	}
	if r.seenAt == "" {
		r.timeInText(s)
	}
	return r
}

type textReader struct {
	r        *reading
	severity string // of the syslog header: what the sender's logging thought of it, so the last to be asked
}

func (t *textReader) put(key, value string) {
	value = strings.TrimSpace(value)
	if value == "" || key == "" || len(t.r.leaves) > 400 {
		return
	}
	t.r.scalar(spot{}, key, leaf{path: key, text: value, number: digits(value)})
}

var syslogSeverities = [8]string{"emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"}

// syslog takes off a header of RFC 5424 or RFC 3164 and returns the rest.
func (t *textReader) syslog(s string) string {
	if strings.HasPrefix(s, "<") {
		if end := strings.IndexByte(s, '>'); end > 1 && end <= 4 && digits(s[1:end]) {
			n, _ := strconv.Atoi(s[1:end])
			if n < 192 {
				t.severity = syslogSeverities[n%8]
				s = s[end+1:]
			}
		}
	}
	if strings.HasPrefix(s, "1 ") { // RFC 5424
		f := strings.SplitN(s, " ", 7)
		if len(f) == 7 {
			if _, ok := readTime(f[1], false); ok || f[1] == "-" {
				t.put("timestamp", f[1])
				t.put("hostname", f[2])
				t.put("app", f[3])
				t.put("procid", dash(f[4]))
				t.put("msgid", dash(f[5]))
				return strings.TrimPrefix(strings.TrimPrefix(f[6], "- "), "\uFEFF")
			}
		}
	}
	if len(s) > 16 && s[3] == ' ' && s[6] == ' ' && s[9] == ':' { // RFC 3164: "Oct 11 22:14:15 host app[1]: …"
		if _, err := time.Parse(time.Stamp, s[:15]); err == nil {
			f := strings.SplitN(strings.TrimSpace(s[15:]), " ", 2)
			if len(f) == 2 {
				t.put("hostname", f[0])
				app, rest, ok := strings.Cut(f[1], ": ")
				if ok && len(app) < 60 && !strings.Contains(app, " ") {
					t.put("app", app)
					return rest
				}
				return f[1]
			}
		}
	}
	if len(s) > 22 && s[3] == ' ' && s[6] == ' ' && s[14] == ':' { // Cisco's: "Feb 03 2026 11:22:33 host : %ASA-4-…"
		if when, err := time.Parse("Jan _2 2006 15:04:05", s[:20]); err == nil {
			t.put("timestamp", when.Format(time.RFC3339))
			host, rest, ok := strings.Cut(strings.TrimSpace(s[20:]), " ")
			if ok && !strings.HasPrefix(host, "%") {
				t.put("hostname", strings.TrimSuffix(host, ":"))
				s = strings.TrimLeft(rest, ": ")
			}
		}
	}
	if strings.HasPrefix(s, "%") { // "%ASA-4-106023: Deny tcp …"
		if id, rest, ok := strings.Cut(s, ": "); ok && len(id) < 40 && strings.Count(id, "-") >= 2 {
			f := strings.Split(id[1:], "-")
			if n := f[len(f)-2]; len(n) == 1 && n[0] >= '0' && n[0] <= '7' {
				t.put("severity", syslogSeverities[n[0]-'0'])
			}
			t.put("signature_id", id[1:])
			word, _, _ := strings.Cut(rest, " ")
			t.put("action", word)
			return rest
		}
	}
	if i := strings.Index(s, "CEF:"); i > 0 && i < 200 {
		t.header(s[:i])
		return s[i:]
	}
	if i := strings.Index(s, "LEEF:"); i > 0 && i < 200 {
		t.header(s[:i])
		return s[i:]
	}
	return s
}

// header reads what stands before CEF: a time and a host.
func (t *textReader) header(s string) {
	f := strings.Fields(s)
	if len(f) == 0 {
		return
	}
	if _, ok := readTime(f[0], false); ok {
		t.put("timestamp", f[0])
	}
	if last := f[len(f)-1]; len(f) > 1 {
		t.put("hostname", last)
	}
}

func dash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// cefNames are the long names of CEF's keys that say more than the short ones.
var cefNames = map[string]string{
	"src": "sourceAddress", "dst": "destinationAddress", "suser": "sourceUserName", "duser": "destinationUserName",
	"shost": "sourceHostName", "dhost": "destinationHostName", "spt": "sourcePort", "dpt": "destinationPort", "request": "requestUrl",
	"fname": "fileName", "msg": "message", "act": "deviceAction", "rt": "deviceReceiptTime", "dvc": "deviceAddress",
	"dvchost": "deviceHostName", "cat": "deviceEventCategory", "sproc": "sourceProcessName", "dproc": "destinationProcessName",
	"start": "startTime", "end": "endTime", "externalId": "eventId", "fileHash": "fileHash", "usrName": "userName", "srcIP": "srcIP",
}

// cef reads ArcSight's Common Event Format, version 0 and 1.
func (t *textReader) cef(s string) {
	f := splitEscaped(s[len("CEF:"):], '|', 8)
	for i, name := range [...]string{
		"cef_version", "device_vendor", "device_product", "device_version", "signature_id", "title",
		"severity",
	} {
		if i < len(f) {
			t.put(name, f[i])
		}
	}
	if len(f) == 8 {
		labels := map[string]string{}
		pairs := extension(f[7])
		for _, p := range pairs {
			if base, ok := strings.CutSuffix(p[0], "Label"); ok {
				labels[base] = p[1]
			}
		}
		for _, p := range pairs {
			key := p[0]
			if long, ok := cefNames[key]; ok {
				key = long
			}
			if label := labels[p[0]]; label != "" && len(label) < 60 {
				key = label
			}
			if !strings.HasSuffix(p[0], "Label") {
				t.put(key, p[1])
			}
		}
	}
}

// leef reads IBM's Log Event Extended Format, version 1 and 2.
func (t *textReader) leef(s string) {
	version2 := strings.HasPrefix(s, "LEEF:2")
	n := 6
	if version2 {
		n = 7
	}
	f := strings.SplitN(s, "|", n)
	for i, name := range [...]string{"", "device_vendor", "device_product", "device_version", "event_name"} {
		if i < len(f) {
			t.put(name, f[i])
		}
	}
	if len(f) != n {
		return
	}
	by := "\t"
	if version2 && len(f[5]) == 1 {
		by = f[5]
	}
	for pair := range strings.SplitSeq(f[n-1], by) {
		key, value, _ := strings.Cut(pair, "=")
		if long, ok := cefNames[key]; ok {
			key = long
		}
		if key == "devTime" {
			key = "eventTime"
		}
		if key == "sev" {
			key = "severity"
		}
		t.put(key, value)
	}
}

// splitEscaped splits s at by into at most n parts; \| and \\ are themselves.
func splitEscaped(s string, by byte, n int) []string {
	var out []string
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == by || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case s[i] == by && len(out) < n-1:
			out = append(out, b.String())
			b.Reset()
			if len(out) == n-1 {
				return append(out, s[i+1:])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return append(out, b.String())
}

// extension reads CEF's "key=value key=value", whose values hold spaces: a
// value ends where the next word is followed by an equals sign.
func extension(s string) [][2]string {
	var out [][2]string
	key, start := "", 0
	flush := func(end int) {
		if key != "" && len(out) < 200 {
			v := strings.NewReplacer(`\=`, "=", `\n`, "\n", `\r`, "", `\\`, `\`).Replace(strings.TrimSpace(s[start:end]))
			out = append(out, [2]string{key, v})
		}
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '=' || i > 0 && s[i-1] == '\\' {
			continue
		}
		at := i
		for at > 0 && keyByte(s[at-1]) {
			at--
		}
		if at == i || at > 0 && s[at-1] != ' ' || at < start {
			continue
		}
		flush(max(at, start))
		key, start = s[at:i], i+1
	}
	flush(len(s))
	return out
}

func keyByte(c byte) bool {
	return alphanumeric(c) || c == '_' || c == '.' || c == '-' || c == '[' || c == ']'
}

// lines reads "Name: value" lines and key=value pairs.
func (t *textReader) lines(s string) {
	count := 0
	for line := range strings.Lines(s) {
		if count++; count > 300 {
			return
		}
		line = strings.TrimSpace(line)
		if key, value, ok := strings.Cut(line, ": "); ok && headerName(key) {
			t.put(key, value)
			continue
		}
		if strings.Count(line, "=") >= 1 {
			for _, p := range logfmt(line) {
				t.put(p[0], p[1])
			}
		}
	}
}

// headerName accepts what can stand before the colon of a header line.
func headerName(s string) bool {
	if len(s) < 2 || len(s) > 40 || strings.Count(s, " ") > 2 || !unicode.IsLetter(rune(s[0])) && s[0] < 0x80 {
		return false
	}
	return !strings.ContainsAny(s, "=\"'(){}<>,;/\\[]")
}

// logfmt reads key=value and key="quoted value".
func logfmt(s string) [][2]string {
	var out [][2]string
	for i := 0; i < len(s) && len(out) < 200; {
		eq := strings.IndexByte(s[i:], '=')
		if eq < 0 {
			break
		}
		eq += i
		at := eq
		for at > i && keyByte(s[at-1]) {
			at--
		}
		next := eq + 1
		if at == eq || at > 0 && s[at-1] != ' ' && s[at-1] != ',' && s[at-1] != '\t' && s[at-1] != ';' {
			i = next
			continue
		}
		key := s[at:eq]
		var value string
		if next < len(s) && (s[next] == '"' || s[next] == '\'') {
			end := strings.IndexByte(s[next+1:], s[next])
			if end < 0 {
				break
			}
			value = s[next+1 : next+1+end]
			i = next + end + 2
		} else {
			end := strings.IndexAny(s[next:], " \t,;")
			if end < 0 {
				end = len(s) - next
			}
			value = s[next : next+end]
			i = next + end
		}
		out = append(out, [2]string{key, value})
	}
	return out
}

// severityInText looks for a word of severity that stands out: in capitals,
// in brackets, or at the start.
func (r *reading) severityInText(s string) {
	for i, w := range strings.FieldsFunc(cutRunes(s, 400), func(c rune) bool { return unicode.IsSpace(c) || strings.ContainsRune("[](){}:|,;<>*!", c) }) {
		if i > 40 {
			return
		}
		stands := i == 0 || w == strings.ToUpper(w) && len(w) > 2
		v, ok := severityWords[strings.ToLower(w)]
		if ok && stands && !digits(w) && strings.ToLower(w) != "alert" && strings.ToLower(w) != "default" && strings.ToLower(w) != "none" {
			r.setSeverity(v, w, "the word in the text")
			return
		}
	}
}

// timeInText looks for a time in the first line.
func (r *reading) timeInText(s string) {
	s = cutRunes(s, 400)
	for i := 0; i+19 <= len(s); i++ {
		if s[i] < '0' || s[i] > '9' || i > 0 && alphanumeric(s[i-1]) || i+10 > len(s) || s[i+4] != '-' && s[i+4] != '/' {
			continue
		}
		end := i + 19
		for end < len(s) && strings.IndexByte("0123456789.,+-:Zz", s[end]) >= 0 {
			end++
		}
		for _, try := range [...]string{s[i:end], s[i : i+19]} {
			if t, ok := readTime(strings.TrimRight(try, ".,:-+"), false); ok {
				r.seenAt, r.seenWhy = t.Format(time.RFC3339Nano), "the text"
				return
			}
		}
	}
}
