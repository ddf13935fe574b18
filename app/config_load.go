package app

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"yagura/source"
)

// Overrides are what the command line sets: an option's key → its text. The
// key "config" names the file; a secret is named by its key with "_file" added.
type Overrides map[string]string

// LoadConfig resolves the configuration: defaults, over them the file that
// --config or YAGURA_CONFIG names, over it environment variables, over those
// flags. It needs no file at all. getenv and readFile are os.Getenv and
// os.ReadFile, and others in tests. All mistakes are reported at once, each with
// its file and line, its variable or its flag; none holds a secret's value.
func LoadConfig(flags Overrides, getenv func(string) string, readFile func(string) ([]byte, error)) (Config, error) {
	l := &loader{resolver: resolver{getenv, readFile}}
	for _, o := range configOptions {
		if o.Default != "" {
			setOption(l, &l.config, o, o.Default, "default of "+o.Key)
		}
	}
	l.config.File = flags["config"]
	if l.config.File == "" {
		l.config.File = getenv("YAGURA_CONFIG")
	}
	if l.config.File != "" {
		content, err := readFile(l.config.File)
		if err != nil {
			return Config{}, fmt.Errorf("read the configuration: %w", err)
		}
		l.file(l.config.File, content)
	}
	for _, o := range configOptions {
		name := o.public().Env()
		l.outside(o, name, getenv(name), name+"_FILE", getenv(name+"_FILE"), true)
	}
	known := map[string]bool{"config": true}
	for _, o := range configOptions {
		known[o.Key], known[o.Key+"_file"] = true, o.public().Secret()
		flag := "--" + o.public().Flag()
		l.outside(o, flag, flags[o.Key], flag+"-file", flags[o.Key+"_file"], false)
	}
	for key := range flags {
		if !known[key] {
			l.fail("no option is called %q", key)
		}
	}
	if len(l.errs) > 0 {
		return Config{}, errors.Join(l.errs...)
	}
	return l.config, nil
}

// loader gathers the configuration and every mistake in it.
type loader struct {
	resolver
	config Config
	errs   []error
}

func (l *loader) fail(format string, args ...any) {
	l.errs = append(l.errs, fmt.Errorf(format, args...))
}

// outside sets one option from a variable or a flag, or from the file that a
// second one names.
func (l *loader) outside(o option[Config], name, text, fileName, path string, environment bool) {
	if !o.public().Secret() {
		if text != "" {
			setOption(l, &l.config, o, text, name)
		}
		return
	}
	switch {
	case text != "" && path != "":
		l.fail("%s and %s are both set; use one", name, fileName)
	case path != "":
		setSecret(l, &l.config, o, "file:"+path, fileName)
	case text != "" && environment: // the environment is a place for secrets
		o.Literal = func(string) bool { return true }
		setSecret(l, &l.config, o, text, name)
	case text != "":
		setSecret(l, &l.config, o, text, name)
	}
}

// setOption assigns text, which stands at where, to the option's field of target.
func setOption[T any](l *loader, target *T, o option[T], text, where string) bool {
	if o.public().Secret() {
		return setSecret(l, target, o, text, where)
	}
	if err := assign(o.field(target), text); err != nil {
		l.fail("%s: %s: %w", where, o.Key, err)
		return false
	}
	return true
}

// setSecret resolves a reference and assigns what it points to. A value that
// stands in the open where it should not is refused, and not repeated.
func setSecret[T any](l *loader, target *T, o option[T], text, where string) bool {
	value, literal, err := l.resolve(text)
	switch {
	case err != nil:
		l.fail("%s: %s: %w", where, o.Key, err)
		return false
	case literal && (o.Literal == nil || !o.Literal(text)):
		l.fail("%s: %s: a secret does not stand here; write env:NAME or file:/path, or set %s_file", where, o.Key, o.Key)
		return false
	}
	if err := assign(o.field(target), value); err != nil {
		l.fail("%s: %s: %w", where, o.Key, err)
		return false
	}
	return true
}

// withoutPassword reports whether a URL holds no password, so that it may
// stand in the file as it is. Words that are no URL hold none.
func withoutPassword(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	if _, has := u.User.Password(); has {
		return false
	}
	return u.Query().Get("password") == "" && !strings.Contains(s, "password=")
}

// checkSource says what is wrong with a source as declared. A source without a
// kind must exist already; that is seen when it is applied.
func checkSource(w SourceSettings) error {
	probe := source.Source{ID: w.ID, Kind: "generic"}
	_, err := w.Apply(probe)
	return err
}
