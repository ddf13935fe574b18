package web

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestClientAddressBelievesOnlyTrustedProxies(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:ffff::/48")}
	tests := map[string]struct {
		peer      string
		xff       []string
		forwarded []string
		want      string
	}{
		"no proxy":                         {peer: "192.0.2.9:5000", want: "192.0.2.9"},
		"a client that claims another":     {peer: "192.0.2.9:5000", xff: []string{"203.0.113.1"}, want: "192.0.2.9"},
		"one proxy":                        {peer: "10.0.0.1:5000", xff: []string{"203.0.113.1"}, want: "203.0.113.1"},
		"forged address left of the real":  {peer: "10.0.0.1:5000", xff: []string{"198.51.100.66, 203.0.113.1"}, want: "203.0.113.1"},
		"two proxies":                      {peer: "10.0.0.1:5000", xff: []string{"203.0.113.1, 10.0.0.2"}, want: "203.0.113.1"},
		"two header lines":                 {peer: "10.0.0.1:5000", xff: []string{"198.51.100.66", "203.0.113.1"}, want: "203.0.113.1"},
		"nothing but proxies":              {peer: "10.0.0.1:5000", xff: []string{"10.0.0.3, 10.0.0.2"}, want: "10.0.0.3"},
		"a proxy that says nothing":        {peer: "10.0.0.1:5000", want: "10.0.0.1"},
		"rubbish stops the walk":           {peer: "10.0.0.1:5000", xff: []string{"203.0.113.1, rubbish, 10.0.0.2"}, want: "10.0.0.2"},
		"empty hop":                        {peer: "10.0.0.1:5000", xff: []string{""}, want: "10.0.0.1"},
		"hop with a port":                  {peer: "10.0.0.1:5000", xff: []string{"203.0.113.1:4711"}, want: "203.0.113.1"},
		"IPv6 hop with a port":             {peer: "10.0.0.1:5000", xff: []string{"[2001:db8::7]:4711"}, want: "2001:db8::7"},
		"mapped IPv4 peer":                 {peer: "[::ffff:10.0.0.1]:5000", xff: []string{"203.0.113.1"}, want: "203.0.113.1"},
		"mapped IPv4 hop":                  {peer: "10.0.0.1:5000", xff: []string{"::ffff:203.0.113.1"}, want: "203.0.113.1"},
		"IPv6 proxy":                       {peer: "[2001:db8:ffff::1]:5000", xff: []string{"203.0.113.1"}, want: "203.0.113.1"},
		"Forwarded":                        {peer: "10.0.0.1:5000", forwarded: []string{`for=203.0.113.1;proto=https;by=10.0.0.1`}, want: "203.0.113.1"},
		"Forwarded, quoted IPv6":           {peer: "10.0.0.1:5000", forwarded: []string{`proto=https; For="[2001:db8::7]:4711"`}, want: "2001:db8::7"},
		"Forwarded, hidden client":         {peer: "10.0.0.1:5000", forwarded: []string{`for=_hidden, for=10.0.0.2`}, want: "10.0.0.2"},
		"both headers, same":               {peer: "10.0.0.1:5000", xff: []string{"203.0.113.1"}, forwarded: []string{"for=203.0.113.1"}, want: "203.0.113.1"},
		"a client that adds the other one": {peer: "10.0.0.1:5000", xff: []string{"203.0.113.1"}, forwarded: []string{"for=198.51.100.66"}, want: "10.0.0.1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &http.Request{RemoteAddr: tt.peer, Header: http.Header{"X-Forwarded-For": tt.xff, "Forwarded": tt.forwarded}}
			if got := ClientAddress(r, trusted); got.String() != tt.want {
				t.Errorf("client is %s, want %s", got, tt.want)
			}
		})
	}
}

func TestClientAddressOfAUnixSocketIsNone(t *testing.T) {
	t.Parallel()
	if got := ClientAddress(&http.Request{RemoteAddr: "@", Header: http.Header{}}, nil); got.IsValid() {
		t.Errorf("a socket has address %s", got)
	}
}
