package group

import "yagura/alert"

// Explain says in one sentence why alerts belong together, and what differs.
func Explain(list []*alert.Alert) (why, differs string) { return "", "" }
