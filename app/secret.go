package app

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// hidden is what a secret shows of itself.
const hidden = "[secret]"

// Secret is a setting that is never printed: every way of formatting, logging
// or encoding it gives "[secret]", or nothing where it is empty. Only Reveal
// returns the value. It is written as a reference, env:NAME or file:/path, and
// resolved when the configuration is loaded.
type Secret struct{ value string }

// NewSecret returns value as a Secret.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the value itself, for the one place that must use it.
func (s Secret) Reveal() string { return s.value }

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return s.value == "" }

// String hides the value.
func (s Secret) String() string {
	if s.Empty() {
		return ""
	}
	return hidden
}

// GoString hides the value from %#v.
func (s Secret) GoString() string { return s.String() }

// Format hides the value from every verb: fmt would look into the struct for those
// that need no string, such as %d.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText hides the value from JSON, YAML and other encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the value from log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// resolver reads secrets where references point; tests replace both ways out.
type resolver struct {
	getenv   func(string) string
	readFile func(string) ([]byte, error)
}

// resolve returns what ref points to. Its errors name the reference and never
// hold a value. A reference without "env:" or "file:" is returned as literal.
func (r resolver) resolve(ref string) (value string, literal bool, err error) {
	switch {
	case strings.HasPrefix(ref, "env:"):
		name := strings.TrimPrefix(ref, "env:")
		if value = r.getenv(name); value == "" {
			return "", false, fmt.Errorf("environment variable %s is empty or not set", name)
		}
		return value, false, nil
	case strings.HasPrefix(ref, "file:"):
		value, err = r.file(strings.TrimPrefix(ref, "file:"))
		return value, false, err
	}
	return ref, true, nil
}

// file returns a file's content without the line end that editors leave.
func (r resolver) file(path string) (string, error) {
	b, err := r.readFile(path)
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	value := strings.TrimRight(string(b), "\r\n")
	if value == "" {
		return "", fmt.Errorf("the secret's file %s is empty", path)
	}
	return value, nil
}
