// Package app turns a configuration into the running system: it reads the
// configuration, opens the store, starts the pipeline and the doors, and
// stops them in order. It is the only room that knows all the others.
package app

import (
	"log/slog"
	"net/netip"
	"time"

	"yagura/source"
)

// Config is everything that can be set, resolved: the file, over it the
// environment, over that the command line. LoadConfig makes one.
type Config struct {
	File           string         // the file it was read from; empty where there was none
	Data           string         // folder of the embedded database and the state beside it
	Listen         string         // host:port
	Database       Secret         // postgres:// URL; empty: SQLite in Data
	BootstrapKey   Secret         // an admin API key that is valid from the first start
	Policy         string         // folder of the user's policies; empty: only ours
	PublicURL      string         // how others reach this server; empty: http://Listen
	TLS            TLS            //
	TrustedProxies []netip.Prefix // whose word on the client's address counts
	Log            Log            //
	Metrics        bool           // whether /metrics is served
	Limits         Limits         //
	Outgoing       Outgoing       //
	Sources        []SourceSettings
	Tools          []ToolSettings
}

// TLS names the server's certificate. Both files or none.
type TLS struct {
	CertFile string // PEM, the chain, leaf first
	KeyFile  string // PEM
}

// Log says what is logged and how.
type Log struct {
	Level  slog.Level
	Format string // "text" or "json"
}

// Limits hold for sources that set none of their own.
type Limits struct {
	MaxBody int64   // bytes of one delivery
	Rate    float64 // deliveries a second; 0 is unlimited
	Burst   int     // deliveries at once over Rate
}

// Outgoing says how requests leave.
type Outgoing struct {
	Proxy   Secret        // URL, which may hold a password; "none": no proxy; empty: HTTPS_PROXY and the like
	CAFile  string        // PEM; trusted beside the system's own authorities
	Timeout time.Duration // of one request, its answer included
}

// SourceSettings are what the configuration says about one source. Apply puts
// what was written onto a source.
type SourceSettings struct {
	ID       string
	Source   source.Source     // fields that were not written are zero
	Token    Secret            // the hook's token; empty where none is declared
	Outgoing Outgoing          // fields that were not written are zero
	written  map[string]string // option's key → text
}

// Apply returns s with every setting that the configuration holds for it.
func (w SourceSettings) Apply(s source.Source) (source.Source, error) {
	target := SourceSettings{Source: s}
	for _, o := range sourceOptions {
		if text, ok := w.written[o.Key]; ok {
			if err := assign(o.field(&target), text); err != nil {
				return s, err
			}
		}
	}
	target.Source.ID = w.ID
	return target.Source.Normalize()
}

// ToolSettings are what the configuration says about one tool.
type ToolSettings struct {
	Name     string
	Outgoing Outgoing // fields that were not written are zero
}

// configOptions is the one place where a key of the configuration is declared:
// its name, its default, its text and the field it sets. The file's reader, the
// environment, the flags, `yagura config check` and docs/reference/config.md all
// come from here.
var configOptions = []option[Config]{
	{
		Key: "data", Default: "./yagura-data", field: func(c *Config) any { return &c.Data },
		Doc: "Folder that holds the embedded database and what else must survive a restart. It is created where it is missing.",
	},
	{
		Key: "listen", Default: "127.0.0.1:8484", field: func(c *Config) any { return &c.Listen },
		Doc: "Address to serve on, host:port. An empty host serves on every address of the machine: set TLS or trusted_proxies then.",
	},
	{
		Key: "database", field: func(c *Config) any { return &c.Database }, Literal: withoutPassword,
		Doc: "URL of a PostgreSQL database, postgres://user@host/name. Empty keeps everything in SQLite files in the data folder.",
	},
	{
		Key: "bootstrap_key", field: func(c *Config) any { return &c.BootstrapKey },
		Doc: "An API key with every permission, valid from the first start, for containers and automation. At least 16 characters. Sent as Authorization: Bearer.",
	},
	{
		Key: "policy", field: func(c *Config) any { return &c.Policy },
		Doc: "Folder of your own Rego policies, read with all folders below it and read again when a file changes. A file of package ingest.<kind> takes the place of ours.",
	},
	{
		Key: "public_url", field: func(c *Config) any { return &c.PublicURL },
		Doc: "How people and senders reach this server, such as https://yagura.example.com. Links that leave the server start with it. Empty: http:// and the listen address.",
	},
	{
		Key: "trusted_proxies", field: func(c *Config) any { return &c.TrustedProxies },
		Doc: "Networks of the proxies in front of this server. Only from them are X-Forwarded-For and Forwarded believed; the client is the last address that no trusted proxy has.",
	},
	{
		Key: "tls.cert_file", field: func(c *Config) any { return &c.TLS.CertFile },
		Doc: "PEM file with the server's certificate chain, leaf first. It is read again when it changes. Needs tls.key_file.",
	},
	{
		Key: "tls.key_file", field: func(c *Config) any { return &c.TLS.KeyFile },
		Doc: "PEM file with the certificate's private key. Needs tls.cert_file.",
	},
	{
		Key: "log.level", Default: "info", field: func(c *Config) any { return &c.Log.Level },
		Doc: "The mildest message that is logged.",
	},
	{
		Key: "log.format", Default: "text", field: func(c *Config) any { return &c.Log.Format },
		Doc: "How a log line is written to standard error: text or json.",
	},
	{
		Key: "metrics", Default: "yes", field: func(c *Config) any { return &c.Metrics },
		Doc: "Whether /metrics is served, in Prometheus' format.",
	},
	{
		Key: "limits.max_body", Default: "10MiB", field: func(c *Config) any { return &c.Limits.MaxBody },
		Doc: "Largest delivery of a source that sets no max_body. A larger one is refused with 413 and counted. At most 100MiB.",
	},
	{
		Key: "limits.rate", Default: "0", field: func(c *Config) any { return &c.Limits.Rate },
		Doc: "Deliveries a second from a source that sets no rate; 0 is unlimited. One over it is refused with 429 and Retry-After, and counted.",
	},
	{
		Key: "limits.burst", Default: "0", field: func(c *Config) any { return &c.Limits.Burst },
		Doc: "Deliveries at once over the rate, for a source that sets no burst.",
	},
	{
		Key: "outgoing.proxy", field: func(c *Config) any { return &c.Outgoing.Proxy }, Literal: withoutPassword,
		Doc: "URL of the proxy that outgoing requests take. Empty: what HTTPS_PROXY, HTTP_PROXY and NO_PROXY say. The word none: no proxy.",
	},
	{
		Key: "outgoing.ca_file", field: func(c *Config) any { return &c.Outgoing.CAFile },
		Doc: "PEM file with authorities that outgoing requests trust beside the system's own.",
	},
	{
		Key: "outgoing.timeout", Default: "30s", field: func(c *Config) any { return &c.Outgoing.Timeout },
		Doc: "Longest time that one outgoing request may take, its answer included.",
	},
}

// sourceOptions are the keys under sources.<id>.
var sourceOptions = []option[SourceSettings]{
	{
		Key: "kind", field: func(w *SourceSettings) any { return &w.Source.Kind },
		Doc: "Which policy reads the source's messages, such as guardduty or generic. Needed unless the source was made by API already.",
	},
	{
		Key: "window", Default: "24h", field: func(w *SourceSettings) any { return &w.Source.Window },
		Doc: "A repeat of the same fingerprint within it is one more sighting, not a new alert. At most 366d.",
	},
	{
		Key: "may_decline", Default: "no", field: func(w *SourceSettings) any { return &w.Source.MayDecline },
		Doc: "Whether policies may decline the source's messages. Where they may not, what they decline becomes a notice and says so.",
	},
	{
		Key: "max_body", field: func(w *SourceSettings) any { return &w.Source.MaxBody },
		Doc: "Largest delivery, at most 100MiB. Default: limits.max_body.",
	},
	{
		Key: "rate", field: func(w *SourceSettings) any { return &w.Source.Rate },
		Doc: "Deliveries a second that the source may send; 0 is unlimited. Default: limits.rate.",
	},
	{
		Key: "burst", field: func(w *SourceSettings) any { return &w.Source.Burst },
		Doc: "Deliveries at once over the rate. Default: limits.burst.",
	},
	{
		Key: "disabled", Default: "no", field: func(w *SourceSettings) any { return &w.Source.Disabled },
		Doc: "A disabled source is refused as if it were unknown. What it sent stays.",
	},
	{
		Key: "token", field: func(w *SourceSettings) any { return &w.Token },
		Doc: "The token that the sender shows. Where it is not set, one is made and shown once when the source is made.",
	},
	{
		Key: "auth.scheme", field: func(w *SourceSettings) any { return &w.Source.Auth.Scheme },
		Doc: "The sender's own signature, taken in place of the token: github, hmac, sns or pubsub.",
	},
	{
		Key: "auth.secret_ref", field: func(w *SourceSettings) any { return &w.Source.Auth.SecretRef },
		Doc: "Where the secret of github and hmac is: env:NAME or file:/path. It is read at every check, so that it can be rotated.",
	},
	{
		Key: "auth.header", field: func(w *SourceSettings) any { return &w.Source.Auth.Header },
		Doc: "With hmac: the request header that holds the signature.",
	},
	{
		Key: "auth.topic", field: func(w *SourceSettings) any { return &w.Source.Auth.Topic },
		Doc: "With sns: ARN of the only topic that may send.",
	},
	{
		Key: "auth.audience", field: func(w *SourceSettings) any { return &w.Source.Auth.Audience },
		Doc: "With pubsub: the audience that the pushed token must name.",
	},
	{
		Key: "auth.email", field: func(w *SourceSettings) any { return &w.Source.Auth.Email },
		Doc: "With pubsub: the service account that must have signed.",
	},
	{
		Key: "outgoing.proxy", field: func(w *SourceSettings) any { return &w.Outgoing.Proxy }, Literal: withoutPassword,
		Doc: "Proxy for requests made on the source's behalf: its signing certificates and, where it is pulled, its messages. Default: outgoing.proxy.",
	},
	{
		Key: "outgoing.ca_file", field: func(w *SourceSettings) any { return &w.Outgoing.CAFile },
		Doc: "Authorities for the same requests. Default: outgoing.ca_file.",
	},
	{
		Key: "outgoing.timeout", field: func(w *SourceSettings) any { return &w.Outgoing.Timeout },
		Doc: "Longest time for the same requests. Default: outgoing.timeout.",
	},
}

// toolOptions are the keys under tools.<name>.
var toolOptions = []option[ToolSettings]{
	{
		Key: "outgoing.proxy", field: func(w *ToolSettings) any { return &w.Outgoing.Proxy }, Literal: withoutPassword,
		Doc: "Proxy for the tool's requests. Default: outgoing.proxy.",
	},
	{
		Key: "outgoing.ca_file", field: func(w *ToolSettings) any { return &w.Outgoing.CAFile },
		Doc: "Authorities for the tool's requests. Default: outgoing.ca_file.",
	},
	{
		Key: "outgoing.timeout", field: func(w *ToolSettings) any { return &w.Outgoing.Timeout },
		Doc: "Longest time for the tool's requests. Default: outgoing.timeout.",
	},
}

// Options lists the keys of the configuration, in the reference's order.
func Options() []Option { return publicOptions(configOptions) }

// SourceOptions lists the keys under sources.<id>.
func SourceOptions() []Option { return publicOptions(sourceOptions) }

// ToolOptions lists the keys under tools.<name>.
func ToolOptions() []Option { return publicOptions(toolOptions) }
