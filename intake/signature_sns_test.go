package intake_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // SNS uses it
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"yagura/fault"
	"yagura/intake"
	"yagura/source"
)

const (
	topic   = "arn:aws:sns:eu-west-1:111122223333:alerts"
	certURL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0001.pem"
)

var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// fakeSNS stands where every host is reached, answers with its certificate and
// remembers what was asked of it.
type fakeSNS struct {
	mu     sync.Mutex
	asked  []string
	status int
	pem    []byte
	client *http.Client
}

func newSNS(t *testing.T) *fakeSNS {
	t.Helper()
	f := &fakeSNS{status: http.StatusOK, pem: certificate(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.asked = append(f.asked, "https://"+r.Host+r.URL.RequestURI())
		if f.status == http.StatusFound {
			w.Header().Set("Location", "https://sns.eu-west-1.amazonaws.com/elsewhere.pem")
		}
		w.WriteHeader(f.status)
		_, _ = w.Write(f.pem)
	}))
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	f.client = &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "example.com", MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
		},
	}}
	t.Cleanup(f.client.CloseIdleConnections)
	return f
}

func (f *fakeSNS) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.asked...)
}

func certificate(t *testing.T, from, until time.Time) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &testKey().PublicKey, testKey())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// notification returns the fields of a notification as SNS would send it.
func notification() map[string]string {
	return map[string]string{
		"Type": "Notification", "MessageId": "m-1", "TopicArn": topic, "Subject": "From the tower", "Message": "{\"n\":1}\n\"x\" é",
		"Timestamp": "2026-02-03T04:05:06.789Z", "SignatureVersion": "1", "SigningCertURL": certURL,
		"UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
	}
}

func confirmation() map[string]string {
	m := notification()
	delete(m, "Subject")
	m["Type"], m["Token"], m["Message"] = "SubscriptionConfirmation", "token-1", "You have chosen to subscribe"
	m["SubscribeURL"] = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=token-1"
	return m
}

// signed signs the fields as SNS's guide says, and returns the body.
func signed(t *testing.T, m map[string]string) []byte {
	t.Helper()
	var text strings.Builder
	for _, name := range []string{"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"} {
		if value, ok := m[name]; ok {
			text.WriteString(name + "\n" + value + "\n")
		}
	}
	hash, sum := crypto.SHA256, sha256.Sum256([]byte(text.String()))
	digest := sum[:]
	if m["SignatureVersion"] == "1" {
		old := sha1.Sum([]byte(text.String())) //nolint:gosec // SNS uses it
		hash, digest = crypto.SHA1, old[:]
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, testKey(), hash, digest)
	if err != nil {
		t.Fatal(err)
	}
	m["Signature"] = base64.StdEncoding.EncodeToString(signature)
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// DESK-02
func TestSNSSignatures(t *testing.T) {
	t.Parallel()
	at := func(address string) func(map[string]string) {
		return func(m map[string]string) { m["SigningCertURL"] = address }
	}
	tests := map[string]struct {
		before func(m map[string]string) // what is signed
		after  func(body string) string  // what is done to it on the way
		fetch  bool                      // whether the certificate may be asked for
		kind   fault.Kind
	}{
		"version 1":         {nil, nil, true, ""},
		"version 2":         {func(m map[string]string) { m["SignatureVersion"] = "2" }, nil, true, ""},
		"without a subject": {func(m map[string]string) { delete(m, "Subject") }, nil, true, ""},
		"a confirmation": {func(m map[string]string) {
			clear(m)
			for k, v := range confirmation() {
				m[k] = v
			}
		}, nil, true, ""},
		"a host in China":    {at("https://sns.cn-north-1.amazonaws.com.cn/a.pem"), nil, true, ""},
		"tampered message":   {nil, func(b string) string { return strings.Replace(b, `{\"n\":1}`, `{\"n\":2}`, 1) }, true, fault.Unknown},
		"tampered subject":   {nil, func(b string) string { return strings.Replace(b, "tower", "power", 1) }, true, fault.Unknown},
		"a second message":   {nil, func(b string) string { return strings.TrimSuffix(b, "}") + `,"Message":"other"}` }, true, fault.Unknown},
		"a message in small": {nil, func(b string) string { return strings.TrimSuffix(b, "}") + `,"message":"other"}` }, true, fault.Unknown},
		"version 2 called 1": {func(m map[string]string) { m["SignatureVersion"] = "2" }, func(b string) string {
			return strings.Replace(b, `"SignatureVersion":"2"`, `"SignatureVersion":"1"`, 1)
		}, true, fault.Unknown},
		"another topic":           {func(m map[string]string) { m["TopicArn"] += "-other" }, nil, false, fault.Unknown},
		"a version to come":       {func(m map[string]string) { m["SignatureVersion"] = "3" }, nil, false, fault.Unknown},
		"no signature":            {nil, func(b string) string { return strings.Replace(b, `"Signature":`, `"Unsigned":`, 1) }, false, fault.Unknown},
		"http":                    {at("http://sns.eu-west-1.amazonaws.com/a.pem"), nil, false, fault.Unknown},
		"another host":            {at("https://evil.example/a.pem"), nil, false, fault.Unknown},
		"a look-alike host":       {at("https://sns.us-east-1.amazonaws.com.evil.example/a.pem"), nil, false, fault.Unknown},
		"a look-alike suffix":     {at("https://sns.us-east-1.evilamazonaws.com/a.pem"), nil, false, fault.Unknown},
		"another AWS service":     {at("https://s3.eu-west-1.amazonaws.com/bucket/a.pem"), nil, false, fault.Unknown},
		"a bucket called sns":     {at("https://sns.s3.eu-west-1.amazonaws.com/a.pem"), nil, false, fault.Unknown},
		"the bucket sns":          {at("https://sns.s3.amazonaws.com/a.pem"), nil, false, fault.Unknown},
		"the bucket sns, dashed":  {at("https://sns.s3-us-west-2.amazonaws.com/a.pem"), nil, false, fault.Unknown},
		"a government's region":   {at("https://sns.us-gov-west-1.amazonaws.com/a.pem"), nil, true, ""},
		"a user before the host":  {at("https://sns.eu-west-1.amazonaws.com@evil.example/a.pem"), nil, false, fault.Unknown},
		"a port":                  {at("https://sns.eu-west-1.amazonaws.com:8443/a.pem"), nil, false, fault.Unknown},
		"a line end in the host":  {at("https://sns.eu-west-1.amazonaws.com\n.evil.example/a.pem"), nil, false, fault.Unknown},
		"another kind of file":    {at("https://sns.eu-west-1.amazonaws.com/a.txt"), nil, false, fault.Unknown},
		"a query that looks good": {at("https://sns.eu-west-1.amazonaws.com/?x=.pem"), nil, false, fault.Unknown},
		"no message of SNS":       {nil, func(string) string { return `{"a":1}` }, false, fault.Unknown},
		"cut short":               {nil, func(b string) string { return b[:len(b)-1] }, false, fault.Unknown},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newSNS(t)
			v := intake.Verifier{Client: fake.client}
			m := notification()
			if test.before != nil {
				test.before(m)
			}
			body := string(signed(t, m))
			if test.after != nil {
				body = test.after(body)
			}
			wantKind(t, v.Verify(t.Context(), source.Auth{Scheme: "sns", Topic: topic}, intake.Request{Body: []byte(body)}), test.kind)
			if asked := fake.requests(); test.fetch != (len(asked) == 1) || !test.fetch && len(asked) > 0 {
				t.Errorf("asked for %q, want a fetch: %v", asked, test.fetch)
			}
		})
	}
}

func TestSNSCertificatesAreKept(t *testing.T) {
	t.Parallel()
	fake := newSNS(t)
	v := intake.Verifier{Client: fake.client}
	for range 3 {
		wantKind(t, v.Verify(t.Context(), source.Auth{Scheme: "sns", Topic: topic}, intake.Request{Body: signed(t, notification())}), "")
	}
	if asked := fake.requests(); len(asked) != 1 {
		t.Errorf("asked for %q, want one fetch", asked)
	}
}

func TestASourceWithoutTopicTakesNoSNS(t *testing.T) {
	t.Parallel()
	fake := newSNS(t)
	v := intake.Verifier{Client: fake.client}
	wantKind(t, v.Verify(t.Context(), source.Auth{Scheme: "sns"}, intake.Request{Body: signed(t, notification())}), fault.Unknown)
}

func TestBadCertificatesProveNothing(t *testing.T) {
	t.Parallel()
	expired := certificate(t, time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour))
	tests := map[string]struct {
		pem    []byte
		status int
		kind   fault.Kind
	}{
		"expired":         {expired, 200, fault.Unknown},
		"no certificate":  {[]byte("hello"), 200, fault.Unknown},
		"far too large":   {[]byte(strings.Repeat("x", 70<<10)), 200, fault.Unknown},
		"not there":       {nil, 404, fault.Unknown},
		"sent elsewhere":  {nil, 302, fault.Unknown},
		"SNS is not well": {nil, 503, fault.Unavailable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newSNS(t)
			fake.pem, fake.status = test.pem, test.status
			v := intake.Verifier{Client: fake.client}
			wantKind(t, v.Verify(t.Context(), source.Auth{Scheme: "sns", Topic: topic}, intake.Request{Body: signed(t, notification())}), test.kind)
			if asked := fake.requests(); len(asked) != 1 {
				t.Errorf("asked for %q, want one fetch", asked)
			}
		})
	}
}

func TestStrangersCannotMakeUsFetchWithoutEnd(t *testing.T) {
	t.Parallel()
	fake := newSNS(t)
	fake.status = 404
	v := intake.Verifier{Client: fake.client}
	for i := range 100 {
		m := notification()
		m["SigningCertURL"] = "https://sns.eu-west-1.amazonaws.com/" + strings.Repeat("a", i+1) + ".pem"
		if err := v.Verify(t.Context(), source.Auth{Scheme: "sns", Topic: topic}, intake.Request{Body: signed(t, m)}); err == nil {
			t.Fatal("proved by a certificate that is not there")
		}
	}
	if n := len(fake.requests()); n > 30 {
		t.Errorf("%d fetches within a moment", n)
	}
}

func TestSubscriptionsAreConfirmedOnlyOnceProved(t *testing.T) {
	t.Parallel()
	good := confirmation()["SubscribeURL"]
	tests := map[string]struct {
		topic  string
		before func(m map[string]string)
		after  func(body string) string
		found  bool
		asked  []string
		kind   fault.Kind
	}{
		"proved":               {topic, nil, nil, true, []string{certURL, good}, ""},
		"proved, any topic":    {"", nil, nil, true, []string{certURL, good}, ""},
		"tampered":             {topic, nil, func(b string) string { return strings.Replace(b, "token-1", "token-2", 1) }, true, []string{certURL}, fault.Unknown},
		"signed by a stranger": {topic, func(m map[string]string) { m["SigningCertURL"] = "https://evil.example/a.pem" }, nil, true, nil, fault.Unknown},
		"another topic":        {topic + "-other", nil, nil, true, nil, fault.Unknown},
		"confirms elsewhere": {topic, func(m map[string]string) {
			m["SubscribeURL"] = strings.Replace(good, "amazonaws.com", "amazonaws.com.evil.example", 1)
		}, nil, true, []string{certURL}, fault.Unknown},
		"confirms over http":    {topic, func(m map[string]string) { m["SubscribeURL"] = strings.Replace(good, "https", "http", 1) }, nil, true, []string{certURL}, fault.Unknown},
		"confirms other topics": {topic, func(m map[string]string) { m["SubscribeURL"] = strings.Replace(good, "alerts", "others", 1) }, nil, true, []string{certURL}, fault.Unknown},
		"does something else":   {topic, func(m map[string]string) { m["SubscribeURL"] = strings.Replace(good, "Confirm", "Delete", 1) }, nil, true, []string{certURL}, fault.Unknown},
		"a notification":        {topic, func(m map[string]string) { m["Type"] = "Notification"; delete(m, "Token"); delete(m, "SubscribeURL") }, nil, false, nil, ""},
		"some other object":     {topic, nil, func(string) string { return `{"Type":"SubscriptionConfirmation"}` }, false, nil, ""},
		"text":                  {topic, nil, func(string) string { return "hello" }, false, nil, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newSNS(t)
			v := intake.Verifier{Client: fake.client}
			m := confirmation()
			if test.before != nil {
				test.before(m)
			}
			body := string(signed(t, m))
			if test.after != nil {
				body = test.after(body)
			}
			found, err := v.Confirm(t.Context(), test.topic, intake.Request{Body: []byte(body)})
			wantKind(t, err, test.kind)
			if found != test.found {
				t.Errorf("found a confirmation: %v, want %v", found, test.found)
			}
			if got, want := strings.Join(fake.requests(), "\n"), strings.Join(test.asked, "\n"); got != want {
				t.Errorf("asked for\n%s\nwant\n%s", got, want)
			}
		})
	}
}
