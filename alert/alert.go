// Package alert holds the facts that the whole system is about: one detection
// or piece of risk information, normalised, with its observables, its severity
// and where it stands in our hands. It is pure: no I/O.
package alert

import "time"

// Alert is one detection, normalised. Its facts never change once stored; what
// people and agents conclude from it belongs to its ticket. Disposition and
// Sightings are the two things about it that move.
type Alert struct {
	ID              ID           // derived from the delivery that brought it
	Source          string       // source that delivered it, e.g. "guardduty-prod"
	Kind            string       // kind of the source, e.g. "guardduty"
	Rule            string       // the product's own name for the detection
	Title           string       // one line a person can read
	Description     string       // the product's longer text, may be empty
	Severity        Severity     // ours, mapped
	ProductSeverity string       // theirs, word or number, as received
	Action          Action       // what the product did; may be empty
	Condition       Condition    // posture findings only; may be empty
	SeenAt          time.Time    // by the product's clock, UTC; never later than ReceivedAt
	ReceivedAt      time.Time    // by ours, UTC
	Link            string       // to the product's own page; http or https only; may be empty
	Observables     []Observable // hosts, users, addresses, hashes
	Entities        []Entity     // exact identities that tie alerts together; at most MaxEntities
	Techniques      []string     // MITRE ATT&CK ids, e.g. "T1110.001"
	Attributes      []Attribute  // what else is worth showing, in the policy's order
	Tags            []string
	Channel         string   // where policy wants it announced; may be empty
	Assignee        string   // whom policy names; may be empty
	Marks           []string // what we noticed while taking it in, e.g. "late", "future"
	EventID         string   // the product's own id of this event; may be empty
	Fingerprint     string   // 32 hex digits: what makes two alerts the same thing again
	Standing
	Sightings Sightings
}

// Standing is where an alert stands in our hands, with who set it and why.
type Standing struct {
	Disposition Disposition
	By          string // "default", a policy's file:line, or a principal
	Reason      string // why; empty for the default
}

// Sightings counts how often the same thing was seen, the first time included.
// First and Last are by the product's clock, UTC.
type Sightings struct {
	Count int
	First time.Time
	Last  time.Time
}

// Attribute is one more field of an alert. Link, where set, is http or https.
type Attribute struct {
	Key   string `json:"key" doc:"what the value is, in the words of the product"`
	Value string `json:"value" doc:"as text, whatever it was"`
	Link  string `json:"link,omitempty" doc:"http or https"`
}

// Action is what the product did about what it saw.
type Action string

// The actions of DESIGN's table of words.
const (
	Detected    Action = "detected"
	Blocked     Action = "blocked"
	Allowed     Action = "allowed"
	Quarantined Action = "quarantined"
)

// Condition is the product's own word on a posture finding.
type Condition string

// The conditions of a posture finding.
const (
	Present Condition = "present"
	Fixed   Condition = "fixed"
)

// Disposition says where an alert stands in our hands. It changes only with a
// reason on record.
type Disposition string

// The dispositions. Declined alerts have a list of their own.
const (
	Active   Disposition = "active"
	Notice   Disposition = "notice"
	Silenced Disposition = "silenced"
	Closed   Disposition = "closed" // closed by policy
	Declined Disposition = "declined"
)

// Dispositions lists every disposition, in the order of DESIGN's table.
func Dispositions() []Disposition {
	return []Disposition{Active, Notice, Silenced, Closed, Declined}
}
