package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yagura/auth"
	"yagura/fault"
	"yagura/source"
	"yagura/store"
)

// Source is a source as the API shows it; never its token.
type Source struct {
	ID         string      `json:"id" doc:"as it stands in the hook's path"`
	Kind       string      `json:"kind" doc:"which policy reads its messages"`
	Window     string      `json:"window" doc:"a repeat within it is a sighting; a duration"`
	MayDecline bool        `json:"may_decline" doc:"whether policies may decline its messages"`
	MaxBody    int64       `json:"max_body" doc:"largest body in bytes"`
	Rate       float64     `json:"rate" doc:"deliveries a second; 0 is unlimited"`
	Burst      int         `json:"burst" doc:"deliveries at once over rate"`
	Auth       *SourceAuth `json:"auth,omitempty" doc:"the sender's own signature, taken instead of a token"`
	Disabled   bool        `json:"disabled" doc:"a disabled source is refused as unknown"`
	Hook       string      `json:"hook" doc:"path that takes its deliveries"`
	CreatedAt  time.Time   `json:"created_at" doc:"UTC"`
}

// SourceAuth says which signature of the sender's own a source takes.
type SourceAuth struct {
	Scheme    string `json:"scheme" enum:"github,hmac,sns,pubsub" doc:"which signature"`
	SecretRef string `json:"secret_ref,omitempty" doc:"github, hmac: env:NAME or file:/path; never the secret itself"`
	Header    string `json:"header,omitempty" doc:"hmac: the header that holds the signature"`
	Topic     string `json:"topic,omitempty" doc:"sns: the topic ARN that may send"`
	Audience  string `json:"audience,omitempty" doc:"pubsub: the token's audience"`
	Email     string `json:"email,omitempty" doc:"pubsub: the service account that may send"`
}

// SourceCreated is a new source with its token, which is shown this once.
type SourceCreated struct {
	Source
	Token string `json:"token,omitempty" doc:"send it with each delivery, as Authorization: Bearer or ?token=; shown this once"`
}

// SourceList lists every source.
type SourceList struct {
	Items []Source `json:"items"`
	Next  string   `json:"next" doc:"always empty: sources are few"`
}

func showSource(s source.Source) Source {
	out := Source{
		ID: s.ID, Kind: s.Kind, Window: s.Window.String(), MayDecline: s.MayDecline, MaxBody: s.MaxBody, Rate: s.Rate, Burst: s.Burst,
		Disabled: s.Disabled, Hook: "/hooks/" + s.ID, CreatedAt: s.CreatedAt,
	}
	if s.Auth.Scheme != "" {
		out.Auth = &SourceAuth{s.Auth.Scheme, s.Auth.SecretRef, s.Auth.Header, s.Auth.Topic, s.Auth.Audience, s.Auth.Email}
	}
	return out
}

func (s *Server) sourceRoutes(api huma.API) {
	create := operation("create-source", http.MethodPost, "/api/v1/sources", "Make a source", auth.ManageSources)
	create.DefaultStatus = http.StatusCreated
	huma.Register(api, create, s.createSource)
	huma.Register(api, operation("list-sources", http.MethodGet, "/api/v1/sources", "List sources", auth.ReadSources), s.listSources)
	huma.Register(api, operation("get-source", http.MethodGet, "/api/v1/sources/{id}", "One source", auth.ReadSources), s.getSource)
	huma.Register(api, operation("change-source", http.MethodPatch, "/api/v1/sources/{id}", "Change a source's settings", auth.ManageSources), s.changeSource)
	huma.Register(api, operation("rotate-token", http.MethodPost, "/api/v1/sources/{id}/rotate-token", "Give a source a new token; the old one ends at once", auth.ManageSources), s.rotateToken)
	huma.Register(api, operation("source-rules", http.MethodGet, "/api/v1/sources/{id}/rules", "What each rule of a source has brought in, and how often it matched", auth.ReadSources), s.sourceRules)
	huma.Register(api, operation("list-kinds", http.MethodGet, "/api/v1/kinds", "Kinds that a source may have", auth.ReadSources), s.listKinds)
	huma.Register(api, operation("list-audit", http.MethodGet, "/api/v1/audit", "Who changed what, newest first", auth.ReadAudit), s.listAudit)
}

// SourceSettings are a source's settings as a request gives them; what is
// absent stays as it is, or is the default.
type SourceSettings struct {
	Window     *string     `json:"window,omitempty" doc:"a duration; default 24h" example:"24h"`
	MayDecline *bool       `json:"may_decline,omitempty" doc:"default false"`
	MaxBody    *int64      `json:"max_body,omitempty" doc:"bytes; default 10485760"`
	Rate       *float64    `json:"rate,omitempty" doc:"deliveries a second; default unlimited"`
	Burst      *int        `json:"burst,omitempty" doc:"deliveries at once over rate"`
	Auth       *SourceAuth `json:"auth,omitempty"`
	Disabled   *bool       `json:"disabled,omitempty" doc:"a disabled source is refused as unknown"`
}

func (in SourceSettings) apply(s source.Source) (source.Source, error) {
	if in.Window != nil && *in.Window != "" {
		d, err := time.ParseDuration(*in.Window)
		if err != nil || d <= 0 {
			return s, fault.New(fault.Invalid, "window %q: use a duration such as 24h or 30m", *in.Window)
		}
		s.Window = d
	}
	set(&s.MayDecline, in.MayDecline)
	set(&s.MaxBody, in.MaxBody)
	set(&s.Rate, in.Rate)
	set(&s.Burst, in.Burst)
	set(&s.Disabled, in.Disabled)
	if a := in.Auth; a != nil {
		s.Auth = source.Auth{Scheme: a.Scheme, SecretRef: a.SecretRef, Header: a.Header, Topic: a.Topic, Audience: a.Audience, Email: a.Email}
	}
	return s, nil
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

type createSourceInput struct {
	Body struct {
		ID   string `json:"id" doc:"1 to 64 of a-z, 0-9, '.', '_' and '-'" example:"guardduty-prod"`
		Kind string `json:"kind" doc:"one of /api/v1/kinds" example:"guardduty"`
		SourceSettings
	}
}

func (s *Server) createSource(ctx context.Context, in *createSourceInput) (*body[SourceCreated], error) {
	src, err := in.Body.apply(source.Source{ID: in.Body.ID, Kind: in.Body.Kind})
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	src, token, err := s.Desk.AddSource(ctx, principal(ctx), src, "")
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[SourceCreated]{SourceCreated{showSource(src), token}}, nil
}

func (s *Server) listSources(ctx context.Context, _ *struct{}) (*body[SourceList], error) {
	all, err := s.Desk.Sources(principal(ctx))
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := SourceList{Items: make([]Source, len(all))}
	for i, src := range all {
		out.Items[i] = showSource(src)
	}
	return &body[SourceList]{out}, nil
}

func (s *Server) source(id string) (source.Source, error) {
	src, ok := s.Desk.Source(id)
	if !ok {
		return src, fault.New(fault.NotFound, "there is no source %q", id)
	}
	return src, nil
}

func (s *Server) getSource(ctx context.Context, in *idInput) (*body[Source], error) {
	src, err := s.source(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[Source]{showSource(src)}, nil
}

type changeSourceInput struct {
	ID   string `path:"id" doc:"as lists show it"`
	Body SourceSettings
}

func (s *Server) changeSource(ctx context.Context, in *changeSourceInput) (*body[Source], error) {
	src, err := s.source(in.ID)
	if err == nil {
		src, err = in.Body.apply(src)
	}
	if err == nil {
		src, err = s.Desk.ChangeSource(ctx, principal(ctx), src)
	}
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[Source]{showSource(src)}, nil
}

func (s *Server) rotateToken(ctx context.Context, in *idInput) (*body[SourceCreated], error) {
	token, err := s.Desk.RotateToken(ctx, principal(ctx), in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	src, err := s.source(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[SourceCreated]{SourceCreated{showSource(src), token}}, nil
}

// Rule is what one rule of a source has brought in.
type Rule struct {
	Source    string    `json:"source" doc:"the source that it belongs to"`
	Rule      string    `json:"rule" doc:"the product's own name for the detection"`
	Alerts    int       `json:"alerts" doc:"alerts made, declined ones included"`
	Sightings int       `json:"sightings" doc:"repeats counted on them: how often the fingerprint matched"`
	Declined  int       `json:"declined" doc:"alerts that a policy declined"`
	Refused   int       `json:"refused_fingerprints" doc:"fingerprints refused because they would merge everything"`
	Problem   string    `json:"problem,omitempty" doc:"the last refusal's reason"`
	LastAt    time.Time `json:"last_at" doc:"when it last brought something, UTC"`
}

// RuleList lists a source's rules, busiest first.
type RuleList struct {
	Items []Rule `json:"items"`
	Next  string `json:"next" doc:"always empty: the 500 busiest are listed"`
}

func (s *Server) sourceRules(ctx context.Context, in *idInput) (*body[RuleList], error) {
	if _, err := s.source(in.ID); err != nil {
		return nil, s.fail(ctx, err)
	}
	rules, err := s.Store.Rules(ctx, in.ID, store.MaxLimit)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := RuleList{Items: make([]Rule, len(rules))}
	for i, r := range rules {
		out.Items[i] = Rule{r.Source, r.Name, r.Alerts, r.Sightings, r.Declined, r.Refused, r.Problem, r.LastAt}
	}
	return &body[RuleList]{out}, nil
}

// Kind is a kind that a source may have.
type Kind struct {
	Name string `json:"name" doc:"as a source names it"`
	File string `json:"file" doc:"the policy that reads it"`
	Ours bool   `json:"ours" doc:"it ships with Yagura; otherwise it is the user's own"`
}

// KindList lists kinds by name.
type KindList struct {
	Items []Kind `json:"items"`
}

func (s *Server) listKinds(context.Context, *struct{}) (*body[KindList], error) {
	return &body[KindList]{KindList{s.Kinds()}}, nil
}

type auditInput struct {
	Before int64 `query:"before" doc:"entries before this one"`
	Limit  int   `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"entries, default 50"`
}

// AuditEntry is one line of the audit log.
type AuditEntry struct {
	ID        int64     `json:"id" doc:"as lists show it"`
	At        time.Time `json:"at" doc:"UTC"`
	Principal string    `json:"principal" doc:"who"`
	Door      string    `json:"door" doc:"by which way in"`
	Action    string    `json:"action" doc:"e.g. source.create"`
	Subject   string    `json:"subject" doc:"what was changed"`
	Reason    string    `json:"reason" doc:"why, where one was given"`
}

// AuditList is one page of the audit log.
type AuditList struct {
	Items []AuditEntry `json:"items"`
}

func (s *Server) listAudit(ctx context.Context, in *auditInput) (*body[AuditList], error) {
	entries, err := s.Store.AuditLog(ctx, in.Before, in.Limit)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := AuditList{Items: make([]AuditEntry, len(entries))}
	for i, e := range entries {
		out.Items[i] = AuditEntry(e)
	}
	return &body[AuditList]{out}, nil
}
