package web

import (
	"embed"
	"net/http"
	"reflect"
)

// The API's page is ours: its script and style come from the binary.
//
//go:embed docs
var docsFiles embed.FS

var reflectHook = reflect.TypeFor[HookAnswer]()

func (s *Server) docs(mux *http.ServeMux) {
	page := func(name, media string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			b, err := docsFiles.ReadFile("docs/" + name)
			if err != nil {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			w.Header().Set("Content-Type", media)
			_, _ = w.Write(b)
		}
	}
	mux.HandleFunc("GET /api/docs", page("index.html", "text/html; charset=utf-8"))
	mux.HandleFunc("GET /api/docs/page.js", page("page.js", "text/javascript; charset=utf-8"))
	mux.HandleFunc("GET /api/docs/page.css", page("page.css", "text/css; charset=utf-8"))
}
