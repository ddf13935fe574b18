package intake

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // SNS signs with it where SignatureVersion is 1
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"yagura/fault"
)

// SNS signs what it posts with a certificate whose address stands in the
// message itself, so the address is checked before anything is fetched. See
// "Verifying the signatures of Amazon SNS messages" in its developer guide.

const (
	maxCertificate   = 64 << 10
	maxCertificates  = 32
	certificateLimit = 30 // fetches a minute
)

// snsHost wants a region's name in the middle: sns.s3.amazonaws.com would be a
// bucket that anybody may fill.
var snsHost = regexp.MustCompile(`^sns\.[a-z]{2}(-[a-z]+){1,2}-[0-9]{1,2}\.amazonaws\.com(\.cn)?$`)

// snsURL returns s parsed, where it is an https address of SNS itself.
func snsURL(s string) (*url.URL, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Opaque != "" || !snsHost.MatchString(u.Host) {
		return nil, false
	}
	return u, true
}

// verifySNS returns the names of an SNS message once its signature is proved;
// topic, where not empty, is the only one that may send.
func (v *Verifier) verifySNS(ctx context.Context, topic string, body []byte) (*shape, error) {
	body = bytes.TrimSpace(body)
	if end, deep, bad := scanValue(body, 0); bad != nil || deep >= 0 || end != len(body) || !isObject(body) {
		return nil, fault.New(fault.Unknown, "the body is no SNS message")
	}
	s := look(body) // the very reading that Decode works on, so that both see the same values
	if !isSNS(s) {
		return nil, fault.New(fault.Unknown, "the body is no SNS message")
	}
	if topic != "" && s.text(fTopicArn) != topic {
		return nil, fault.New(fault.Unknown, "the message is of another topic than the source's")
	}
	var certURL, version string
	members(body, func(name, value []byte) bool {
		switch string(name) {
		case "SigningCertURL":
			certURL = text(value)
		case "SignatureVersion":
			version = text(value)
		}
		return true
	})
	var hash crypto.Hash
	switch version {
	case "1":
		hash = crypto.SHA1
	case "2":
		hash = crypto.SHA256
	default:
		return nil, fault.New(fault.Unknown, "SignatureVersion %.10q is not known; 1 and 2 are", version)
	}
	signature, err := base64.StdEncoding.DecodeString(s.text(fSignature))
	if err != nil || len(signature) == 0 {
		return nil, fault.New(fault.Unknown, "the message holds no signature")
	}
	key, err := v.signingKey(ctx, certURL)
	if err != nil {
		return nil, err
	}
	if err := rsa.VerifyPKCS1v15(key, hash, digest(hash, snsSigned(s, body)), signature); err != nil {
		return nil, fault.Wrap(err, fault.Unknown, "the message's signature does not fit")
	}
	return s, nil
}

func digest(hash crypto.Hash, b []byte) []byte {
	if hash == crypto.SHA1 {
		sum := sha1.Sum(b) //nolint:gosec // see above
		return sum[:]
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// snsSigned returns the bytes that SNS signs: names and values in byte order of
// the names, a line each.
func snsSigned(s *shape, body []byte) []byte {
	names := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if s.text(fType) != "Notification" {
		names = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	}
	values := map[string][]byte{
		"Message": s.at[fMessage], "MessageId": s.at[fMessageID], "Subject": s.at[fSubject], "Timestamp": s.at[fTimestamp],
		"TopicArn": s.at[fTopicArn], "Type": s.at[fType], "SubscribeURL": s.at[fSubscribeURL],
	}
	members(body, func(name, value []byte) bool {
		if string(name) == "Token" {
			values["Token"] = value
		}
		return true
	})
	var b bytes.Buffer
	for _, name := range names {
		v := values[name]
		if name == "Subject" && !isString(v) { // absent or null
			continue
		}
		b.WriteString(name)
		b.WriteByte('\n')
		b.Write(unquote(v))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// certificates keeps the keys fetched, by address.
type certificates struct {
	mu      sync.Mutex
	kept    map[string]certificate
	fetches allowance
}

type certificate struct {
	key         *rsa.PublicKey
	from, until time.Time
}

// signingKey returns the key of the certificate at an address of SNS.
func (v *Verifier) signingKey(ctx context.Context, address string) (*rsa.PublicKey, error) {
	u, ok := snsURL(address)
	if !ok || !strings.HasSuffix(u.Path, ".pem") || u.RawQuery != "" || u.Fragment != "" {
		return nil, fault.New(fault.Unknown, "SigningCertURL is no address of SNS")
	}
	now := v.now()
	c, err := v.certificate(ctx, u.String(), now)
	if err != nil {
		return nil, err
	}
	if now.Before(c.from) || now.After(c.until) {
		return nil, fault.New(fault.Unknown, "the certificate that signed the message is not valid now")
	}
	return c.key, nil
}

func (v *Verifier) certificate(ctx context.Context, address string, now time.Time) (certificate, error) {
	k := &v.certificates
	k.mu.Lock()
	c, ok := k.kept[address]
	k.mu.Unlock()
	if ok {
		return c, nil
	}
	if !k.fetches.take(now, certificateLimit) {
		return c, &fault.Error{Kind: fault.Unavailable, Message: "too many certificates were asked for; try again later", Retry: time.Minute}
	}
	b, err := v.fetch(ctx, address)
	if err != nil {
		return c, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return c, fault.New(fault.Unknown, "SigningCertURL holds no certificate")
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return c, fault.Wrap(err, fault.Unknown, "SigningCertURL holds no certificate")
	}
	key, ok := parsed.PublicKey.(*rsa.PublicKey)
	if !ok {
		return c, fault.New(fault.Unknown, "the certificate at SigningCertURL holds no RSA key")
	}
	c = certificate{key, parsed.NotBefore, parsed.NotAfter}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil || len(k.kept) >= maxCertificates {
		k.kept = map[string]certificate{}
	}
	k.kept[address] = c
	return c, nil
}

// fetch returns what stands at an address that was checked.
func (v *Verifier) fetch(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unknown, "the address cannot be asked")
	}
	res, err := v.client().Do(req)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "SNS cannot be reached")
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxCertificate+1))
	switch {
	case err != nil || res.StatusCode >= 500:
		return nil, fault.Wrap(errors.Join(err, errors.New(res.Status)), fault.Unavailable, "SNS did not answer well")
	case res.StatusCode != http.StatusOK:
		return nil, fault.New(fault.Unknown, "SNS answered %s", res.Status)
	case len(b) > maxCertificate:
		return nil, fault.New(fault.Unknown, "SNS answered with more than %d bytes", maxCertificate)
	}
	return b, nil
}

// Confirm answers an SNS SubscriptionConfirmation by fetching its SubscribeURL,
// and reports whether req was one. Nothing is fetched from that address before
// the message's signature is proved and the address found to be SNS's own, for
// this topic. topic is the only one that may subscribe; "" takes any, for
// callers whose sender has proved itself by the source's token. Errors are as
// Verify's.
func (v *Verifier) Confirm(ctx context.Context, topic string, req Request) (bool, error) {
	body := bytes.TrimSpace(req.Body)
	if !isObject(body) {
		return false, nil
	}
	if s := look(body); !isSNS(s) || s.text(fType) != "SubscriptionConfirmation" {
		return false, nil
	}
	s, err := v.verifySNS(ctx, topic, body)
	if err != nil {
		return true, err
	}
	u, ok := snsURL(s.text(fSubscribeURL))
	if !ok || u.Query().Get("Action") != "ConfirmSubscription" || u.Query().Get("TopicArn") != s.text(fTopicArn) {
		return true, fault.New(fault.Unknown, "SubscribeURL is no address of SNS that confirms this topic")
	}
	if _, err := v.fetch(ctx, u.String()); err != nil {
		return true, err
	}
	return true, nil
}
