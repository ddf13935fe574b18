package app

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// minBootstrapKey is how short a bootstrap key may be: it opens everything and
// is guessed at from outside.
const minBootstrapKey = 16

// Check says what is wrong with the configuration, each mistake as one error
// that names its key. It looks at the files and folders that are named, and
// changes nothing.
func (c Config) Check() []error {
	var errs []error
	check := func(key string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	check("data", checkFolder(c.Data, true))
	_, err := listenAddress(c.Listen)
	check("listen", err)
	check("database", checkDatabase(c.Database))
	if n := len(c.BootstrapKey.Reveal()); n > 0 && n < minBootstrapKey {
		check("bootstrap_key", fmt.Errorf("it has %d characters; use at least %d", n, minBootstrapKey))
	}
	if c.Policy != "" {
		check("policy", checkFolder(c.Policy, false))
	}
	if c.PublicURL != "" {
		check("public_url", checkURL(c.PublicURL, "http", "https"))
	}
	check("tls", c.TLS.check())
	if !slices.Contains([]string{"text", "json"}, c.Log.Format) {
		check("log.format", fmt.Errorf("%q: use text or json", c.Log.Format))
	}
	if c.Limits.MaxBody < 1 || c.Limits.MaxBody > 100<<20 {
		check("limits.max_body", fmt.Errorf("%d bytes: use 1 to 100MiB", c.Limits.MaxBody))
	}
	if c.Limits.Rate < 0 || c.Limits.Burst < 0 {
		check("limits", errors.New("rate and burst cannot be negative"))
	}
	check("outgoing", c.Outgoing.check())
	for _, w := range c.Sources {
		check("sources."+w.ID, checkSource(w))
		check("sources."+w.ID+".outgoing", w.Outgoing.check())
	}
	for _, w := range c.Tools {
		check("tools."+w.Name+".outgoing", w.Outgoing.check())
	}
	return errs
}

// Warnings says what is allowed but seldom meant, one sentence each.
func (c Config) Warnings() []string {
	var out []string
	host, err := listenAddress(c.Listen)
	open := err == nil && !host.IsLoopback()
	if open && c.TLS.CertFile == "" && len(c.TrustedProxies) == 0 {
		out = append(out, fmt.Sprintf("listening on %s without TLS and without trusted_proxies: tokens and alerts travel in the clear", c.Listen))
	}
	for _, p := range c.TrustedProxies {
		if p.Bits() == 0 {
			out = append(out, fmt.Sprintf("trusted_proxies holds %s: any client can say that it has any address", p))
		}
	}
	return out
}

// listenAddress returns the address that Listen binds; a host's name counts as
// open to others unless it is localhost.
func listenAddress(listen string) (netip.Addr, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%q is no host:port, such as 127.0.0.1:8484", listen)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return netip.Addr{}, fmt.Errorf("%q is no port", port)
	}
	if host == "localhost" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return a, nil
	}
	return netip.IPv4Unspecified(), nil
}

// checkFolder looks whether path is a folder; one that may be made later only
// needs to have no file in its way.
func checkFolder(path string, mayBeMade bool) error {
	if path == "" {
		return errors.New("names no folder")
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && mayBeMade:
		if up := filepath.Dir(path); up != path {
			return checkFolder(up, true)
		}
		return nil
	case err != nil:
		return fmt.Errorf("look at the folder: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%s is a file, not a folder", path)
	}
	return nil
}

func checkDatabase(database Secret) error {
	if database.Empty() {
		return nil
	}
	scheme, _, found := strings.Cut(database.Reveal(), "://")
	if !found || (scheme != "postgres" && scheme != "postgresql") {
		return errors.New("use a URL that starts with postgres://, or nothing for SQLite")
	}
	return nil
}

func checkURL(s string, schemes ...string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || !slices.Contains(schemes, u.Scheme) {
		return fmt.Errorf("%q is no %s URL with a host", s, strings.Join(schemes, " or "))
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q: leave out what stands after ? and #", s)
	}
	return nil
}

func (t TLS) check() error {
	if t.CertFile == "" && t.KeyFile == "" {
		return nil
	}
	if t.CertFile == "" || t.KeyFile == "" {
		return errors.New("cert_file and key_file are needed together")
	}
	if _, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile); err != nil {
		return fmt.Errorf("read the certificate and its key: %w", err)
	}
	return nil
}

func (o Outgoing) check() error {
	if _, err := proxyFunc(o.Proxy); err != nil {
		return err
	}
	if o.CAFile == "" {
		return nil
	}
	_, err := readAuthorities(o.CAFile)
	return err
}

// readAuthorities returns the system's authorities with those of a PEM file added.
func readAuthorities(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read ca_file: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without any: only those of the file
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file %s holds no PEM certificate", path)
	}
	return pool, nil
}
