package intake

import (
	"io"
	"os"
	"strings"

	"yagura/fault"
)

// maxSecret is the largest secret file in bytes; what is larger is some other file.
const maxSecret = 64 << 10

// Secret returns what a reference points to: "env:NAME" an environment
// variable, "file:/path" a file's content without the line ends behind it. It is
// read anew each time, so that a file can be replaced while we run. Errors name
// the reference, never a value; one without a known prefix is not even named,
// for it may be the secret itself.
func Secret(ref string) (string, error) {
	var value string
	switch {
	case strings.HasPrefix(ref, "env:"):
		value = os.Getenv(strings.TrimPrefix(ref, "env:"))
	case strings.HasPrefix(ref, "file:"):
		f, err := os.Open(strings.TrimPrefix(ref, "file:"))
		if err != nil {
			return "", fault.Wrap(err, fault.Unavailable, "the secret %s cannot be read", ref)
		}
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
		if err != nil {
			return "", fault.Wrap(err, fault.Unavailable, "the secret %s cannot be read", ref)
		}
		if len(b) > maxSecret {
			return "", fault.New(fault.Unavailable, "the secret %s is larger than %d bytes", ref, maxSecret)
		}
		value = strings.TrimRight(string(b), "\r\n")
	default:
		return "", fault.New(fault.Invalid, "a secret is referenced as env:NAME or file:/path")
	}
	if value == "" {
		return "", fault.New(fault.Unavailable, "the secret %s is empty or not set", ref)
	}
	return value, nil
}
