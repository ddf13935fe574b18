package scenarios

import (
	"net/http"
	"strings"
	"testing"
)

// MIND-05, MIND-08
func TestWhatTheOrganisationOwnsMovesTheQueue(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		csv := "type,value,owner,importance,infrastructure\nhost,host-1,dba team,critical,no\nip,10.0.0.0/8,net,normal,yes\n"
		imported := s.send(t, http.MethodPost, "/api/v1/assets/import", []byte(csv), "Authorization", "Bearer "+bootstrapKey, "Content-Type", "text/csv").must(http.StatusOK)
		if !strings.Contains(string(imported.body), `"assets":2`) {
			t.Fatalf("imported %s", imported.body)
		}
		for i := range 2 {
			s.one(t, "lab", unlike(i, "medium"))
		}
		p := s.queue(t)
		if len(p.Items) != 2 || p.Items[0].Title != "Matter 1" {
			t.Fatalf("queue %v", lineTitles(p))
		}
		why := ""
		for _, r := range p.Items[0].Reasons {
			why += r.Text + "; "
		}
		if !strings.Contains(why, "host host-1 is of critical importance, of dba team") {
			t.Errorf("reasons: %s", why)
		}
		t.Run("a list with a mistake changes nothing and names the line", func(t *testing.T) {
			bad := s.send(t, http.MethodPost, "/api/v1/assets/import?replace=true", []byte("type,value\nhost,a\nprinter,b\n"), "Authorization", "Bearer "+bootstrapKey, "Content-Type", "text/csv").must(http.StatusUnprocessableEntity)
			if d := bad.detail(); !strings.Contains(d, "line 3") {
				t.Errorf("it says %s", d)
			}
			var list struct {
				Items []struct{ Type, Value string }
			}
			s.ask(t, http.MethodGet, "/api/v1/assets", nil).must(http.StatusOK).into(&list)
			if len(list.Items) != 2 || list.Items[0].Value != "host-1" || list.Items[1].Value != "10.0.0.0/8" {
				t.Errorf("assets %+v", list.Items)
			}
		})
		t.Run("pages, changes, forgets", func(t *testing.T) {
			var list struct {
				Items []struct{ Value, Importance string }
				Next  string
			}
			s.ask(t, http.MethodPost, "/api/v1/assets", map[string]any{"assets": []any{map[string]any{"type": "host", "value": "HOST-1", "importance": "low"}}}).must(http.StatusOK)
			s.ask(t, http.MethodGet, "/api/v1/assets?limit=1", nil).must(http.StatusOK).into(&list)
			if len(list.Items) != 1 || list.Items[0].Importance != "low" || list.Next == "" {
				t.Errorf("assets %+v", list)
			}
			s.ask(t, http.MethodGet, "/api/v1/assets?"+query("cursor", list.Next), nil).must(http.StatusOK).into(&list)
			if len(list.Items) != 1 || list.Items[0].Value != "10.0.0.0/8" || list.Next != "" {
				t.Errorf("assets %+v", list)
			}
			forget := map[string]any{"assets": []any{map[string]any{"type": "ip", "value": "10.0.0.0/8"}}}
			s.ask(t, http.MethodPost, "/api/v1/assets/forget", forget).must(http.StatusOK)
			s.ask(t, http.MethodPost, "/api/v1/assets/forget", forget).must(http.StatusNotFound).detail()
		})
	})
}
