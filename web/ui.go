package web

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"

	"yagura/fault"
	"yagura/ui"
)

// noncePlace stands in the app's page where each answer's own nonce goes.
const noncePlace = "__NONCE__"

// hashed is the folder whose files carry a hash of their content in their name.
const hashed = "assets/"

// page serves the browser app. Every path that is no file of it is, to a browser, a
// place within the app, which the app itself finds.
type page struct {
	files fs.FS
	built bool
	ready sync.Map // path → *pageFile, read and packed when first asked for
}

type pageFile struct {
	media        string
	etag         string
	body, packed []byte // packed is empty where it would not be smaller
}

func (s *Server) page() http.HandlerFunc {
	p := &page{}
	p.files, p.built = ui.Files()
	return s.plain(p.serve)
}

func (p *page) serve(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return nil
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	// Only browsers are shown the app's page for a place within it: a program that
	// asks for what is switched off here, such as /metrics, must hear that it is not there.
	if name == "" || name == "index.html" || path.Ext(name) == "" && strings.Contains(r.Header.Get("Accept"), "text/html") {
		return p.index(w)
	}
	f, err := p.file(name)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", f.media)
	h.Set("ETag", f.etag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, hashed) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if strings.Contains(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body := f.body
	if len(f.packed) > 0 && acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = f.packed
	}
	_, err = w.Write(body)
	return ignoreBroken(err)
}

// index serves the app's page. Its styles carry this answer's own nonce, so no
// cache may keep it: a kept one would have another answer's.
func (p *page) index(w http.ResponseWriter) error {
	f, err := p.file("index.html")
	if err != nil {
		return err
	}
	var b [16]byte
	_, _ = rand.Read(b[:])
	nonce := base64.RawURLEncoding.EncodeToString(b[:])
	h := w.Header()
	h.Set("Content-Type", f.media)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", pagePolicy(nonce))
	_, err = w.Write(bytes.ReplaceAll(f.body, []byte(noncePlace), []byte(nonce)))
	return ignoreBroken(err)
}

// pagePolicy lets the app run its own scripts and nothing else. The nonce is for
// the style elements that Mantine makes; images may be data because the style
// sheets hold small ones.
func pagePolicy(nonce string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-" + nonce + "'; connect-src 'self'; img-src 'self' data:; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

func (p *page) file(name string) (*pageFile, error) {
	if f, ok := p.ready.Load(name); ok {
		return f.(*pageFile), nil
	}
	if !fs.ValidPath(name) {
		return nil, fault.New(fault.NotFound, "there is no such page")
	}
	b, err := fs.ReadFile(p.files, name)
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such page")
	}
	sum := sha256.Sum256(b)
	f := &pageFile{media: mediaOf(name), etag: `"` + hex.EncodeToString(sum[:12]) + `"`, body: b, packed: pack(b)}
	p.ready.Store(name, f)
	return f, nil
}

// mediaOf knows the app's own kinds of files; what a system's tables say of them differs.
func mediaOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	if m := mime.TypeByExtension(path.Ext(name)); m != "" {
		return m
	}
	return "application/octet-stream"
}

func pack(b []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // fails only for a level that does not exist
	_, _ = z.Write(b)
	_ = z.Close()
	if out.Len() >= len(b) {
		return nil
	}
	return out.Bytes()
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(coding, "gzip") && strings.TrimSpace(weight) != "q=0" {
			return true
		}
	}
	return false
}
