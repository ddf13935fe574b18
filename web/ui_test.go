package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func askPage(t *testing.T, p *page, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	(&Server{}).plain(p.serve)(w, r)
	return w.Result()
}

func testPage() *page {
	return &page{built: true, files: fstest.MapFS{
		"index.html":        {Data: []byte(`<meta name="csp-nonce" content="__NONCE__">`)},
		"theme.js":          {Data: []byte("1")},
		"assets/app-1a2.js": {Data: []byte(strings.Repeat("console.log(1);", 100))},
	}}
}

func TestEveryPlaceOfTheAppIsItsPageWithANonceOfItsOwn(t *testing.T) {
	t.Parallel()
	p := testPage()
	seen := map[string]bool{}
	for _, path := range []string{"/", "/alerts/A-00G6Q4ZW2R", "/index.html"} {
		res := askPage(t, p, path, "Accept", "text/html,*/*;q=0.8")
		b, _ := io.ReadAll(res.Body)
		_, rest, _ := strings.Cut(string(b), `content="`)
		nonce, _, _ := strings.Cut(rest, `"`)
		policy := res.Header.Get("Content-Security-Policy")
		if res.StatusCode != 200 || nonce == "" || seen[nonce] || !strings.Contains(policy, "style-src 'self' 'nonce-"+nonce+"'") || !strings.Contains(policy, "script-src 'self';") {
			t.Errorf("%s: %d %s\n%s", path, res.StatusCode, b, policy)
		}
		if got := res.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s may be kept: %s", path, got)
		}
		seen[nonce] = true
	}
}

func TestFilesOfTheAppArePackedAndKept(t *testing.T) {
	t.Parallel()
	p := testPage()
	res := askPage(t, p, "/assets/app-1a2.js", "Accept-Encoding", "br, gzip")
	z, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(z); len(b) != 1500 {
		t.Errorf("%d bytes unpacked", len(b))
	}
	if got := res.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("a file with its hash in its name is kept as %q", got)
	}
	if res := askPage(t, p, "/assets/app-1a2.js", "If-None-Match", res.Header.Get("ETag")); res.StatusCode != http.StatusNotModified {
		t.Errorf("a known file is sent again: %d", res.StatusCode)
	}
	if res := askPage(t, p, "/assets/app-1a2.js", "Accept-Encoding", "gzip;q=0"); res.Header.Get("Content-Encoding") != "" {
		t.Error("packed for a client that cannot unpack")
	}
	if got := askPage(t, p, "/theme.js").Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("a file without a hash is kept as %q", got)
	}
	for _, path := range []string{"/assets/gone.js", "/../etc/passwd.txt", "/metrics"} {
		if res := askPage(t, p, path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}
