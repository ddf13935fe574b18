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

// key names one thing.
type key struct {
	kind  kind
	value string
}

// thing is one of what an alert is about.
type thing struct {
	key
	show    string // as the alert writes it
	domain  string // DNS domain that a host or user was qualified with; may be empty
	shared  bool   // the product or the organisation says that many use it
	aliases []string

	mentioned bool // only in a command line
	loose     bool // a resource read out of the alert: many have to do with a repository or bucket in a day
	source    bool // an address that acts, by its role in the alert
	private   bool // an address inside
	target    bool // what is acted on, by its role
}

// slot is the kind's, but that an address inside, or acted on, counts with the
// hosts: beside a host it is as a rule the host's own, and says nothing more.
func (t *thing) slot() slot {
	if t.kind == ip && (t.private || t.target) {
		return hostSlot
	}
	return t.kind.slot()
}
