package scenarios

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"yagura/client"
	"yagura/web"
)

// description is as much of the API's description as the client must agree with.
type description struct {
	Paths map[string]map[string]struct {
		Parameters []struct{ Name, In string }
	}
	Components struct {
		Schemas map[string]struct {
			Properties map[string]any
		}
	}
}

func described(t *testing.T) description {
	t.Helper()
	b, err := web.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var d description
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// The client stands apart from the server's code. That both still speak of the
// same things is held here: every object of the API is a type of the client, field
// by field.
// TOOL-08
func TestTheClientsTypesAreTheAPIs(t *testing.T) {
	t.Parallel()
	d := described(t)
	types := map[string]any{
		"Alert": client.Alert{}, "AlertDetail": client.AlertDetail{}, "AlertList": client.AlertPage{}, "AlertSightings": client.Sightings{},
		"Attribute": client.Attribute{}, "AuditEntry": client.AuditEntry{}, "AuditList": client.AuditPage{}, "CreateSourceInputBody": client.NewSource{},
		"Delivery": client.Delivery{}, "DeliveryDetail": client.DeliveryDetail{}, "DeliveryList": client.DeliveryPage{}, "Facets": client.Facets{},
		"Asset": client.Asset{}, "AssetList": client.AssetPage{}, "AssetRef": client.AssetRef{}, "AssetsTaken": client.AssetsTaken{}, "Factor": client.Factor{}, "Group": client.Group{}, "GroupAlert": client.GroupAlert{}, "GroupDetail": client.GroupDetail{}, "GroupList": client.GroupPage{}, "GroupPast": client.GroupPast{}, "Shared": client.Shared{},
		"HookAnswer": client.Sent{}, "Kind": client.Kind{}, "KindList": client.KindList{}, "Observable": client.Observable{}, "ReplayManyInputBody": client.Replays{},
		"ReplayedMany": client.Replayed{}, "Rule": client.Rule{}, "RuleList": client.RuleList{}, "Sighting": client.Sighting{}, "Source": client.Source{},
		"Ticket": client.Ticket{}, "TicketDetail": client.TicketDetail{}, "TicketList": client.TicketPage{}, "TicketEntry": client.TicketEntry{}, "TicketAlert": client.TicketAlert{},
		"TicketTimeline": client.TicketTimeline{}, "TicketAlerts": client.TicketAlerts{}, "TicketSplit": client.TicketSplit{}, "TicketSet": client.TicketSet{},
		"Judgement": client.Judgement{}, "HandOver": client.HandOver{}, "Task": client.Task{}, "Link": client.Link{}, "Delta": client.Delta{},
		"ConcludedMany": client.ConcludedMany{}, "RefusedSet": client.RefusedSet{}, "CreateTicketInputBody": client.NewTicket{}, "ChangeTicketInputBody": client.TicketChange{},
		"ConcludeTicketInputBody": client.TicketConclusion{}, "MergeTicketInputBody": client.TicketMerge{}, "SplitTicketInputBody": client.TicketSplitOff{},
		"ConcludeManyInputBody": client.ConcludeMany{},
		"Key":                   client.Key{}, "KeyCreated": client.KeyCreated{}, "KeyList": client.KeyList{}, "NewKey": client.NewKey{}, "NewPassword": client.NewPassword{},
		"NewUser": client.NewUser{}, "PasswordChange": client.PasswordChange{}, "Profile": client.Profile{}, "ProfileChange": client.ProfileChange{},
		"Session": client.Session{}, "SignIn": client.SignIn{}, "SignInLink": client.SignInLink{}, "User": client.User{}, "UserChange": client.UserChange{},
		"UserCreated": client.UserCreated{}, "UserList": client.UserList{},
		"SourceAuth": client.SourceAuth{}, "SourceCreated": client.SourceCreated{}, "SourceList": client.SourceList{}, "SourceSettings": client.SourceSettings{},
	}
	// Read into client.Error, or written by a method from its arguments.
	bare := []string{"Problem", "ErrorDetail", "DiscardInputBody", "RestoreInputBody", "AssetsInputBody", "ForgetInputBody", "MergeGroupsInputBody", "SplitGroupInputBody", "TakeTicketInputBody", "CommentTicketInputBody", "ReopenTicketInputBody", "BindTicketInputBody", "UnbindTicketInputBody", "UndoTicketInputBody"}
	for name, schema := range d.Components.Schemas {
		typ, ok := types[name]
		if !ok {
			if !slices.Contains(bare, name) {
				t.Errorf("the API's %s is no type of the client", name)
			}
			continue
		}
		want := make([]string, 0, len(schema.Properties))
		for field := range schema.Properties {
			want = append(want, field)
		}
		got := fields(reflect.TypeOf(typ))
		sort.Strings(want)
		sort.Strings(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the client has %v, the API %v", name, got, want)
		}
	}
	for name := range types {
		if _, ok := d.Components.Schemas[name]; !ok {
			t.Errorf("the API has no %s any more", name)
		}
	}
}

// fields lists the JSON names of a struct's fields, embedded ones included.
func fields(t reflect.Type) []string {
	var out []string
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			out = append(out, fields(f.Type)...)
		case name != "-":
			out = append(out, name)
		}
	}
	return out
}

// asked records what a client asks for, and answers nothing.
type asked struct {
	requests []*http.Request
	onEvents func()
}

func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	a.requests = append(a.requests, r)
	if strings.HasSuffix(r.URL.Path, "/events") {
		a.onEvents()
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

// Every operation of the API can be called by the client, with every parameter
// that it takes.
// TOOL-07, TOOL-08
func TestTheClientCallsWhatTheAPIDescribes(t *testing.T) {
	t.Parallel()
	c, err := client.New("http://192.0.2.1", "k")
	if err != nil {
		t.Fatal(err)
	}
	h, err := client.NewHook("http://192.0.2.1", "x", "t")
	if err != nil {
		t.Fatal(err)
	}
	var a asked
	c.HTTP, h.HTTP = &http.Client{Transport: &a}, &http.Client{Transport: &a}
	ctx, some := t.Context(), []string{"x"}
	f := client.AlertFilter{
		Source: some, Kind: some, Severity: some, Rule: some, Q: "x", Observable: some, Tag: some, Technique: some, Disposition: some,
		From: "x", To: "x", SeenFrom: "x", SeenTo: "x", Sort: "x", Limit: 1, Cursor: "x", Facets: true,
	}
	for _, call := range []func() error{
		func() error { _, err := c.Alerts(ctx, f); return err },
		func() error { _, err := c.AlertFacets(ctx, f); return err },
		func() error { _, err := c.Alert(ctx, "x"); return err },
		func() error { _, err := c.AlertRaw(ctx, "x"); return err },
		func() error { _, err := c.RestoreAlert(ctx, "x", "y"); return err },
		func() error { _, err := c.Assets(ctx, 1, "x"); return err },
		func() error { _, err := c.DeclareAssets(ctx, nil); return err },
		func() error { _, err := c.ImportAssets(ctx, nil, true); return err },
		func() error { _, err := c.ForgetAssets(ctx, nil); return err },
		func() error { _, err := c.Groups(ctx, f); return err },
		func() error { _, err := c.Group(ctx, "x", 1, "x"); return err },
		func() error { _, err := c.MergeGroups(ctx, "x", some, "y"); return err },
		func() error { _, err := c.SplitGroup(ctx, "x", some, "y"); return err },
		func() error {
			_, err := c.Deliveries(ctx, client.DeliveryFilter{Source: "x", State: "x", From: "x", To: "x", Limit: 1, Cursor: "x"})
			return err
		},
		func() error { _, err := c.Delivery(ctx, "x"); return err },
		func() error { _, err := c.DeliveryRaw(ctx, "x"); return err },
		func() error { _, err := c.Replay(ctx, "x"); return err },
		func() error { _, err := c.ReplayMany(ctx, client.Replays{State: "failed"}); return err },
		func() error { _, err := c.Discard(ctx, "x", "y"); return err },
		func() error { _, err := c.Sources(ctx); return err },
		func() error { _, err := c.CreateSource(ctx, client.NewSource{}); return err },
		func() error { _, err := c.Source(ctx, "x"); return err },
		func() error { _, err := c.ChangeSource(ctx, "x", client.SourceSettings{}); return err },
		func() error { _, err := c.RotateToken(ctx, "x"); return err },
		func() error { _, err := c.SourceRules(ctx, "x"); return err },
		func() error { _, err := c.Kinds(ctx); return err },
		func() error { _, err := c.Audit(ctx, 1, 1); return err },
		func() error {
			_, err := c.Tickets(ctx, client.TicketFilter{
				Q: "x", Status: some, Assignee: some, Conclusion: some, Severity: some, Tag: some, From: "x", To: "x", IdleSince: "x", Merged: true, Sort: "x", Limit: 1, Cursor: "x",
			})
			return err
		},
		func() error { _, err := c.Ticket(ctx, "x"); return err },
		func() error { _, err := c.TicketTimeline(ctx, "x", 1, 1); return err },
		func() error { _, err := c.TicketAlerts(ctx, "x", "y", 1); return err },
		func() error { _, err := c.CreateTicket(ctx, client.NewTicket{}); return err },
		func() error { _, err := c.ChangeTicket(ctx, "x", client.TicketChange{}); return err },
		func() error { return c.DeleteTicket(ctx, "x", "y") },
		func() error { _, err := c.TakeTicket(ctx, "x", 0); return err },
		func() error { _, err := c.CommentTicket(ctx, "x", "y"); return err },
		func() error { _, err := c.ConcludeTicket(ctx, "x", client.TicketConclusion{}); return err },
		func() error { _, err := c.ReopenTicket(ctx, "x", 1, ""); return err },
		func() error { _, err := c.BindAlerts(ctx, "x", some); return err },
		func() error { _, err := c.UnbindAlerts(ctx, "x", 1, some); return err },
		func() error { _, err := c.MergeTicket(ctx, "x", client.TicketMerge{}); return err },
		func() error { _, err := c.SplitTicket(ctx, "x", client.TicketSplitOff{}); return err },
		func() error { _, err := c.UndoTicket(ctx, "x", 1); return err },
		func() error { _, err := c.ConcludeMany(ctx, client.ConcludeMany{}); return err },
		func() error { _, err := c.SignIn(ctx, client.SignIn{}); return err },
		func() error { _, err := c.Session(ctx); return err },
		func() error { return c.SignOut(ctx) },
		func() error { _, err := c.ChangeProfile(ctx, client.ProfileChange{}); return err },
		func() error { return c.ChangePassword(ctx, client.PasswordChange{}) },
		func() error { _, err := c.Users(ctx); return err },
		func() error { _, err := c.CreateUser(ctx, client.NewUser{}); return err },
		func() error { _, err := c.User(ctx, "x"); return err },
		func() error { _, err := c.ChangeUser(ctx, "x", client.UserChange{}); return err },
		func() error { return c.DeleteUser(ctx, "x") },
		func() error { return c.SetPassword(ctx, "x", client.NewPassword{}) },
		func() error { _, err := c.CreateSignInLink(ctx, "x"); return err },
		func() error { _, err := c.Keys(ctx); return err },
		func() error { _, err := c.CreateKey(ctx, client.NewKey{}); return err },
		func() error { return c.RevokeKey(ctx, "x") },
		func() error { _, err := h.Send(ctx, client.Message{Key: "x", Wait: true}); return err },
	} {
		if err := call(); err != nil {
			t.Error(err)
		}
	}
	following, stop := context.WithCancel(ctx)
	a.onEvents = stop
	for range c.Events(following, "7") { // one error, of the end
	}
	d := described(t)
	called := map[string]bool{}
	for _, r := range a.requests {
		op, params := d.operation(r)
		if op == "" {
			t.Errorf("the API does not describe %s %s", r.Method, r.URL.Path)
			continue
		}
		called[op] = true
		got := make([]string, 0, len(params))
		for name := range r.URL.Query() {
			got = append(got, name)
		}
		got, want := without(got, "token"), without(params, "token") // the client sends it as a header
		if !slices.Equal(got, want) {
			t.Errorf("%s: the client sends %v, the API takes %v", op, got, want)
		}
	}
	for path, methods := range d.Paths {
		for method := range methods {
			if op := method + " " + path; !called[op] {
				t.Errorf("nothing in the client calls %s", op)
			}
		}
	}
}

var variable = regexp.MustCompile(`\\\{[^}]+\\\}`)

// operation finds the operation that a request calls, and its query's parameters.
func (d description) operation(r *http.Request) (op string, params []string) {
	for path, methods := range d.Paths {
		pattern := "^" + variable.ReplaceAllString(regexp.QuoteMeta(path), `x`) + "$"
		method := strings.ToLower(r.Method)
		described, ok := methods[method]
		if !ok || !regexp.MustCompile(pattern).MatchString(r.URL.Path) {
			continue
		}
		for _, p := range described.Parameters {
			if p.In == "query" {
				params = append(params, p.Name)
			}
		}
		return method + " " + path, params
	}
	return "", nil
}

func without(list []string, name string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == name })
	slices.Sort(list)
	return list
}

// A program follows what happens, and misses nothing while it is away.
func TestTheClientFollowsEvents(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	c, err := client.New(s.base, bootstrapKey)
	if err != nil {
		t.Fatal(err)
	}
	made, err := c.CreateSource(t.Context(), client.NewSource{ID: "followed", Kind: "generic"})
	if err != nil {
		t.Fatal(err)
	}
	h, err := client.NewHook(s.base, "followed", made.Token)
	if err != nil {
		t.Fatal(err)
	}
	send := func(title string) {
		got, err := h.Send(t.Context(), client.Message{Body: []byte(`{"title":"` + title + `"}`), Wait: true})
		if err != nil || got.State != "processed" || len(got.Alerts) != 1 || got.Repeat {
			t.Fatalf("sent %+v, %v", got, err)
		}
	}
	cursor := ""
	follow := func(begin func(), title string) {
		ctx, stop := context.WithTimeout(t.Context(), patience)
		defer stop()
		for e, err := range c.Events(ctx, cursor) {
			if err != nil {
				t.Fatalf("%s did not come: %v", title, err)
			}
			cursor = e.Cursor
			if e.Type == "hello" {
				begin()
			}
			if e.Type == "alert.created" && e.Alert.Title == title {
				return
			}
		}
	}
	follow(func() { send("the first") }, "the first")
	send("while nobody looked")
	follow(func() {}, "while nobody looked")
}
