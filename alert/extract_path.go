package alert

import "strings"

// windowsPath takes the Windows path, UNC path or DOMAIN\user in a token and
// returns where to read on, 0 where there is none.
func (sc *scanner) windowsPath(start, end int) int {
	s := sc.s
	begin := start
	for begin < end && !pathStarts(s[begin:]) {
		next := strings.IndexAny(s[begin+1:end], `:\%`)
		if next < 0 {
			begin = end
			break
		}
		begin += next + 1
		if s[begin] == ':' && begin > start && begin-1 >= start {
			if (begin-1 == start || !isWordByte(s[begin-2])) && pathStarts(s[begin-1:]) {
				begin--
				break
			}
		}
	}
	if begin >= end {
		return sc.downLevel(start, end)
	}
	n := begin + windowsPathEnd(s[begin:])
	if quoted := quotedPathEnd(s, begin); quoted > n {
		n = quoted
	}
	if sc.spans != nil {
		return max(n, end)
	}
	path := strings.TrimRight(s[begin:n], ".,:;!?")
	path = unescapePath(path)
	if strings.HasPrefix(path, `\\`) && !strings.HasPrefix(path, `\\?\`) {
		server := path[2:]
		cut := strings.IndexByte(server, '\\')
		if cut < 1 || cut+1 == len(server) || !isHostName(server[:cut]) {
			return n
		}
		if ip, ok := normalizeIP(server[:cut]); ok {
			sc.c.add(Observable{Type: IP, Value: ip, Role: sc.h.role})
		}
	}
	if strings.Count(path, `\`) > 0 && len(path) > 3 {
		sc.c.add(Observable{Type: File, Value: path, Role: sc.h.role})
	}
	return max(n, end)
}

// unescapePath undoes backslashes doubled on the way here, as in C:\\\\Users
// from a message inside a message.
func unescapePath(path string) string {
	if len(path) < 3 || !strings.Contains(path[2:], `\\`) {
		return path
	}
	unc := strings.HasPrefix(path, `\\`) && !strings.HasPrefix(path, `\\Device\`)
	for strings.Contains(path, `\\`) {
		path = strings.ReplaceAll(path, `\\`, `\`)
	}
	if unc {
		path = `\\` + strings.TrimLeft(path, `\`)
	}
	return path
}

// quotedPathEnd returns where a path that begins at s[begin], right after a
// quote, ends at the same quote; 0 where it does not or holds more than a path.
func quotedPathEnd(s string, begin int) int {
	if begin == 0 || s[begin-1] != '"' && s[begin-1] != '\'' {
		return 0
	}
	rest := s[begin:min(len(s), begin+300)]
	end := strings.IndexByte(rest, s[begin-1])
	if end < 4 || strings.ContainsAny(rest[3:end], "/:*?<>|\"\n\r\t") {
		return 0
	}
	if low := strings.ToLower(rest[:end]); strings.Contains(low, ".exe ") || strings.Contains(low, ".cmd ") || strings.Contains(low, ".bat ") {
		return 0
	}
	return begin + end
}

// pathStarts reports whether s begins with C:\, \\server, %VAR%\ or \Device\.
func pathStarts(s string) bool {
	if len(s) < 4 {
		return false
	}
	switch {
	case isASCIILetter(s[0]) && s[1] == ':' && s[2] == '\\':
		return true
	case s[0] == '\\' && s[1] == '\\':
		return isWordByte(s[2]) || s[2] == '?' || s[2] == '\\'
	case s[0] == '%':
		close := strings.IndexByte(s[1:min(len(s), 32)], '%')
		return close > 1 && strings.HasPrefix(s[close+2:], `\`) && strings.IndexByte(s[1:close+1], ' ') < 0
	case s[0] == '\\':
		return strings.HasPrefix(s, `\Device\`)
	}
	return false
}

func isASCIILetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// windowsPathEnd returns where the path at the start of s ends. Blanks belong
// to it where words with a capital lead to another backslash ("Program
// Files\"), letters of other scripts where a backslash follows them.
func windowsPathEnd(s string) int {
	n := 2
	for n < len(s) && n < maxValue {
		c := s[n]
		switch {
		case c >= 0x80 || c == ' ' || c == '(' || c == ')' || c == ',' || c == '{' || c == '}' || c == '[' || c == ']' || c == '=' || c == '\'' || c == ';':
			next := folderEnd(s, n)
			if next == 0 {
				return n
			}
			n = next
		case c < ' ' || strings.IndexByte(`/:*?"<>|`+"`", c) >= 0:
			if c == '?' && n < 4 {
				n++
				continue
			}
			if c == ':' && n == 5 && strings.HasPrefix(s, `\\?\`) {
				n++
				continue
			}
			return n
		default:
			n++
		}
	}
	return n
}

// folderEnd returns where the folder's name that goes on at s[i] ends, at its
// backslash, or 0 where what follows is no folder's name.
func folderEnd(s string, i int) int {
	last := strings.LastIndexByte(s[:i], '\\')
	if dot := strings.LastIndexByte(s[:i], '.'); dot > last && i-dot <= 5 && i-dot > 1 {
		return 0 // a file with its extension stands before
	}
	words := 0
	for n := i; n < len(s) && n-i < 64; n++ {
		switch c := s[n]; {
		case c == '\\':
			if s[n-1] == ' ' {
				return 0
			}
			return n
		case c == ' ':
			words++
			if words > 4 || n+1 < len(s) && (s[n+1] == ' ' || s[n+1] == '-' || s[n+1] >= 'a' && s[n+1] <= 'z' && !smallWord(s[n+1:])) || allCapsFolder(s[n+1:]) {
				return 0
			}
		case c < ' ' || strings.IndexByte(`/:*?"<>|=;`+"`", c) >= 0:
			return 0
		}
	}
	return 0
}

// smallWord reports whether s begins with a word that folder names hold in small letters.
func smallWord(s string) bool {
	for _, w := range []string{"and ", "of ", "for ", "(x86)"} {
		if strings.HasPrefix(s, w) {
			return true
		}
	}
	return false
}

// allCapsFolder reports whether s begins with capitals up to a backslash: a
// Windows domain before a user rather than a folder.
func allCapsFolder(s string) bool {
	n := 0
	for n < len(s) && (s[n] >= 'A' && s[n] <= 'Z' || s[n] == '-') {
		n++
	}
	return n > 1 && n < len(s) && s[n] == '\\'
}

// downLevel takes DOMAIN\user where the domain is in capitals, as Windows
// writes it, or the words before say that a user follows.
func (sc *scanner) downLevel(start, end int) int {
	t := strings.TrimRight(sc.s[start:end], ".:!?")
	t = strings.ReplaceAll(t, `\\`, `\`)
	cut := strings.IndexByte(t, '\\')
	user, ok := downLevelUser(t)
	if !ok || cut > 15 && strings.IndexByte(t[:cut], '.') < 0 {
		return 0
	}
	domain := t[:cut]
	if domain != strings.ToUpper(domain) || !hasLetter(domain) || len(domain) < 2 {
		if !sc.saysUser(start) {
			return 0
		}
	}
	switch domain {
	case "HKLM", "HKCU", "HKCR", "HKU", "HKCC", "HKEY_LOCAL_MACHINE", "HKEY_CURRENT_USER", "HKEY_USERS", "HKEY_CLASSES_ROOT", "AUTHORITY", "BUILTIN", "SERVICE", "APPPOOL":
		return end
	}
	if dot := strings.LastIndexByte(user, '.'); dot > 0 && fileExtensions[strings.ToLower(user[dot+1:])] {
		return end
	}
	if sc.spans == nil {
		sc.c.add(Observable{Type: User, Value: user, Role: sc.h.role})
	}
	return end
}

// fileExtensions are those of files that alerts are about.
var fileExtensions = wordSet("exe dll sys bat cmd ps1 psm1 vbs vbe js jse wsf wsh hta scr com pif msi msp lnk reg inf ini cfg conf config txt log csv json xml yaml yml html htm pdf doc docx docm dot dotm xls xlsx xlsm xlsb ppt pptx pptm rtf zip rar 7z gz tgz tar bz2 xz iso img vhd cab jar war ear class py pyc rb pl sh bash php asp aspx jsp jspx so dylib bin elf o ko dat db sqlite bak tmp swp pem key crt cer pfx p12 ppk kdbx evtx pcap dmp mof ocx cpl chm one eml msg png jpg jpeg gif svg ico bmp mp3 mp4 avi app dmg pkg deb rpm apk plist service timer socket md rs go java c h cpp cs ts tsx jsx css lock toml")

// Roots of POSIX systems; a path below one is a file's even without an extension.
var posixRoots = wordSet("bin boot dev etc home lib lib32 lib64 media mnt opt proc root run sbin srv sys tmp usr var users applications library system volumes private host snap nix data workspace app")

// First segments and words before that make a path one of a web server.
var (
	webRoots = wordSet("api v1 v2 v3 v4 rest graphql oauth oauth2 login logout admin wp-admin wp-content wp-includes wp-json cgi-bin hooks static .well-known assets rpc auth users accounts repos orgs dashboard search docs help alerts incidents events projects organizations wiki blog console solr actuator manager swagger vendor phpmyadmin owa autodiscover ecp remote sdk soap services webhooks callback images img js css")
	webWords = wordSet("get post put delete head options patch connect trace uri url urls path endpoint route request requests requested page href visit api http https webpage location redirect navigate go open select click")
	webFiles = wordSet("php asp aspx jsp jspx html htm cgi do action jhtml cfm")
)

// posixPath takes a token that is an absolute path of a file and reports
// whether the token is a path of any sort.
func (sc *scanner) posixPath(start, end int) bool {
	s := sc.s
	t := strings.TrimRight(s[start:end], ".:,!?*")
	if len(t) < 3 || t[1] == '/' || !(isWordByte(t[1]) || t[1] == '.' || t[1] == '_') {
		return false
	}
	if t[len(t)-1] == '/' && end < len(sc.s) && sc.s[end] >= 0x80 { // a folder in another script
		n := end
		for n < len(sc.s) && n-end < 128 && (classes[sc.s[n]] != 0 || sc.s[n] >= 0x80) {
			n++
		}
		t = s[start:n]
	}
	if rest, ok := strings.CutPrefix(t, "/dev/"); ok && (strings.HasPrefix(rest, "tcp/") || strings.HasPrefix(rest, "udp/")) {
		from := start + len("/dev/tcp/")
		to := from
		for to < end && s[to] != '/' {
			to++
		}
		sc.takeServer(from, to)
		return true
	}
	if digit := t[1] >= '0' && t[1] <= '9'; digit && (dottedQuad(t[1:]) > 0 || strings.Count(t, ":") > 1) {
		return false // /198.51.100.7:443 as Java writes it
	}
	if colon := strings.IndexByte(t, ':'); colon > 0 { // file.c:12, or $PATH
		t = t[:colon]
	}
	if strings.HasPrefix(t, "/Applications/") && strings.IndexByte(t, '.') < 0 { // names of apps hold blanks
		rest := s[end:min(len(s), end+64)]
		if app := strings.Index(rest, ".app"); app > 0 && !strings.ContainsAny(rest[:app], "/\"'\n,;:") {
			t = s[start : end+app+4]
		}
	}
	if sc.h.mode == noFile || sc.h.mode == images || !sc.isFilePath(t, start, end) {
		return true
	}
	if sc.spans == nil {
		sc.c.add(Observable{Type: File, Value: t, Role: sc.h.role})
	}
	return true
}

// isFilePath decides whether an absolute path is one of a file system rather
// than of a web server, a switch or an expression.
func (sc *scanner) isFilePath(t string, start, end int) bool {
	if strings.ContainsAny(t, "?&^$#!@\\") || strings.Contains(t, "//") || end < len(sc.s) && (sc.s[end] == '{' || sc.s[end] == '<') {
		return false
	}
	switch t {
	case "/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/random", "/dev/urandom", "/dev/zero":
		return false
	}
	first, rest, deep := strings.Cut(t[1:], "/")
	if !deep || rest == "" && !posixRoots[first] {
		return false
	}
	ext := ""
	if dot := strings.LastIndexByte(t, '.'); dot > strings.LastIndexByte(t, '/')+1 {
		ext = strings.ToLower(t[dot+1:])
	}
	words := wordsBefore(sc.s, start, 2)
	web := webWords[words[0]] || end < len(sc.s) && strings.HasPrefix(sc.s[end:], " HTTP/")
	if posixRoots[strings.ToLower(first)] && first != "users" {
		return !web || words[0] == "path" || words[0] == "open"
	}
	if web || webRoots[strings.ToLower(first)] || webFiles[ext] || allDigits(first) {
		return false
	}
	return fileExtensions[ext] || sc.h.typ == File || strings.Count(t, "/") >= 3 && hasLetter(t)
}
