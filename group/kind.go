package group

// kind says what a thing is that alerts can share.
type kind uint8

const (
	process kind = iota
	session
	message
	url
	registry
	resource
	host
	user
	ip
	domain
	hash
	command
	email
	subject
	flood // the same rule about the same address, host or user
	kinds
)

var kindNames = [kinds]string{
	"process", "session", "message", "url", "registry", "resource", "host", "user",
	"ip", "domain", "hash", "command", "sender", "subject", "rule",
}

// slot is what counts once in a sum: all that proves identity together, and every
// other kind by itself. Slots are in order of their weight.
type slot uint8

const (
	strong slot = iota
	hostSlot
	userSlot
	ipSlot
	domainSlot
	hashSlot
	commandSlot
	emailSlot
	subjectSlot
	slots
)

func (k kind) slot() slot {
	if k < host {
		return strong
	}
	return slot(k-host) + hostSlot
}

// asset reports whether the kind is of what an organisation protects.
func (k kind) asset() bool { return k == host || k == user }

// floods reports whether a rule that repeats about one of the kind is a flood.
func (k kind) floods() bool { return k == host || k == user || k == ip }

// key names one thing. Keys of floods carry the rule, and what kind repeats in of.
type key struct {
	kind, of    kind
	value, rule string
}

// thing is one of what an alert is about.
type thing struct {
	key
	show    string // as the alert writes it
	domain  string // DNS domain that a host or user was qualified with; may be empty
	shared  bool   // the product or the organisation says that many use it
	aliases []string

	mentioned bool // only in a command line
	outsider  bool // an address of others that the alert names as where it came from
}
