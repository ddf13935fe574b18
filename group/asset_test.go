package group

import (
	"strings"
	"testing"

	"yagura/alert"
)

func TestAssetsAreReadFromCSV(t *testing.T) {
	t.Parallel()
	list, err := ReadAssets(strings.NewReader("\ufefftype,value,owner,importance,infrastructure,note\n" +
		"host, DB01.example.com ,dba team,critical,,\"payments, live\"\nip,10.2.3.4/16,net,,yes,\nUser,Alice,,high,no,\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Asset{
		{Type: alert.Host, Value: "db01.example.com", Owner: "dba team", Importance: Critical, Note: "payments, live"},
		{Type: alert.IP, Value: "10.2.0.0/16", Owner: "net", Importance: Normal, Infrastructure: true},
		{Type: alert.User, Value: "alice", Importance: Important},
	}
	for i, w := range want {
		if list[i] != w {
			t.Errorf("asset %d is %+v, want %+v", i, list[i], w)
		}
	}
}

func TestEveryWrongLineOfAnAssetListIsNamed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, says string }{
		"empty":              {"", "the file is empty"},
		"no value column":    {"type,owner\nhost,x\n", `no column "value"`},
		"an unknown column":  {"type,value,colour\n", `column "colour"`},
		"no such type":       {"type,value\nhost,a\nprinter,b\n", `line 3: asset type "printer"`},
		"no address":         {"type,value\nip,office\n", `"office" is no address`},
		"no importance":      {"type,value,importance\nhost,a,very\n", `importance "very"`},
		"neither yes nor no": {"type,value,infrastructure\nhost,a,perhaps\n", `infrastructure "perhaps"`},
		"without a value":    {"type,value\nhost,\nuser, \n", "line 2: an asset needs a value"},
		"quotes left open":   {"type,value\nhost,\"a\n", "line"},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := ReadAssets(strings.NewReader(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.says) || list != nil {
				t.Errorf("%v, error %v; want one that says %s", list, err, tt.says)
			}
		})
	}
}

func TestAssetsAreFoundByWhatAlertsName(t *testing.T) {
	t.Parallel()
	list := make([]Asset, 0, 5)
	for _, a := range []Asset{
		{Type: alert.Host, Value: "db01", Owner: "short"},
		{Type: alert.Host, Value: "web.example.com", Owner: "full"},
		{Type: alert.IP, Value: "10.0.0.0/8", Owner: "wide"},
		{Type: alert.IP, Value: "10.1.0.0/16", Owner: "narrow", Infrastructure: true},
		{Type: alert.IP, Value: "2001:db8::/32", Owner: "six"},
		{Type: alert.IP, Value: "10.1.2.3", Owner: "one"},
	} {
		n, err := a.Normalize()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	assets := NewAssets(list)
	for _, tt := range []struct {
		kind         alert.ObservableType
		value, owner string
	}{
		{alert.Host, "DB01", "short"},
		{alert.Host, "db01.example.com", "short"},
		{alert.Host, "web.example.com", "full"},
		{alert.Host, "web", ""},
		{alert.IP, "10.9.9.9", "wide"},
		{alert.IP, "10.1.9.9", "narrow"},
		{alert.IP, "10.1.2.3", "one"},
		{alert.IP, "11.0.0.1", ""},
		{alert.IP, "2001:db8::9", "six"},
		{alert.User, "db01", ""},
	} {
		if a, ok := assets.Find(tt.kind, tt.value); a.Owner != tt.owner || ok != (tt.owner != "") {
			t.Errorf("%s %s is %+v, %v; want the one of %q", tt.kind, tt.value, a, ok, tt.owner)
		}
	}
	if !assets.Infrastructure(alert.IP, "10.1.9.9") || assets.Infrastructure(alert.IP, "10.1.2.3") || (*Assets)(nil).Infrastructure(alert.IP, "10.1.9.9") {
		t.Error("infrastructure is told apart wrongly")
	}
}
