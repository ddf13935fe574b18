package intake_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"yagura/fault"
	"yagura/intake"
	"yagura/source"
)

// wantKind fails where err is not of kind; "" wants none.
func wantKind(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if kind == "" && err != nil || kind != "" && !fault.Is(err, kind) {
		t.Errorf("error %v, want kind %q", err, kind)
	}
}

func TestHMACSignatures(t *testing.T) {
	t.Setenv("YAGURA_TEST_HOOK", "It's a Secret to Everybody")
	const body = "Hello, World!"
	mac := hmac.New(sha256.New, []byte("It's a Secret to Everybody"))
	mac.Write([]byte(body))
	sum := mac.Sum(nil)
	asHex, asBase64 := hex.EncodeToString(sum), base64.StdEncoding.EncodeToString(sum)
	github := source.Auth{Scheme: "github", SecretRef: "env:YAGURA_TEST_HOOK"}
	own := source.Auth{Scheme: "hmac", SecretRef: "env:YAGURA_TEST_HOOK", Header: "X-Tower"}
	tests := map[string]struct {
		auth                source.Auth
		header, value, body string
		kind                fault.Kind
	}{
		"GitHub's":              {github, "X-Hub-Signature-256", "sha256=" + asHex, body, ""},
		"in capitals":           {own, "x-tower", "SHA256=" + strings.ToUpper(asHex), body, ""},
		"hexadecimal":           {own, "X-Tower", asHex, body, ""},
		"base64":                {own, "X-Tower", asBase64, body, ""},
		"base64 with a prefix":  {own, "X-Tower", "sha256=" + asBase64, body, ""},
		"base64 for URLs":       {own, "X-Tower", base64.RawURLEncoding.EncodeToString(sum), body, ""},
		"default header":        {source.Auth{Scheme: "hmac", SecretRef: own.SecretRef}, intake.DefaultSignatureHeader, asHex, body, ""},
		"another body":          {github, "X-Hub-Signature-256", "sha256=" + asHex, body + " ", fault.Unknown},
		"another signature":     {github, "X-Hub-Signature-256", "sha256=" + strings.Repeat("0", 64), body, fault.Unknown},
		"half a signature":      {github, "X-Hub-Signature-256", "sha256=" + asHex[:32], body, fault.Unknown},
		"an empty signature":    {github, "X-Hub-Signature-256", "sha256=", body, fault.Unknown},
		"no signature":          {github, "X-Other", asHex, body, fault.Unknown},
		"the older SHA-1":       {github, "X-Hub-Signature", "sha1=" + asHex[:40], body, fault.Unknown},
		"a secret not set":      {source.Auth{Scheme: "github", SecretRef: "env:YAGURA_TEST_NOT_SET"}, "X-Hub-Signature-256", "sha256=" + asHex, body, fault.Unavailable},
		"a source without one":  {source.Auth{}, "X-Hub-Signature-256", "sha256=" + asHex, body, fault.Unknown},
		"a scheme nobody knows": {source.Auth{Scheme: "magic"}, "X-Tower", asHex, body, fault.Unknown},
	}
	var v intake.Verifier
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			req := intake.Request{Header: http.Header{}, Body: []byte(test.body)}
			req.Header.Set(test.header, test.value)
			err := v.Verify(t.Context(), test.auth, req)
			wantKind(t, err, test.kind)
			if err != nil && strings.Contains(err.Error(), "Everybody") {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}

func TestTwoSignaturesAreNone(t *testing.T) {
	t.Setenv("YAGURA_TEST_HOOK", "s")
	req := intake.Request{Header: http.Header{"X-Hub-Signature-256": {"sha256=" + strings.Repeat("0", 64), "sha256=" + strings.Repeat("1", 64)}}}
	var v intake.Verifier
	wantKind(t, v.Verify(t.Context(), source.Auth{Scheme: "github", SecretRef: "env:YAGURA_TEST_HOOK"}, req), fault.Unknown)
}
