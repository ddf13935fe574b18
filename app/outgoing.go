package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// How long the parts of an outgoing request may take, and how far it may be
// sent on; the whole is bounded by Outgoing.Timeout.
const (
	connectTimeout = 5 * time.Second
	headerTimeout  = 15 * time.Second
	maxRedirects   = 3
)

// OutgoingClient returns a client for requests that leave: through the proxy and
// with the authorities of own, where it sets them, else of the configuration.
// Every request is bounded in time; how much of an answer is read is the
// caller's to bound. A redirect from https to http is refused.
func OutgoingClient(c Config, own Outgoing) (*http.Client, error) {
	o := c.Outgoing
	if !own.Proxy.Empty() {
		o.Proxy = own.Proxy
	}
	if own.CAFile != "" {
		o.CAFile = own.CAFile
	}
	if own.Timeout > 0 {
		o.Timeout = own.Timeout
	}
	proxy, err := proxyFunc(o.Proxy)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		Proxy:                 proxy,
		DialContext:           (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout:   connectTimeout,
		ResponseHeaderTimeout: headerTimeout,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          20,
		IdleConnTimeout:       time.Minute,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if o.CAFile != "" {
		if transport.TLSClientConfig.RootCAs, err = readAuthorities(o.CAFile); err != nil {
			return nil, err
		}
	}
	return &http.Client{Transport: transport, Timeout: o.Timeout, CheckRedirect: checkRedirect}, nil
}

func checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("sent on more than %d times", maxRedirects)
	}
	if via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return errors.New("sent on from https to an open connection")
	}
	return nil
}

// proxyFunc returns how requests choose their proxy. Errors never hold the URL,
// which may hold a password.
func proxyFunc(proxy Secret) (func(*http.Request) (*url.URL, error), error) {
	switch proxy.Reveal() {
	case "":
		return http.ProxyFromEnvironment, nil
	case "none":
		return nil, nil
	}
	u, err := url.Parse(proxy.Reveal())
	if err != nil || u.Host == "" {
		return nil, errors.New("proxy: use a URL such as http://proxy.example.com:3128, or none")
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return http.ProxyURL(u), nil
	}
	return nil, errors.New("proxy: its URL starts with http, https, socks5 or socks5h")
}
