package pipeline_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"yagura/intake"
	"yagura/pipeline"
	"yagura/policy"
	"yagura/source"
	"yagura/store"
)

// BenchmarkFlow is the way from stored deliveries to listed alerts, in batches
// as under load, one event of about 1 KB a delivery.
func BenchmarkFlow(b *testing.B) {
	set, err := policy.Load(b.Context(), intake.Kinds)
	if err != nil {
		b.Fatal(err)
	}
	st, err := store.Open(b.Context(), store.Options{Folder: b.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	src := source.Source{ID: "flow", Kind: "okta", Window: 24 * time.Hour}
	p := &pipeline.Pipeline{
		Store: st, Policies: func() *policy.Set { return set }, Log: slog.New(slog.DiscardHandler),
		Source: func(string) (source.Source, bool) { return src, true },
	}
	r := rand.New(rand.NewPCG(1, 2))
	done := make(chan error, 64)
	for i := range b.N {
		body := fmt.Appendf(nil, `{"uuid":"%016x-%d","published":%q,"eventType":"user.session.start","severity":"WARN","displayMessage":"User login to Okta %x","actor":{"id":"00u%x","type":"User","alternateId":"user%d@example.com","displayName":"User %d"},"client":{"userAgent":{"rawUserAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15","os":"Mac OS X","browser":"SAFARI"},"zone":"null","device":"Computer","ipAddress":"203.0.113.%d","geographicalContext":{"city":"Osaka","country":"Japan"}},"outcome":{"result":"FAILURE","reason":"INVALID_CREDENTIALS"},"authenticationContext":{"externalSessionId":"trs%x%x"},"target":[{"id":"0oa%x","type":"AppInstance","alternateId":"app-%d","displayName":"App %d"}]}`,
			r.Uint64(), i, time.Now().UTC().Format(time.RFC3339Nano), r.Uint64(), r.Uint64(), r.IntN(100000), i, r.IntN(256), r.Uint64(), r.Uint64(), r.Uint64(), r.IntN(400), r.IntN(400))
		go func() {
			_, _, err := st.Accept(b.Context(), source.Delivery{Source: "flow", Body: body})
			done <- err
		}()
		if i%64 == 63 || i == b.N-1 {
			for range i%64 + 1 {
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.ResetTimer()
	for {
		n, err := p.Step(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
}
