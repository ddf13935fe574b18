package intake

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"

	"yagura/fault"
	"yagura/source"
)

// Google's issuer and keys, as "Authentication for push subscriptions" in
// Pub/Sub's guide has them.
const (
	googleIssuer  = "https://accounts.google.com"
	googleKeysURL = "https://www.googleapis.com/oauth2/v3/certs"
)

const (
	maxKeys  = 1 << 20 // bytes of a key set
	keyLimit = 10      // fetches of a key set a minute
)

// errTooSoon says that unknown keys made us fetch the key set often enough.
var errTooSoon = errors.New("the key set was fetched too often within a minute")

// verifyPubSub checks the token that Pub/Sub puts into a push request: signed
// by the issuer, not expired, made for our audience and for the service account
// that may send.
func (v *Verifier) verifyPubSub(ctx context.Context, auth source.Auth, req Request) error {
	if auth.Audience == "" || auth.Email == "" {
		return fault.New(fault.Unknown, "the source names no audience and e-mail that may send")
	}
	scheme, raw, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	raw = strings.TrimSpace(raw)
	if !strings.EqualFold(scheme, "bearer") || raw == "" || len(raw) > 16<<10 {
		return fault.New(fault.Unknown, "the request needs the header Authorization with Pub/Sub's token")
	}
	v.keysOnce.Do(v.openKeys)
	issuer := v.Issuer
	if issuer == "" {
		issuer = googleIssuer
	}
	keys := &oneVerification{set: v.keys}
	verifier := oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: auth.Audience, Now: v.now})
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	token, err := verifier.Verify(ctx, raw)
	switch {
	case keys.unreachable:
		return fault.Wrap(err, fault.Unavailable, "the keys of Pub/Sub's tokens cannot be fetched")
	case err != nil:
		return fault.Wrap(err, fault.Unknown, "Pub/Sub's token does not prove the sender")
	}
	var claims struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}
	if err := token.Claims(&claims); err != nil {
		return fault.Wrap(err, fault.Unknown, "Pub/Sub's token does not prove the sender")
	}
	if !claims.Verified || subtle.ConstantTimeCompare([]byte(claims.Email), []byte(auth.Email)) != 1 {
		return fault.New(fault.Unknown, "Pub/Sub's token is of another account than the source's")
	}
	return nil
}

// openKeys prepares the issuer's keys; they are fetched when one is not known yet.
func (v *Verifier) openKeys() {
	address := v.KeysURL
	if address == "" {
		address = googleKeysURL
	}
	client := v.client()
	client.Transport = &keyTransport{next: client.Transport, v: v}
	v.keys = oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), client), address)
}

// oneVerification is the key set during one check; it remembers whether the
// check failed because the keys could not be had, which go-oidc's error hides.
type oneVerification struct {
	set         oidc.KeySet
	unreachable bool
}

// VerifySignature returns the payload of a token signed by a key of the set.
func (o *oneVerification) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := o.set.VerifySignature(ctx, jwt)
	// Only a failed fetch wraps a cause.
	o.unreachable = err != nil && errors.Unwrap(err) != nil && !errors.Is(err, errTooSoon)
	return payload, err
}

// keyTransport bounds how often and how much is fetched: a token of an unknown
// key makes us ask for keys, and anybody can write one.
type keyTransport struct {
	next    http.RoundTripper
	v       *Verifier
	fetches allowance
}

// RoundTrip fetches the key set.
func (t *keyTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !t.fetches.take(t.v.now(), keyLimit) {
		return nil, errTooSoon
	}
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	res, err := next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxKeys), res.Body}
	return res, nil
}
