package web

import (
	"net/http"
	"net/http/pprof"

	"yagura/auth"
)

// profile serves Go's profiles under /debug/pprof/, to engineers: they show
// where time and memory go, and names from the program, never alerts.
func (s *Server) profile(mux *http.ServeMux) {
	guard := func(h http.HandlerFunc) http.HandlerFunc {
		return s.plain(func(w http.ResponseWriter, r *http.Request) error {
			if _, err := s.allow(r, auth.ReadProfiles); err != nil {
				return err
			}
			h(w, r)
			return nil
		})
	}
	mux.HandleFunc("GET /debug/pprof/", guard(pprof.Index))
	mux.HandleFunc("GET /debug/pprof/profile", guard(pprof.Profile))
	mux.HandleFunc("GET /debug/pprof/trace", guard(pprof.Trace))
}
