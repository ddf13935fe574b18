package alert

// EntityType says what an entity is.
type EntityType string

// The types of entities. Two alerts with the same process, session, message,
// registry key or resource are about the same thing within a day; a host or user
// ties for an hour; hash, command, sender and subject only lend weight.
const (
	EntityProcess  EntityType = "process"  // one running process: host, process id and image
	EntitySession  EntityType = "session"  // one session of a user or connection
	EntityMessage  EntityType = "message"  // one mail message
	EntityRegistry EntityType = "registry" // one registry key on one host
	EntityResource EntityType = "resource" // one cloud resource
	EntityHost     EntityType = "host"
	EntityUser     EntityType = "user"
	EntityHash     EntityType = "hash"    // of a file; shared where the file is the operating system's
	EntityCommand  EntityType = "command" // a command line
	EntitySender   EntityType = "sender"  // of mail
	EntitySubject  EntityType = "subject" // of mail
)

// EntityTypes lists every type, the strongest first.
func EntityTypes() []EntityType {
	return []EntityType{
		EntityProcess, EntitySession, EntityMessage, EntityRegistry, EntityResource,
		EntityHost, EntityUser, EntityHash, EntityCommand, EntitySender, EntitySubject,
	}
}

// Bounds of an alert's entities; what is more or longer is left out or cut.
const (
	MaxEntities      = 100
	MaxEntityAliases = 8
	MaxEntityValue   = 512 // characters of a value or alias
)

// Entity is one thing that an alert is about, named so exactly that another alert
// with the same name is about the same thing. An observable may be anybody's
// "cmd.exe"; the entity is process 4312 of one host. Entities say which alerts
// belong together; they are not shown.
type Entity struct {
	Type    EntityType `json:"type" doc:"process, session, message, registry, resource, host, user, hash, command, sender or subject"`
	Value   string     `json:"value" doc:"its most exact name"`
	Aliases []string   `json:"aliases,omitempty" doc:"other names of the same one: SID, account name, short name"`
	Shared  bool       `json:"shared,omitempty" doc:"many use it: a domain controller or gateway by the product's word, a file of the operating system"`
}
