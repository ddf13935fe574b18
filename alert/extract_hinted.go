package alert

import "strings"

// hinted takes a value of which the key says what it is. Lists are taken
// apart; a value that is not what the key says is read as any text.
func (c *collector) hinted(value string, h hint) {
	v := strings.TrimSpace(Refang(value[:min(len(value), maxScan)]))
	if v == "" || placeholder(v) {
		return
	}
	if len(v) > 1 && (v[0] == '[' && v[len(v)-1] == ']' || v[0] == '{') || strings.IndexByte(v, '\n') >= 0 {
		if strings.IndexByte(v, '"') >= 0 || strings.IndexByte(v, '\n') >= 0 {
			c.list(v, h)
			return
		}
	}
	if strings.IndexByte(v, ',') >= 0 && h.typ != File && h.typ != Process && h.typ != URL && h.typ != Email {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" && !placeholder(part) && !c.full() {
				c.one(part, h)
			}
		}
		return
	}
	c.one(v, h)
}

// list takes the quoted strings of a JSON array, or the lines of a text; an
// object is read as text.
func (c *collector) list(v string, h hint) {
	if v[0] == '{' {
		c.text(v, hint{role: h.role})
		return
	}
	if v[0] != '[' {
		for line := range strings.SplitSeq(v, "\n") {
			if line = strings.TrimSpace(line); line != "" && !c.full() {
				c.one(line, h)
			}
		}
		return
	}
	if strings.Contains(v, `":`) {
		c.text(v, hint{role: h.role})
		return
	}
	for i := 0; !c.full(); {
		open := strings.IndexByte(v[i:], '"')
		if open < 0 {
			return
		}
		i += open + 1
		end := strings.IndexByte(v[i:], '"')
		if end < 0 {
			return
		}
		if one := strings.TrimSpace(v[i : i+end]); one != "" {
			c.one(strings.ReplaceAll(one, `\\`, `\`), h)
		}
		i += end + 1
	}
}

// one takes a single value.
func (c *collector) one(v string, h hint) {
	o := Observable{Type: h.typ, Value: v, Role: h.role}
	switch h.typ {
	case IP:
		if !c.add(o) {
			c.text(v, hint{typ: IP, role: h.role})
		}
	case User:
		c.oneUser(o)
	case Host:
		c.oneHost(o, h.weak)
	case URL:
		if !c.add(o) {
			c.text(v, hint{role: h.role, mode: looseURL(v)})
		}
	case Domain, Hash, CVE:
		if !c.add(o) {
			c.text(v, hint{typ: h.typ, role: h.role})
		}
	case Email:
		if !c.add(o) {
			c.text(v, hint{role: h.role})
		}
	case Process:
		if !h.weak || pathStarts(v) || v[0] == '/' || strings.HasSuffix(strings.ToLower(v), ".exe") {
			c.oneProcess(o)
		}
	case File:
		c.oneFile(o, h.weak)
	case Account:
		if isAWSAccount(v) || isGUID(v) || h.isProject && isGCPProject(v) && (!h.weak || strings.ContainsAny(v, "-0123456789")) {
			c.add(o)
		} else {
			c.text(v, hint{role: h.role, mode: ids})
		}
	case Resource:
		c.text(v, hint{role: h.role})
	}
}

// oneUser takes a user's name. One that is a mail address is that too; an ARN
// names the user itself.
func (c *collector) oneUser(o Observable) {
	switch {
	case strings.HasPrefix(o.Value, "arn:"), strings.Contains(o.Value, "://"), strings.IndexByte(o.Value, '{') >= 0:
		c.text(o.Value, hint{role: o.Role, mode: ids})
	case len(o.Value) > 128 || strings.Count(o.Value, " ") > 4 || isIPText(o.Value) || isGUID(o.Value) || allDigits(o.Value):
		c.text(o.Value, hint{role: o.Role})
	case strings.IndexByte(o.Value, '<') >= 0:
		c.text(o.Value, hint{role: o.Role, mode: ids})
	default:
		c.add(o)
		if strings.IndexByte(o.Value, '@') > 0 {
			o.Type = Email
			c.add(o)
		}
	}
}

func isIPText(v string) bool {
	_, ok := normalizeIP(v)
	return ok
}

// oneHost takes the name or address of a machine.
func (c *collector) oneHost(o Observable, weak bool) {
	if ip, ok := normalizeIP(o.Value); ok {
		o.Type, o.Value = IP, ip
		c.add(o)
		return
	}
	if weak && !strings.ContainsAny(o.Value, ".0123456789") {
		return
	}
	if strings.IndexByte(o.Value, ' ') >= 0 || isGUID(o.Value) || allDigits(o.Value) || strings.Contains(o.Value, "://") || strings.HasPrefix(o.Value, "arn:") || !c.add(o) {
		c.text(o.Value, hint{role: o.Role})
		return
	}
	if strings.IndexByte(o.Value, '.') > 0 { // a full name is a domain too
		host, _ := splitPort(o.Value)
		o.Type, o.Value = Domain, host
		c.add(o)
	}
}

// looseURL says how to read a value that should be a URL and is none: a path
// or query alone names nothing, "example.com/login" its server.
func looseURL(v string) mode {
	if isWordByte(v[0]) {
		return noFile
	}
	return agents
}

// oneProcess takes a process by its name or path; a path is a file too.
func (c *collector) oneProcess(o Observable) {
	v := strings.Trim(o.Value, `"`)
	if strings.IndexByte(v, '\n') >= 0 || len(v) > 512 || strings.Contains(v, "://") || v[:min(len(v), 1)] == "{" {
		c.text(v, hint{role: o.Role})
		return
	}
	isPath := pathStarts(v) || v != "" && v[0] == '/'
	if isPath {
		if pathStarts(v) {
			v = unescapePath(v)
		}
		path := v
		if v[0] == '/' {
			for _, args := range []string{" -", " /", " \"", " '"} {
				path, _, _ = strings.Cut(path, args)
			}
			if strings.Count(path, " ") > 1 && !strings.HasPrefix(path, "/Applications/") {
				path, _, _ = strings.Cut(path, " ")
			}
		} else if n := windowsPathEnd(v); n < len(v) && v[n] != ' ' {
			path = v[:n]
		}
		name := path
		if cut := strings.Index(strings.ToLower(name), ".exe "); cut > 0 {
			path = path[:cut+4]
			name = path
		}
		c.add(Observable{Type: Process, Value: name, Role: o.Role})
		c.add(Observable{Type: File, Value: path, Role: o.Role})
		return
	}
	if strings.Count(v, " ") > 3 || strings.ContainsAny(v, "{}|<>$=") {
		c.text(v, hint{role: o.Role})
		return
	}
	if cut := strings.Index(strings.ToLower(v), ".exe "); cut > 0 {
		v = v[:cut+4]
	}
	if strings.IndexByte(v, '/') >= 0 && strings.IndexByte(v, ':') >= 0 { // an image's name
		return
	}
	c.add(Observable{Type: Process, Value: v, Role: o.Role})
}

// oneFile takes a file by its path, or by its bare name where it has an extension.
func (c *collector) oneFile(o Observable, weak bool) {
	v := strings.Trim(o.Value, `"`)
	if strings.Contains(v, "://") || len(v) > maxValue || strings.IndexByte(v, '{') >= 0 {
		c.text(v, hint{role: o.Role})
		return
	}
	if pathStarts(v) {
		o.Value = unescapePath(v)
		c.add(o)
		return
	}
	if resourceAt(v) > 0 {
		c.text(v, hint{role: o.Role})
		return
	}
	if v != "" && v[0] == '/' {
		first, _, deep := strings.Cut(v[1:], "/")
		ext := v[strings.LastIndexByte(v, '.')+1:]
		if posixRoots[strings.ToLower(first)] && first != "users" && first != "app" || deep && (!weak || fileExtensions[strings.ToLower(ext)] && !webFiles[strings.ToLower(ext)]) {
			o.Value = v
			c.add(o)
		}
		return
	}
	if dot := strings.LastIndexByte(v, '.'); dot > 0 && fileExtensions[strings.ToLower(v[dot+1:])] && !strings.ContainsAny(v, "\n\t<>|*?") && strings.Count(v, " ") <= 8 {
		o.Value = v
		c.add(o)
		return
	}
	c.text(v, hint{role: o.Role, mode: ids})
}
