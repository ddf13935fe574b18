package alert

// ObservableType says what an observable's value is.
type ObservableType string

// The observable types of DESIGN's table of words.
const (
	IP       ObservableType = "ip" // an address, or a range such as 198.51.100.0/24
	Domain   ObservableType = "domain"
	URL      ObservableType = "url"
	Hash     ObservableType = "hash" // MD5, SHA-1 or SHA-256 in lower-case hex
	Email    ObservableType = "email"
	User     ObservableType = "user"
	Host     ObservableType = "host"
	Process  ObservableType = "process"
	File     ObservableType = "file"
	CVE      ObservableType = "cve"
	Account  ObservableType = "account"  // a cloud account, subscription or project
	Resource ObservableType = "resource" // an ARN or the like
)

// ObservableTypes lists every type, in the order of DESIGN's table.
func ObservableTypes() []ObservableType {
	return []ObservableType{IP, Domain, URL, Hash, Email, User, Host, Process, File, CVE, Account, Resource}
}

// Observable is a typed value in an alert, normalised and not defanged.
type Observable struct {
	Type  ObservableType `json:"type" doc:"ip, domain, url, hash, email, user, host, process, file, cve, account or resource"`
	Value string         `json:"value" doc:"normalised, not defanged"`
	Role  string         `json:"role,omitempty" doc:"its part in the alert, e.g. source, target, actor"`
	Scope string         `json:"scope,omitempty" doc:"private, documentation, loopback and the like; absent is public"`
}
