package app

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"yagura/source"
)

// load resolves a configuration from a file's text, variables and flags.
func load(t *testing.T, file string, env map[string]string, flags Overrides, others map[string]string) (Config, error) {
	t.Helper()
	if file != "" {
		flags = mergeFlags(flags, Overrides{"config": "yagura.yaml"})
	}
	return LoadConfig(flags, func(name string) string { return env[name] }, func(path string) ([]byte, error) {
		if path == "yagura.yaml" && file != "" {
			return []byte(file), nil
		}
		if text, ok := others[path]; ok {
			return []byte(text), nil
		}
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	})
}

func mergeFlags(a, b Overrides) Overrides {
	out := Overrides{}
	for _, m := range []Overrides{a, b} {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

func TestConfigNeedsNoFile(t *testing.T) {
	t.Parallel()
	c, err := load(t, "", nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:8484" || c.Data != "./yagura-data" || !c.Database.Empty() || !c.Metrics ||
		c.Limits.MaxBody != source.DefaultMaxBody || c.Outgoing.Timeout != 30*time.Second || c.Log.Level != slog.LevelInfo {
		t.Errorf("defaults are %+v", c)
	}
}

func TestConfigTakesFlagsOverEnvironmentOverFile(t *testing.T) {
	t.Parallel()
	file := "listen: 127.0.0.1:1\ndata: /file\npublic_url: https://file.example.com\nlog: {level: debug}\n"
	env := map[string]string{"YAGURA_DATA": "/env", "YAGURA_PUBLIC_URL": "https://env.example.com", "YAGURA_LOG_LEVEL": "warn"}
	c, err := load(t, file, env, Overrides{"public_url": "https://flag.example.com"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:1" || c.Data != "/env" || c.PublicURL != "https://flag.example.com" || c.Log.Level != slog.LevelWarn {
		t.Errorf("resolved to %+v", c)
	}
}

func TestConfigFileIsNamedByTheEnvironmentToo(t *testing.T) {
	t.Parallel()
	c, err := LoadConfig(nil, func(name string) string {
		return map[string]string{"YAGURA_CONFIG": "/etc/yagura.yaml"}[name]
	}, func(path string) ([]byte, error) { return []byte("data: /from/" + filepath.Base(path)), nil })
	if err != nil || c.Data != "/from/yagura.yaml" || c.File != "/etc/yagura.yaml" {
		t.Errorf("got %q from %q, %v", c.Data, c.File, err)
	}
}

func TestConfigReadsSourcesAndTools(t *testing.T) {
	t.Parallel()
	c, err := load(t, `
trusted_proxies: [10.0.0.0/8, 192.0.2.7]
sources:
  guardduty-prod:
    kind: guardduty
    window: 7d
    max_body: 1MiB
    token: env:HOOK_TOKEN
    outgoing: {proxy: "http://proxy.example.com:3128"}
  github:
    may_decline: yes
    auth: {scheme: github, secret_ref: "file:/run/secrets/github"}
tools:
  whois:
    outgoing: {ca_file: /etc/ca.pem}
`, map[string]string{"HOOK_TOKEN": "open sesame"}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(c.TrustedProxies) != "[10.0.0.0/8 192.0.2.7/32]" {
		t.Errorf("trusted_proxies are %v", c.TrustedProxies)
	}
	if len(c.Sources) != 2 || len(c.Tools) != 1 || c.Tools[0].Outgoing.CAFile != "/etc/ca.pem" {
		t.Fatalf("sources %v, tools %v", c.Sources, c.Tools)
	}
	made, err := c.Sources[0].Apply(source.Source{})
	if err != nil || made.ID != "guardduty-prod" || made.Kind != "guardduty" || made.Window != 7*24*time.Hour || made.MaxBody != 1<<20 {
		t.Errorf("the declared source is %+v, %v", made, err)
	}
	if c.Sources[0].Token.Reveal() != "open sesame" || c.Sources[0].Outgoing.Proxy.Reveal() != "http://proxy.example.com:3128" {
		t.Error("token or proxy is not what was declared")
	}
	changed, err := c.Sources[1].Apply(source.Source{ID: "github", Kind: "github", Window: time.Hour})
	if err != nil || changed.Window != time.Hour || !changed.MayDecline || changed.Auth.Scheme != "github" {
		t.Errorf("the overridden source is %+v, %v", changed, err)
	}
}

func TestConfigRefusesMistakesByNameAndLine(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ file, want string }{
		"unknown key":        {"data: x\nlistn: 127.0.0.1:1\n", `yagura.yaml:2: unknown key "listn"; did you mean "listen"?`},
		"unknown key inside": {"tls:\n  cert_flie: x\n", `yagura.yaml:2: unknown key "tls.cert_flie"; did you mean "tls.cert_file"?`},
		"nothing near":       {"zzzzzzzzzz: 1\n", `yagura.yaml:1: unknown key "zzzzzzzzzz"`},
		"unknown in source":  {"sources:\n  a:\n    kind: generic\n    windwo: 1h\n", `yagura.yaml:4: unknown key "windwo"; did you mean "window"?`},
		"twice":              {"data: a\nlisten: 127.0.0.1:1\ndata: b\n", `yagura.yaml:3: "data" is written twice, first on line 1`},
		"no value":           {"data:\n", "yagura.yaml:1: data has no value"},
		"a list":             {"data: [a, b]\n", "yagura.yaml:1: data: write one text"},
		"a scalar for keys":  {"tls: yes\n", "yagura.yaml:1: tls holds no keys"},
		"not a mapping":      {"- data\n", "yagura.yaml:1: the file holds no keys"},
		"bad duration":       {"outgoing:\n  timeout: soon\n", `yagura.yaml:2: outgoing.timeout: "soon" is no duration`},
		"bad size":           {"limits: {max_body: -3}\n", `yagura.yaml:1: limits.max_body: "-3" is no size`},
		"bad network":        {"trusted_proxies: [10.0.0.0/8, ten]\n", `"ten" is no network`},
		"bad level":          {"log: {level: loud}\n", `log.level: "loud": use debug, info, warn or error`},
		"bad source":         {"sources:\n  Über: {kind: generic}\n", `yagura.yaml:2: source Über: source id "Über"`},
		"broken YAML":        {"data: 'x\nlisten: y\n", "yagura.yaml: line"},
		"two documents":      {"data: a\n---\ndata: b\n", "yagura.yaml: holds several documents"},
		"open secret":        {"bootstrap_key: correct-horse-battery\n", "yagura.yaml:1: bootstrap_key: a secret does not stand here; write env:NAME or file:/path"},
		"open password":      {"database: postgres://u:hunter2@db/y\n", "yagura.yaml:1: database: a secret does not stand here"},
		"empty variable":     {"bootstrap_key: env:NOWHERE\n", "yagura.yaml:1: bootstrap_key: environment variable NOWHERE is empty or not set"},
		"no secret file":     {"bootstrap_key_file: /nowhere\n", "yagura.yaml:1: bootstrap_key: read the secret: open /nowhere"},
		"both ways":          {"bootstrap_key: env:A\nbootstrap_key_file: /b\n", "bootstrap_key and bootstrap_key_file are both set"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, tt.file, map[string]string{"A": "from the variable"}, nil, map[string]string{"/b": "from the file"})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "correct-horse")) {
				t.Errorf("the error holds the secret: %v", err)
			}
		})
	}
}

func TestConfigReportsEveryMistakeAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load(t, "listn: 1\nlog: {level: loud}\n", map[string]string{"YAGURA_METRICS": "perhaps"}, Overrides{"limits.rate": "fast", "colour": "red"}, nil)
	for _, want := range []string{`"listn"`, "loud", `YAGURA_METRICS: metrics: "perhaps": use yes or no`, `--limits-rate: limits.rate: "fast" is no number`, `no option is called "colour"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %s", err, want)
		}
	}
}

func TestSecretsComeFromEnvironmentOrFile(t *testing.T) {
	t.Parallel()
	files := map[string]string{"/run/key": "sixteen-letters-1\n"}
	tests := map[string]struct {
		file  string
		env   map[string]string
		flags Overrides
		want  string
	}{
		"variable":              {env: map[string]string{"YAGURA_BOOTSTRAP_KEY": "sixteen-letters-0"}, want: "sixteen-letters-0"},
		"variable that names":   {env: map[string]string{"YAGURA_BOOTSTRAP_KEY_FILE": "/run/key"}, want: "sixteen-letters-1"},
		"reference in the file": {file: "bootstrap_key: env:KEY", env: map[string]string{"KEY": "sixteen-letters-2"}, want: "sixteen-letters-2"},
		"file in the file":      {file: "bootstrap_key: file:/run/key", want: "sixteen-letters-1"},
		"_file in the file":     {file: "bootstrap_key_file: /run/key", want: "sixteen-letters-1"},
		"flag that names":       {flags: Overrides{"bootstrap_key_file": "/run/key"}, want: "sixteen-letters-1"},
		"flag over the file":    {file: "bootstrap_key: env:KEY", env: map[string]string{"KEY": "x"}, flags: Overrides{"bootstrap_key_file": "/run/key"}, want: "sixteen-letters-1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := load(t, tt.file, tt.env, tt.flags, files)
			if err != nil || c.BootstrapKey.Reveal() != tt.want {
				t.Errorf("key is %q, %v; want %q", c.BootstrapKey.Reveal(), err, tt.want)
			}
		})
	}
	if _, err := load(t, "", nil, Overrides{"bootstrap_key": "on-the-command-line"}, nil); err == nil {
		t.Error("a secret on the command line, where every user of the machine reads it, is taken")
	}
}

func TestDatabaseWithoutPasswordMayStandInTheFile(t *testing.T) {
	t.Parallel()
	c, err := load(t, "database: postgres://yagura@db.example.com/yagura\n", nil, nil, nil)
	if err != nil || c.Database.Reveal() != "postgres://yagura@db.example.com/yagura" {
		t.Errorf("database is %q, %v", c.Database.Reveal(), err)
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	const value = "hunter2hunter2hunter2"
	c := Config{BootstrapKey: NewSecret(value), Sources: []SourceSettings{{Token: NewSecret(value)}}}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&out, verb+verb+verb, c, c.BootstrapKey, &c.BootstrapKey)
	}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(map[string]any{"key": c.BootstrapKey})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(asJSON)
	out.Write(asYAML)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("start", "config", c, "key", c.BootstrapKey)
	slog.New(slog.NewTextHandler(&out, nil)).Info("start", "config", c, "key", c.BootstrapKey)
	for _, leak := range []string{value, fmt.Sprintf("%x", value)} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("the secret is printed in %s", out.String())
		}
	}
	if !strings.Contains(out.String(), hidden) {
		t.Error("nothing says that there is a secret")
	}
}

func TestCheckNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a-file")
	if err := os.WriteFile(file, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		change func(*Config)
		want   string // empty: nothing is wrong
	}{
		"as it comes":              {func(*Config) {}, ""},
		"data that is a file":      {func(c *Config) { c.Data = filepath.Join(file, "below") }, "data: "},
		"no port":                  {func(c *Config) { c.Listen = "127.0.0.1" }, "listen: "},
		"impossible port":          {func(c *Config) { c.Listen = "127.0.0.1:99999" }, "listen: "},
		"another database":         {func(c *Config) { c.Database = NewSecret("mysql://u:hunter2@db/y") }, "database: "},
		"short key":                {func(c *Config) { c.BootstrapKey = NewSecret("hunter2") }, "bootstrap_key: it has 7 characters"},
		"policy nowhere":           {func(c *Config) { c.Policy = filepath.Join(dir, "nowhere") }, "policy: "},
		"public_url without host":  {func(c *Config) { c.PublicURL = "yagura.example.com" }, "public_url: "},
		"certificate without key":  {func(c *Config) { c.TLS.CertFile = file }, "tls: cert_file and key_file are needed together"},
		"certificate that is none": {func(c *Config) { c.TLS = TLS{file, file} }, "tls: read the certificate"},
		"log format":               {func(c *Config) { c.Log.Format = "xml" }, "log.format: "},
		"no authorities":           {func(c *Config) { c.Outgoing.CAFile = file }, "outgoing: ca_file"},
		"proxy of a tool": {func(c *Config) {
			c.Tools = []ToolSettings{{Name: "whois", Outgoing: Outgoing{Proxy: NewSecret("ftp://u:hunter2@p/")}}}
		}, "tools.whois.outgoing: proxy"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := load(t, "", map[string]string{"YAGURA_DATA": filepath.Join(dir, "new", "data")}, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			tt.change(&c)
			errs := c.Check()
			if tt.want == "" {
				if len(errs) > 0 {
					t.Errorf("found %v", errs)
				}
				return
			}
			if len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), tt.want) || strings.Contains(errs[0].Error(), "hunter2") {
				t.Errorf("found %v, want one that starts with %q and holds no secret", errs, tt.want)
			}
		})
	}
}

func TestWarnsWhereTokensTravelInTheClear(t *testing.T) {
	t.Parallel()
	for listen, warned := range map[string]bool{"127.0.0.1:8484": false, "localhost:8484": false, "[::1]:8484": false, ":8484": true, "0.0.0.0:8484": true, "192.0.2.1:8484": true} {
		c, err := load(t, "", map[string]string{"YAGURA_LISTEN": listen}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(c.Warnings()) > 0; got != warned {
			t.Errorf("listening on %s: warned %v, want %v", listen, got, warned)
		}
		c.TLS = TLS{"c.pem", "k.pem"}
		if len(c.Warnings()) > 0 {
			t.Errorf("listening on %s with TLS is warned about: %v", listen, c.Warnings())
		}
	}
}

// TOOL-12
func TestEveryOptionHasItsText(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for place, options := range map[string][]Option{"": Options(), "sources.": SourceOptions(), "tools.": ToolOptions()} {
		for _, o := range options {
			if len(o.Doc) < 20 || !strings.HasSuffix(o.Doc, ".") {
				t.Errorf("%s%s: its text %q is no sentence", place, o.Key, o.Doc)
			}
			if seen[place+o.Key] {
				t.Errorf("%s%s is declared twice", place, o.Key)
			}
			seen[place+o.Key] = true
		}
	}
	for _, name := range []string{"YAGURA_DATA", "YAGURA_LISTEN", "YAGURA_DATABASE", "YAGURA_BOOTSTRAP_KEY", "YAGURA_POLICY"} {
		found := false
		for _, o := range Options() {
			found = found || o.Env() == name
		}
		if !found {
			t.Errorf("no option is set by %s, which others build on", name)
		}
	}
}

// FuzzConfigFile looks for files that are not refused politely.
func FuzzConfigFile(f *testing.F) {
	for _, seed := range []string{
		"listen: 127.0.0.1:1\n", "sources: &s {a: {kind: generic, auth: *s}}\n", "tls: &t {tls: *t}\n",
		"a: &a [*a]\n", "? {listen: x}\n: y\n", "sources: {a: {window: 7d}, a: {}}\n", "---\n", "data: !!binary aGk=\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := LoadConfig(Overrides{"config": "c.yaml"}, func(string) string { return "" }, func(path string) ([]byte, error) {
			if path == "c.yaml" {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		})
		if err == nil {
			for _, w := range c.Sources {
				if _, err := w.Apply(source.Source{Kind: "generic"}); err != nil {
					t.Errorf("a source is taken that cannot be used: %v", err)
				}
			}
		} else if !strings.Contains(err.Error(), "c.yaml:") {
			t.Errorf("the refusal does not name the file: %v", err)
		}
	})
}
