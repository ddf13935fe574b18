package group

import (
	"strings"

	"yagura/alert"
)

// maxMentions bounds how many hosts and users of command lines an alert is about.
const maxMentions = 8

// commandKeys are attributes that products keep a command line in.
var commandKeys = set("command_line", "commandline", "cmdline", "process.command_line", "proc.cmdline", "command line", "process_command_line")

// mentions adds the hosts and accounts that a lower-case command line acts on:
// what runs on one machine and names another (psexec \\web-02, wmic /node:web-02,
// net user mallory /add) is how an intruder goes on.
func (r *reader) mentions(line string) {
	words := strings.Fields(line)
	for i, w := range words {
		w = strings.Trim(w, `"'`)
		next := ""
		if i+1 < len(words) {
			next = strings.Trim(words[i+1], `"'`)
		}
		switch name, value, _ := strings.Cut(w, ":"); {
		case strings.HasPrefix(w, `\\`):
			at, _, _ := strings.Cut(w[2:], `\`)
			r.mention(hostOf(strings.Trim(at, `"'`)), alert.Host)
		case name == "/node":
			r.mention(hostOf(strings.Trim(value, `"'`)), alert.Host)
		case name == "/user" && value != "":
			r.mention(userOf(strings.Trim(value, `"'`)), alert.User)
		case w == "-computername":
			r.mention(hostOf(next), alert.Host)
		case w == "-samaccountname":
			r.mention(userOf(next), alert.User)
		case w == "user" && i > 0 && netCommand(words[i-1]):
			if next == "/add" && i+2 < len(words) {
				next = words[i+2]
			}
			if !strings.HasPrefix(next, "/") {
				r.mention(userOf(next), alert.User)
			}
		}
	}
}

func netCommand(w string) bool {
	switch image(w) {
	case "net", "net.exe", "net1", "net1.exe":
		return true
	}
	return false
}

// mention adds a name out of a command line. Names are words of letters, digits,
// dots, hyphens and underscores: the rest of a shell's syntax is none.
func (r *reader) mention(t thing, of alert.ObservableType) {
	if r.mentioned == maxMentions || len(t.value) < 3 || len(t.value) > 64 {
		return
	}
	for i := range len(t.value) {
		if c := t.value[i]; c != '-' && c != '_' && c != '.' && c != '@' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return
		}
	}
	r.mentioned++
	t.mentioned = true
	t.shared = r.declared(of, t.show, t.value)
	r.add(t)
}
