package intake

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"yagura/fault"
	"yagura/source"
)

// DefaultSignatureHeader is read for scheme "hmac" where a source names no header.
const DefaultSignatureHeader = "X-Signature"

// Request is a delivery as it came, before anything of it was believed.
type Request struct {
	Header http.Header
	Body   []byte // exactly as received: signatures cover these bytes
}

// Verifier checks the signatures that senders make themselves. Its zero value
// is ready for use; it keeps what it fetched (certificates, keys) and is safe
// for concurrent use. Set its fields before the first call.
type Verifier struct {
	Client  *http.Client     // fetches certificates and keys and confirms subscriptions; nil is one of our own
	Issuer  string           // who signs Pub/Sub's tokens; empty is Google
	KeysURL string           // where the issuer's keys are, a JWKS; empty is Google's
	Now     func() time.Time // nil is time.Now

	certificates certificates
	keysOnce     sync.Once
	keys         oidc.KeySet
}

// Verify returns nil where req proves that it comes from whom auth names. It is
// fault.Unknown where it does not prove so, and fault.Unavailable where that
// cannot be told now: the secret cannot be read, a certificate not be fetched.
func (v *Verifier) Verify(ctx context.Context, auth source.Auth, req Request) error {
	switch auth.Scheme {
	case "github":
		return verifyHMAC(auth.SecretRef, "X-Hub-Signature-256", req)
	case "hmac":
		header := auth.Header
		if header == "" {
			header = DefaultSignatureHeader
		}
		return verifyHMAC(auth.SecretRef, header, req)
	case "sns":
		if auth.Topic == "" {
			return fault.New(fault.Unknown, "the source names no SNS topic that may send")
		}
		_, err := v.verifySNS(ctx, auth.Topic, req.Body)
		return err
	case "pubsub":
		return v.verifyPubSub(ctx, auth, req)
	}
	return fault.New(fault.Unknown, "the source takes no signature")
}

// verifyHMAC checks an HMAC-SHA256 over the body: hexadecimal or base64, with
// or without "sha256=" before it.
func verifyHMAC(secretRef, header string, req Request) error {
	values := req.Header.Values(header)
	if len(values) != 1 {
		return fault.New(fault.Unknown, "the request needs one header %s with its signature", header)
	}
	given, ok := decodeMAC(values[0])
	if !ok {
		return fault.New(fault.Unknown, "the header %s holds no HMAC-SHA256", header)
	}
	secret, err := Secret(secretRef)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "the secret of the source's signature is not available")
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(req.Body)
	if !hmac.Equal(mac.Sum(nil), given) {
		return fault.New(fault.Unknown, "the signature in %s does not fit the body", header)
	}
	return nil
}

func decodeMAC(s string) ([]byte, bool) {
	s = strings.TrimSpace(s)
	if name, rest, ok := strings.Cut(s, "="); ok && strings.EqualFold(name, "sha256") {
		s = rest
	}
	var b []byte
	var err error
	switch trimmed := strings.TrimRight(s, "="); {
	case len(s) == hex.EncodedLen(sha256.Size):
		b, err = hex.DecodeString(s)
	case strings.ContainsAny(trimmed, "-_"):
		b, err = base64.RawURLEncoding.DecodeString(trimmed)
	default:
		b, err = base64.RawStdEncoding.DecodeString(trimmed)
	}
	return b, err == nil && len(b) == sha256.Size
}

// fetchTimeout bounds one fetch of a certificate, of keys, or of a confirmation.
const fetchTimeout = 10 * time.Second

// client returns the client to fetch with. It follows no redirect: a checked
// host must not send us elsewhere.
func (v *Verifier) client() *http.Client {
	c := http.Client{Timeout: fetchTimeout}
	if v.Client != nil {
		c = *v.Client
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

func (v *Verifier) now() time.Time {
	if v.Now != nil {
		return v.Now()
	}
	return time.Now()
}

// allowance bounds how often strangers can make us fetch something.
type allowance struct {
	mu    sync.Mutex
	from  time.Time // when this minute began
	spent int
}

// take reports whether one more of the limit a minute is left at now.
func (a *allowance) take(now time.Time, limit int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if d := now.Sub(a.from); d >= time.Minute || d < 0 {
		a.from, a.spent = now, 0
	}
	a.spent++
	return a.spent <= limit
}
