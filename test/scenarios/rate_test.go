package scenarios

import (
	"net/http"
	"testing"
)

// DESK-02: whoever knows a hook's address, and no more, cannot use up the rate
// of a source whose senders sign.
func TestStrangersDoNotUseUpARate(t *testing.T) {
	t.Setenv("YAGURA_TEST_RATE_SECRET", "a lamp in the west")
	s := start(t, "")
	s.source(t, "signed", "lab", "rate", 0.001, "burst", 1, "auth", map[string]any{"scheme": "hmac", "secret_ref": "env:YAGURA_TEST_RATE_SECRET"})
	s.source(t, "token", "lab", "rate", 0.001, "burst", 1)
	body := lab(t, draft{"title": "Signed"})
	for range 3 {
		s.send(t, http.MethodPost, "/hooks/signed", body, "X-Signature", mac("a guess", body)).must(http.StatusUnauthorized)
		s.send(t, http.MethodPost, "/hooks/token?token=guess", body).must(http.StatusUnauthorized)
	}
	s.send(t, http.MethodPost, "/hooks/signed", body, "X-Signature", mac("a lamp in the west", body)).must(http.StatusAccepted)
	s.send(t, http.MethodPost, "/hooks/signed", body, "X-Signature", mac("a lamp in the west", body)).must(http.StatusTooManyRequests)
	s.hook(t, "token", body).must(http.StatusAccepted)
}
