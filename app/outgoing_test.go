package app

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, c *http.Client, url string) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(r)
	if err == nil {
		t.Cleanup(func() { _ = res.Body.Close() })
	}
	return res, err
}

func TestOutgoingTrustsTheAuthoritiesOfItsFile(t *testing.T) {
	t.Parallel()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(srv.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	writeFile(t, ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}))
	none := Config{Outgoing: Outgoing{Proxy: NewSecret("none"), Timeout: 5 * time.Second}}

	without, err := OutgoingClient(none, Outgoing{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, without, srv.URL); err == nil {
		t.Error("a server of an unknown authority is trusted")
	}
	with, err := OutgoingClient(none, Outgoing{CAFile: ca})
	if err != nil {
		t.Fatal(err)
	}
	if res, err := get(t, with, srv.URL); err != nil || res.StatusCode != http.StatusNoContent {
		t.Errorf("with its authority the server is not reached: %v", err)
	}
}

func TestOutgoingTakesItsOwnProxyBeforeTheGeneralOne(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- r.URL.String() + " " + r.Header.Get("Proxy-Authorization")
	}))
	t.Cleanup(proxy.Close)
	general := Config{Outgoing: Outgoing{Proxy: NewSecret("http://192.0.2.1:1"), Timeout: 5 * time.Second}}
	c, err := OutgoingClient(general, Outgoing{Proxy: NewSecret(strings.Replace(proxy.URL, "http://", "http://user:pass@", 1))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, c, "http://api.example.com/x"); err != nil {
		t.Fatal(err)
	}
	if got := <-asked; got != "http://api.example.com/x Basic dXNlcjpwYXNz" {
		t.Errorf("the proxy was asked for %q", got)
	}
}

func TestOutgoingIsNotLedFromHTTPSToAnOpenConnection(t *testing.T) {
	t.Parallel()
	reached := false
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	t.Cleanup(plain.Close)
	srv := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	t.Cleanup(srv.Close)
	c := srv.Client()
	c.CheckRedirect = checkRedirect
	if _, err := get(t, c, srv.URL); err == nil || reached {
		t.Errorf("the redirect was followed: %v", err)
	}
}

// certificate returns a fresh certificate for name and its key, both PEM.
func certificate(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), DNSNames: []string{name}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

func TestCertificateIsReadAgainWhenItChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := TLS{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	write := func(path string, content []byte, minute int) {
		t.Helper()
		writeFile(t, path, content)
		at := time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC) // a file system's clock may be too coarse to tell
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	oldCert, oldKey := certificate(t, "old.example.com")
	newCert, newKey := certificate(t, "new.example.com")
	write(files.CertFile, oldCert, 0)
	write(files.KeyFile, oldKey, 0)

	var log bytes.Buffer
	conf, err := ServerTLS(files, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	serves := func(want string) {
		t.Helper()
		pair, err := conf.GetCertificate(&tls.ClientHelloInfo{})
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(pair.Certificate[0])
		if err != nil || leaf.Subject.CommonName != want {
			t.Errorf("serves %v, %v; want %s", leaf.Subject, err, want)
		}
	}
	serves("old.example.com")
	write(files.CertFile, newCert, 1) // the key is not written yet
	serves("old.example.com")
	write(files.KeyFile, newKey, 1)
	serves("new.example.com")
	if err := os.Remove(files.CertFile); err != nil {
		t.Fatal(err)
	}
	serves("new.example.com")
	if !strings.Contains(log.String(), "the old one goes on") {
		t.Errorf("nothing in the log says that a certificate was not used: %s", log.String())
	}
}
