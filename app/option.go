package app

import (
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Option is one key of the configuration, as the reference and the command
// line's help show it.
type Option struct {
	Key     string // as it stands in the file, e.g. "tls.cert_file"
	Type    string // how a value is written, e.g. "duration"
	Default string // as it would be written; empty where there is none
	Doc     string // one or more sentences: what it does and what its values mean
}

// Env returns the environment variable that sets the option.
func (o Option) Env() string {
	return "YAGURA_" + strings.ToUpper(strings.ReplaceAll(o.Key, ".", "_"))
}

// Flag returns the command line's flag that sets the option, without dashes.
func (o Option) Flag() string {
	return strings.NewReplacer(".", "-", "_", "-").Replace(o.Key)
}

// Secret reports whether the option's value is never printed. Such an option
// can also be set as its key with "_file" added, naming a file that holds it.
func (o Option) Secret() bool { return o.Type == typeSecret }

// option ties an Option to the field of T that it sets.
type option[T any] struct {
	Key, Default, Doc string
	Literal           func(string) bool // secrets: which values may stand in the file as they are; nil: none
	field             func(*T) any      // pointer to the field
}

// The ways a value is written.
const (
	typeText     = "text"
	typeSwitch   = "yes or no"
	typeNumber   = "number"
	typeWhole    = "whole number"
	typeSize     = "size"
	typeDuration = "duration"
	typeNetworks = "list of networks"
	typeLevel    = "debug, info, warn or error"
	typeSecret   = "secret"
)

// public returns the option without its tie to a field.
func (o option[T]) public() Option {
	var zero T
	return Option{Key: o.Key, Type: typeOf(o.field(&zero)), Default: o.Default, Doc: o.Doc}
}

func publicOptions[T any](table []option[T]) []Option {
	out := make([]Option, len(table))
	for i, o := range table {
		out[i] = o.public()
	}
	return out
}

func typeOf(field any) string {
	switch field.(type) {
	case *string:
		return typeText
	case *bool:
		return typeSwitch
	case *float64:
		return typeNumber
	case *int:
		return typeWhole
	case *int64:
		return typeSize
	case *time.Duration:
		return typeDuration
	case *[]netip.Prefix:
		return typeNetworks
	case *slog.Level:
		return typeLevel
	case *Secret:
		return typeSecret
	}
	panic(fmt.Sprintf("app: an option's field has type %T, which nothing reads", field))
}

// assign reads text into field, a pointer as typeOf knows it. Its errors say
// how a value is written.
func assign(field any, text string) (err error) {
	text = strings.TrimSpace(text)
	switch f := field.(type) {
	case *string:
		*f = text
	case *Secret:
		*f = NewSecret(text)
	case *bool:
		*f, err = parseSwitch(text)
	case *float64:
		if *f, err = strconv.ParseFloat(text, 64); err != nil || math.IsNaN(*f) || math.IsInf(*f, 0) {
			err = fmt.Errorf("%q is no number", text)
		}
	case *int:
		if *f, err = strconv.Atoi(text); err != nil {
			err = fmt.Errorf("%q is no whole number", text)
		}
	case *int64:
		*f, err = parseSize(text)
	case *time.Duration:
		*f, err = parseDuration(text)
	case *[]netip.Prefix:
		*f, err = parseNetworks(text)
	case *slog.Level:
		if e := f.UnmarshalText([]byte(text)); e != nil {
			err = fmt.Errorf("%q: use %s", text, typeLevel)
		}
	default:
		typeOf(field)
	}
	return err
}

func parseSwitch(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "yes", "true", "on", "1":
		return true, nil
	case "no", "false", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q: use yes or no", s)
}

// parseSize reads a number of bytes: 1048576, 64kB, 10MiB. k, M and G are
// powers of 1000, Ki, Mi and Gi of 1024.
func parseSize(s string) (int64, error) {
	bad := fmt.Errorf("%q is no size; use one such as 10MiB or 1048576", s)
	number := strings.TrimSuffix(strings.TrimSpace(s), "B")
	unit := int64(1)
	for _, u := range []struct {
		suffix string
		bytes  int64
	}{{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}} {
		if rest, ok := strings.CutSuffix(number, u.suffix); ok {
			number, unit = rest, u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || n < 0 || n > (1<<40)/unit {
		return 0, bad
	}
	return n * unit, nil
}

// parseDuration reads what time.ParseDuration does, and whole days: 7d.
func parseDuration(s string) (time.Duration, error) {
	bad := fmt.Errorf("%q is no duration; use one such as 30s, 24h or 7d", s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 100_000 {
			return 0, bad
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, bad
	}
	return d, nil
}

// parseNetworks reads networks and single addresses, parted by commas or spaces.
func parseNetworks(s string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		p, err := netip.ParsePrefix(word)
		if err != nil {
			a, err := netip.ParseAddr(word)
			if err != nil {
				return nil, fmt.Errorf("%q is no network; use one such as 10.0.0.0/8 or 192.0.2.7", word)
			}
			p = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}
