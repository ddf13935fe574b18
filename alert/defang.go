package alert

import "strings"

// Defang returns an observable's value in the form people may paste without
// anything becoming a link: hxxps://evil[.]example/a, 198[.]51[.]100[.]7,
// a[@]example[.]com. Values that no program links, such as hashes, are
// returned as they are. Refang undoes it.
func Defang(o Observable) string {
	switch o.Type {
	case IP:
		if strings.IndexByte(o.Value, ':') >= 0 {
			return strings.ReplaceAll(o.Value, ":", "[:]")
		}
		return defangDots(o.Value)
	case Domain, Host:
		return defangDots(o.Value)
	case URL:
		return defangURL(o.Value)
	case Email:
		return defangEmail(o.Value)
	case User:
		if strings.IndexByte(o.Value, '@') > 0 {
			return defangEmail(o.Value)
		}
	}
	return o.Value
}

func defangDots(s string) string { return strings.ReplaceAll(s, ".", "[.]") }

// defangURL changes the scheme and the host; the path is kept as it is.
func defangURL(s string) string {
	mark := strings.Index(s, "://")
	if mark < 0 {
		return s
	}
	scheme, rest := s[:mark], s[mark+3:]
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host := rest[:end]
	if strings.IndexByte(host, '[') < 0 { // neither IPv6 nor defanged already
		host = defangDots(host)
	}
	return defangScheme(scheme) + "://" + host + rest[end:]
}

// defangScheme writes http as hxxp and ftp as fxp, in the letter case it has.
func defangScheme(s string) string {
	b := []byte(s)
	for i, c := range b {
		switch {
		case i == 0 || i > 2:
		case c == 't':
			b[i] = 'x'
		case c == 'T':
			b[i] = 'X'
		}
	}
	return string(b)
}

func defangEmail(s string) string {
	at := strings.LastIndexByte(s, '@')
	return s[:at] + "[@]" + defangDots(s[at+1:])
}

// DefangText returns a text in which every URL, address, domain and mail
// address that Observe would find is defanged, the rest as it is. Refang
// undoes it; what was defanged before stays so.
func DefangText(s string) string {
	var spans []span
	sc := scanner{c: &collector{}, s: s, spans: &spans}
	sc.run()
	if len(spans) == 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 8*len(spans))
	done := 0
	for _, p := range spans {
		if p.from < done {
			continue
		}
		b.WriteString(s[done:p.from])
		b.WriteString(Defang(Observable{Type: p.typ, Value: s[p.from:p.to]}))
		done = p.to
	}
	b.WriteString(s[done:])
	return b.String()
}
