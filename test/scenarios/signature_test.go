package scenarios

import (
	"bufio"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func mac(secret string, body []byte) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// DESK-02
func TestSendersThatSignForThemselves(t *testing.T) {
	t.Setenv("YAGURA_TEST_HOOK_SECRET", "hunter-of-lanterns")
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("kept in a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, "")
	s.source(t, "gh", "github", "auth", map[string]any{"scheme": "github", "secret_ref": "env:YAGURA_TEST_HOOK_SECRET"})
	s.source(t, "own", "lab", "auth", map[string]any{"scheme": "hmac", "secret_ref": "file:" + file, "header": "X-Tower-Signature"})
	s.source(t, "gone", "lab", "auth", map[string]any{"scheme": "hmac", "secret_ref": "env:YAGURA_TEST_NOT_SET"})
	body := lab(t, draft{"title": "Signed"})
	for _, id := range []string{"gh", "own", "gone"} {
		if s.tokens[id] != "" {
			t.Errorf("%s takes a signature and was given a token", id)
		}
	}
	tests := map[string]struct {
		src    string
		header []string
		status int
	}{
		"GitHub's":                  {"gh", []string{"X-Hub-Signature-256", "sha256=" + mac("hunter-of-lanterns", body)}, http.StatusAccepted},
		"GitHub's, of other bytes":  {"gh", []string{"X-Hub-Signature-256", "sha256=" + mac("hunter-of-lanterns", append(body, ' '))}, http.StatusUnauthorized},
		"GitHub's, another secret":  {"gh", []string{"X-Hub-Signature-256", "sha256=" + mac("hunter", body)}, http.StatusUnauthorized},
		"GitHub's, the older SHA-1": {"gh", []string{"X-Hub-Signature", "sha1=0000000000000000000000000000000000000000"}, http.StatusUnauthorized},
		"none":                      {"gh", nil, http.StatusUnauthorized},
		"a key of the API":          {"gh", []string{"Authorization", "Bearer " + bootstrapKey}, http.StatusUnauthorized},
		"nonsense":                  {"gh", []string{"X-Hub-Signature-256", "sha256=nonsense"}, http.StatusUnauthorized},
		"one's own":                 {"own", []string{"X-Tower-Signature", mac("kept in a file", body)}, http.StatusAccepted},
		"one's own, another header": {"own", []string{"X-Signature", mac("kept in a file", body)}, http.StatusUnauthorized},
		"a secret that is not set":  {"gone", []string{"X-Signature", mac("", body)}, http.StatusServiceUnavailable},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := s.send(t, http.MethodPost, "/hooks/"+tt.src, body, tt.header...)
			if a.status != tt.status {
				t.Errorf("answered %d, want %d: %s", a.status, tt.status, a.body)
			}
			if strings.Contains(string(a.body), "lanterns") || strings.Contains(string(a.body), "YAGURA_TEST") {
				t.Errorf("the answer tells of the secret: %s", a.body)
			}
		})
	}
	t.Run("a secret that was changed counts at once", func(t *testing.T) {
		if err := os.WriteFile(file, []byte("another"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.send(t, http.MethodPost, "/hooks/own", body, "X-Tower-Signature", mac("kept in a file", body)).must(http.StatusUnauthorized)
		s.send(t, http.MethodPost, "/hooks/own", body, "X-Tower-Signature", mac("another", body)).must(http.StatusAccepted)
	})
	t.Run("refusals are counted", func(t *testing.T) {
		if n := s.refused(t, "gh", "signature"); n != 6 {
			t.Errorf("%v refusals, want 6", n)
		}
	})
}

// cloud stands for the world outside: a proxy, through which every host is
// reached, that answers as the hosts of SNS and Google do.
type cloud struct {
	t     *testing.T
	addr  string
	ca    string // PEM file of the authority that its hosts are signed by
	key   *rsa.PrivateKey
	pages map[string][]byte // host + path → what stands there
	mu    sync.Mutex
	asked []string
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{t: t, key: key, pages: map[string][]byte{}}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, authority, authority, &caKey.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	c.ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(c.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		leaf := &x509.Certificate{
			SerialNumber: big.NewInt(2), DNSNames: []string{h.ServerName}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}
		der, err := x509.CreateCertificate(rand.Reader, leaf, authority, &caKey.PublicKey, caKey)
		return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: caKey}, err
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c.addr = l.Addr().String()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go c.proxy(conn, conf)
		}
	}()
	return c
}

// proxy takes one CONNECT and answers as the host itself.
func (c *cloud) proxy(conn net.Conn, conf *tls.Config) {
	defer conn.Close()
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil || req.Method != http.MethodConnect {
		return
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	secure := tls.Server(conn, conf)
	r := bufio.NewReader(secure)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		c.mu.Lock()
		c.asked = append(c.asked, req.Host+req.URL.RequestURI())
		page, ok := c.pages[req.Host+req.URL.Path]
		c.mu.Unlock()
		status := http.StatusOK
		if !ok {
			status = http.StatusNotFound
		}
		fmt.Fprintf(secure, "HTTP/1.1 %d x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", status, len(page), page)
	}
}

func (c *cloud) requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked)
}

// put lets a host answer with page at path.
func (c *cloud) put(where string, page []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pages[where] = page
}

const topicARN = "arn:aws:sns:eu-west-1:111122223333:alerts"

// signSNS signs the fields as SNS's guide says.
func (c *cloud) signSNS(m map[string]string) []byte {
	c.t.Helper()
	var text strings.Builder
	for _, name := range []string{"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"} {
		if v, ok := m[name]; ok {
			text.WriteString(name + "\n" + v + "\n")
		}
	}
	sum := sha256.Sum256([]byte(text.String()))
	sig, err := rsa.SignPKCS1v15(rand.Reader, c.key, crypto.SHA256, sum[:])
	if err != nil {
		c.t.Fatal(err)
	}
	m["SignatureVersion"], m["SigningCertURL"] = "2", "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-01.pem"
	m["Signature"] = base64.StdEncoding.EncodeToString(sig)
	b, err := json.Marshal(m)
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

func snsMessage(id, text string) map[string]string {
	return map[string]string{"Type": "Notification", "MessageId": id, "TopicArn": topicARN, "Message": text, "Timestamp": time.Now().UTC().Format(time.RFC3339)}
}

// DESK-02, FEED-13
func TestSNSOverItsOwnNetworkPath(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	self := &x509.Certificate{SerialNumber: big.NewInt(7), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, self, self, &c.key.PublicKey, c.key)
	if err != nil {
		t.Fatal(err)
	}
	c.put("sns.eu-west-1.amazonaws.com/SimpleNotificationService-01.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	c.put("sns.eu-west-1.amazonaws.com/", []byte("<ConfirmSubscriptionResponse/>"))
	s := start(t, "", configured(fmt.Sprintf(`
sources:
  aws:
    kind: generic
    auth:
      scheme: sns
      topic: %s
    outgoing:
      proxy: file:%s
      ca_file: %s
`, topicARN, writeFile(t, "http://"+c.addr), c.ca)))

	out := s.post(t, "aws", c.signSNS(snsMessage("m-1", `{"title":"Gate open, says the cloud","severity":"high"}`)))
	if out.State != "processed" || len(out.Alerts) != 1 || s.alert(t, out.Alerts[0]).Title != "Gate open, says the cloud" {
		t.Fatalf("outcome %+v", out)
	}
	t.Run("a changed message is refused", func(t *testing.T) {
		body := c.signSNS(snsMessage("m-2", `{"title":"true"}`))
		s.hook(t, "aws", []byte(strings.Replace(string(body), "true", "false", 1))).must(http.StatusUnauthorized).detail()
	})
	t.Run("another topic is refused", func(t *testing.T) {
		m := snsMessage("m-3", `{}`)
		m["TopicArn"] = "arn:aws:sns:eu-west-1:999999999999:alerts"
		s.hook(t, "aws", c.signSNS(m)).must(http.StatusUnauthorized).detail()
	})
	confirmation := func(subscribe string) []byte {
		m := snsMessage("m-4", "You have chosen to subscribe")
		m["Type"], m["Token"], m["SubscribeURL"] = "SubscriptionConfirmation", "tok", subscribe
		return c.signSNS(m)
	}
	t.Run("no address of a stranger's is fetched", func(t *testing.T) {
		before := len(c.requests())
		for _, u := range []string{"https://evil.example.com/?Action=ConfirmSubscription&TopicArn=" + topicARN, "http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + topicARN} {
			s.hook(t, "aws", confirmation(u)).must(http.StatusUnauthorized)
		}
		body := strings.Replace(string(confirmation("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn="+topicARN)), "You have", "You had", 1)
		s.hook(t, "aws", []byte(body)).must(http.StatusUnauthorized) // unsigned: not fetched either
		stranger := strings.Replace(string(c.signSNS(snsMessage("m-5", "x"))), "sns.eu-west-1.amazonaws.com", "sns.evil.example.com", 1)
		s.hook(t, "aws", []byte(stranger)).must(http.StatusUnauthorized)
		if asked := c.requests()[before:]; len(asked) != 0 {
			t.Errorf("fetched %v", asked)
		}
	})
	t.Run("a subscription is confirmed once its signature is proved", func(t *testing.T) {
		s.hook(t, "aws", confirmation("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn="+topicARN+"&Token=tok")).must(http.StatusOK)
		asked := c.requests()
		if last := asked[len(asked)-1]; !strings.Contains(last, "Action=ConfirmSubscription") {
			t.Errorf("fetched %v", asked)
		}
	})
	if n := len(s.deliveries(t)); n != 1 {
		t.Errorf("%d deliveries are stored, want the one that was proved", n)
	}
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "value")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// token makes a token as Google signs them for Pub/Sub's pushes.
func (c *cloud) token(claims map[string]any) string {
	c.t.Helper()
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			c.t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	head := part(map[string]string{"alg": "RS256", "kid": "k1", "typ": "JWT"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(head))
	sig, err := rsa.SignPKCS1v15(rand.Reader, c.key, crypto.SHA256, sum[:])
	if err != nil {
		c.t.Fatal(err)
	}
	return head + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// DESK-02, FEED-13
func TestPubSubOverItsOwnNetworkPath(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	jwks, err := json.Marshal(map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k1",
		"n": base64.RawURLEncoding.EncodeToString(c.key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(c.key.E)).Bytes()),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	c.put("www.googleapis.com/oauth2/v3/certs", jwks)
	s := start(t, "", configured(fmt.Sprintf(`
sources:
  gcp:
    kind: generic
    auth:
      scheme: pubsub
      audience: https://yagura.example.com/hooks/gcp
      email: pusher@project.example.com
    outgoing:
      proxy: file:%s
      ca_file: %s
`, writeFile(t, "http://"+c.addr), c.ca)))
	claims := func(change ...any) map[string]any {
		m := map[string]any{
			"iss": "https://accounts.google.com", "aud": "https://yagura.example.com/hooks/gcp", "email": "pusher@project.example.com", "email_verified": true,
			"sub": "1", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		}
		for i := 0; i+1 < len(change); i += 2 {
			m[change[i].(string)] = change[i+1]
		}
		return m
	}
	push := func(id string) []byte {
		return fmt.Appendf(nil, `{"message":{"data":%q,"messageId":%q,"publishTime":"2026-02-03T04:05:06Z"},"subscription":"projects/p/subscriptions/s"}`,
			base64.StdEncoding.EncodeToString([]byte(`{"title":"Gate open, says Pub/Sub"}`)), id)
	}
	var out outcome
	s.send(t, http.MethodPost, "/hooks/gcp?wait=1", push("1"), "Authorization", "Bearer "+c.token(claims())).must(http.StatusOK).into(&out)
	if len(out.Alerts) != 1 || s.alert(t, out.Alerts[0]).Title != "Gate open, says Pub/Sub" {
		t.Fatalf("outcome %+v", out)
	}
	for name, token := range map[string]string{
		"another audience":    c.token(claims("aud", "https://elsewhere.example.com")),
		"another account":     c.token(claims("email", "stranger@project.example.com")),
		"an unproved account": c.token(claims("email_verified", false)),
		"another issuer":      c.token(claims("iss", "https://evil.example.com")),
		"long ago":            c.token(claims("exp", time.Now().Add(-time.Hour).Unix())),
		"a changed signature": c.token(claims()) + "AA",
		"no token":            "",
		"nobody's signature":  base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`{}`)) + ".",
		"a key of the API's":  bootstrapKey,
	} {
		t.Run(name, func(t *testing.T) {
			s.send(t, http.MethodPost, "/hooks/gcp", push("2"), "Authorization", "Bearer "+token).must(http.StatusUnauthorized).detail()
		})
	}
	if n := len(s.deliveries(t)); n != 1 {
		t.Errorf("%d deliveries are stored, want the one that was proved", n)
	}
}
