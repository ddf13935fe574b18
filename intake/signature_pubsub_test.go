package intake_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yagura/fault"
	"yagura/intake"
	"yagura/source"
)

const (
	issuer   = "https://issuer.example.com"
	audience = "https://yagura.example.com/hooks/scc"
	account  = "push@project.iam.gserviceaccount.example.com"
)

// fakeKeys serves a key set and counts how often it was asked for.
type fakeKeys struct {
	*httptest.Server
	asked  atomic.Int64
	status atomic.Int64
}

func newKeys(t *testing.T) *fakeKeys {
	t.Helper()
	k := &fakeKeys{}
	k.status.Store(http.StatusOK)
	enc := base64.RawURLEncoding.EncodeToString
	set := `{"keys":[{"kty":"RSA","alg":"RS256","use":"sig","kid":"k1","n":"` + enc(testKey().N.Bytes()) + `","e":"` + enc(big.NewInt(int64(testKey().E)).Bytes()) + `"}]}`
	k.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		k.asked.Add(1)
		w.WriteHeader(int(k.status.Load()))
		_, _ = w.Write([]byte(set))
	}))
	t.Cleanup(k.Close)
	return k
}

// token returns a signed token of these claims.
func token(t *testing.T, kid string, key *rsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]string{"alg": "RS256", "kid": kid, "typ": "JWT"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func claims() map[string]any {
	return map[string]any{
		"iss": issuer, "aud": audience, "email": account, "email_verified": true, "sub": "1",
		"iat": time.Now().Add(-time.Minute).Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}
}

func pushed(token string) intake.Request {
	return intake.Request{Header: http.Header{"Authorization": {"Bearer " + token}}, Body: []byte(`{"message":{"data":"e30="}}`)}
}

var pubsubAuth = source.Auth{Scheme: "pubsub", Audience: audience, Email: account}

// DESK-02
func TestPubSubTokens(t *testing.T) {
	t.Parallel()
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	with := func(name string, value any) string {
		c := claims()
		c[name] = value
		return token(t, "k1", testKey(), c)
	}
	good := token(t, "k1", testKey(), claims())
	parts := strings.Split(good, ".")
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	tests := map[string]struct {
		token string
		auth  source.Auth
		kind  fault.Kind
	}{
		"proved":               {good, pubsubAuth, ""},
		"expired":              {with("exp", time.Now().Add(-time.Minute).Unix()), pubsubAuth, fault.Unknown},
		"not valid yet":        {with("nbf", time.Now().Add(time.Hour).Unix()), pubsubAuth, fault.Unknown},
		"another audience":     {with("aud", audience+"/other"), pubsubAuth, fault.Unknown},
		"another issuer":       {with("iss", "https://evil.example"), pubsubAuth, fault.Unknown},
		"another account":      {with("email", "x"+account), pubsubAuth, fault.Unknown},
		"an unverified e-mail": {with("email_verified", false), pubsubAuth, fault.Unknown},
		"e-mail as a number":   {with("email", 5), pubsubAuth, fault.Unknown},
		"a stranger's key":     {token(t, "k1", stranger, claims()), pubsubAuth, fault.Unknown},
		"an unknown key":       {token(t, "k2", stranger, claims()), pubsubAuth, fault.Unknown},
		"unsigned":             {unsigned, pubsubAuth, fault.Unknown},
		"tampered":             {parts[0] + "." + strings.Split(with("email", "x@example.com"), ".")[1] + "." + parts[2], pubsubAuth, fault.Unknown},
		"no token":             {"", pubsubAuth, fault.Unknown},
		"no JWT":               {"hello", pubsubAuth, fault.Unknown},
		"far too long":         {strings.Repeat("a", 20<<10), pubsubAuth, fault.Unknown},
		"no audience wanted":   {with("aud", ""), source.Auth{Scheme: "pubsub", Email: account}, fault.Unknown},
		"no account wanted":    {with("email", ""), source.Auth{Scheme: "pubsub", Audience: audience}, fault.Unknown},
	}
	keys := newKeys(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := intake.Verifier{Issuer: issuer, KeysURL: keys.URL}
			wantKind(t, v.Verify(t.Context(), test.auth, pushed(test.token)), test.kind)
		})
	}
}

func TestAnotherSchemeThanBearerProvesNothing(t *testing.T) {
	t.Parallel()
	v := intake.Verifier{Issuer: issuer, KeysURL: newKeys(t).URL}
	req := pushed(token(t, "k1", testKey(), claims()))
	req.Header.Set("Authorization", strings.Replace(req.Header.Get("Authorization"), "Bearer", "Basic", 1))
	wantKind(t, v.Verify(t.Context(), pubsubAuth, req), fault.Unknown)
}

func TestKeysAreKeptAndSeldomAskedFor(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	v := intake.Verifier{Issuer: issuer, KeysURL: keys.URL}
	for range 5 {
		wantKind(t, v.Verify(t.Context(), pubsubAuth, pushed(token(t, "k1", testKey(), claims()))), "")
	}
	if n := keys.asked.Load(); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
	for range 50 {
		wantKind(t, v.Verify(t.Context(), pubsubAuth, pushed(token(t, "other", testKey(), claims()))), fault.Unknown)
	}
	if n := keys.asked.Load(); n > 10 {
		t.Errorf("%d fetches within a moment", n)
	}
	wantKind(t, v.Verify(t.Context(), pubsubAuth, pushed(token(t, "k1", testKey(), claims()))), "")
}

func TestKeysThatCannotBeHadAreNoProofAgainstTheSender(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	keys.status.Store(http.StatusServiceUnavailable)
	v := intake.Verifier{Issuer: issuer, KeysURL: keys.URL}
	req := pushed(token(t, "k1", testKey(), claims()))
	wantKind(t, v.Verify(t.Context(), pubsubAuth, req), fault.Unavailable)
	keys.status.Store(http.StatusOK)
	wantKind(t, v.Verify(t.Context(), pubsubAuth, req), "")
}
