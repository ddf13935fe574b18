package group

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"yagura/alert"
	"yagura/fault"
)

// Importance says how much an asset matters.
type Importance string

// The importances, least first.
const (
	Unimportant Importance = "low"
	Normal      Importance = "normal"
	Important   Importance = "high"
	Critical    Importance = "critical"
)

// Importances lists every importance, least first.
func Importances() []Importance { return []Importance{Unimportant, Normal, Important, Critical} }

// Asset is something that the organisation owns, as it was declared: what alerts
// name it by, whose it is, how much it matters.
type Asset struct {
	Type           alert.ObservableType `json:"type" doc:"host, user, email, account, domain, resource or ip"`
	Value          string               `json:"value" doc:"as alerts name it; an address or a range such as 198.51.100.0/24"`
	Owner          string               `json:"owner,omitempty" doc:"person or team"`
	Importance     Importance           `json:"importance" enum:"low,normal,high,critical" doc:"how much it matters"`
	Infrastructure bool                 `json:"infrastructure,omitempty" doc:"shared by many, such as a domain controller, gateway or scanner: it ties no alerts together"`
	Note           string               `json:"note,omitempty" doc:"what else is worth knowing"`
}

// assetTypes are the types of observable that can be an asset.
var assetTypes = []alert.ObservableType{alert.Host, alert.User, alert.Email, alert.Account, alert.Domain, alert.Resource, alert.IP}

// Bounds of an asset's texts, in characters.
const maxAssetText = 500

// Normalize returns a validated copy with defaults filled in.
func (a Asset) Normalize() (Asset, error) {
	a.Type = alert.ObservableType(strings.ToLower(strings.TrimSpace(string(a.Type))))
	if !slices.Contains(assetTypes, a.Type) {
		return a, fault.New(fault.Invalid, "asset type %q: use host, user, email, account, domain, resource or ip", a.Type)
	}
	a.Value = strings.TrimSpace(a.Value)
	if p, err := netip.ParsePrefix(a.Value); err == nil && a.Type == alert.IP {
		a.Value = p.Masked().String()
	} else if key := alert.ObservableKey(a.Value); key != "" {
		a.Value = key
	}
	if a.Value == "" {
		return a, fault.New(fault.Invalid, "an asset needs a value, as alerts name it")
	}
	if a.Type == alert.IP && !isAddress(a.Value) {
		return a, fault.New(fault.Invalid, "%q is no address and no range such as 198.51.100.0/24", a.Value)
	}
	if a.Importance = Importance(strings.ToLower(strings.TrimSpace(string(a.Importance)))); a.Importance == "" {
		a.Importance = Normal
	}
	if !slices.Contains(Importances(), a.Importance) {
		return a, fault.New(fault.Invalid, "importance %q: use low, normal, high or critical", a.Importance)
	}
	a.Owner, a.Note = strings.TrimSpace(a.Owner), strings.TrimSpace(a.Note)
	for _, s := range []string{a.Value, a.Owner, a.Note} {
		if utf8.RuneCountInString(s) > maxAssetText {
			return a, fault.New(fault.Invalid, "a text of an asset has at most %d characters", maxAssetText)
		}
	}
	return a, nil
}

func isAddress(s string) bool {
	_, prefix := netip.ParsePrefix(s)
	_, addr := netip.ParseAddr(s)
	return prefix == nil || addr == nil
}

// ReadAssets reads a CSV file whose first line names its columns: type and value,
// and any of owner, importance, infrastructure (yes or no) and note. The error
// names every line that is wrong.
func ReadAssets(r io.Reader) ([]Asset, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord, in.TrimLeadingSpace = -1, true
	head, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, "the file is empty; its first line names the columns: type,value,owner,importance,infrastructure,note")
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "the file is no CSV: %v", err)
	}
	at := map[string]int{}
	for i, name := range head {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if !slices.Contains([]string{"type", "value", "owner", "importance", "infrastructure", "note"}, name) {
			return nil, fault.New(fault.Invalid, "column %q is not known; the first line names columns: type,value,owner,importance,infrastructure,note", name)
		}
		at[name] = i
	}
	for _, name := range []string{"type", "value"} {
		if _, ok := at[name]; !ok {
			return nil, fault.New(fault.Invalid, "there is no column %q; the first line names columns: type,value,owner,importance,infrastructure,note", name)
		}
	}
	var list []Asset
	var wrong []string
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := in.FieldPos(0)
		if err == nil {
			var a Asset
			if a, err = assetOf(row, at); err == nil {
				list = append(list, a)
				continue
			}
		}
		wrong = append(wrong, fmt.Sprintf("line %d: %s", line, fault.Of(err).Message))
		if len(wrong) == 20 {
			wrong = append(wrong, "and perhaps more")
			break
		}
	}
	if len(wrong) > 0 {
		return nil, fault.New(fault.Invalid, "nothing was taken over: %s", strings.Join(wrong, "; "))
	}
	return list, nil
}

func assetOf(row []string, at map[string]int) (Asset, error) {
	cell := func(name string) string {
		if i, ok := at[name]; ok && i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	a := Asset{
		Type: alert.ObservableType(cell("type")), Value: cell("value"), Owner: cell("owner"),
		Importance: Importance(cell("importance")), Note: cell("note"),
	}
	switch v := strings.ToLower(cell("infrastructure")); v {
	case "", "no":
	case "yes":
		a.Infrastructure = true
	default:
		b, err := strconv.ParseBool(v)
		if err != nil {
			return a, fault.New(fault.Invalid, "infrastructure %q: use yes or no", v)
		}
		a.Infrastructure = b
	}
	return a.Normalize()
}

// Assets is the list of what the organisation owns, to be looked up by what
// alerts name. A nil one is empty.
type Assets struct {
	exact  map[assetKey]Asset
	ranges map[netip.Prefix]Asset
	bits   []int // lengths of prefixes that occur, longest first; IPv4's as IPv6's
}

type assetKey struct {
	kind  alert.ObservableType
	value string
}

// NewAssets makes a list of normalized assets that can be looked up.
func NewAssets(list []Asset) *Assets {
	out := &Assets{exact: map[assetKey]Asset{}, ranges: map[netip.Prefix]Asset{}}
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.Value); err == nil && a.Type == alert.IP {
			p = wide(p)
			out.ranges[p] = a
			if !slices.Contains(out.bits, p.Bits()) {
				out.bits = append(out.bits, p.Bits())
			}
			continue
		}
		out.exact[assetKey{a.Type, a.Value}] = a
	}
	slices.Sort(out.bits)
	slices.Reverse(out.bits)
	return out
}

// wide writes every range as one of IPv6, so that one table serves both.
func wide(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4() {
		return netip.PrefixFrom(netip.AddrFrom16(p.Addr().As16()), p.Bits()+96).Masked()
	}
	return p.Masked()
}

// Find returns the asset that an observable names: itself, or the narrowest range
// that holds it. A host is found by its full and by its short name.
func (s *Assets) Find(t alert.ObservableType, value string) (Asset, bool) {
	if s == nil || len(s.exact)+len(s.ranges) == 0 {
		return Asset{}, false
	}
	key := alert.ObservableKey(value)
	if a, ok := s.exact[assetKey{t, key}]; ok {
		return a, true
	}
	switch t {
	case alert.Host:
		if short, _, ok := strings.Cut(key, "."); ok {
			a, ok := s.exact[assetKey{t, short}]
			return a, ok
		}
	case alert.IP:
		addr, err := netip.ParseAddr(key)
		if err != nil {
			return Asset{}, false
		}
		addr = netip.AddrFrom16(addr.As16())
		for _, bits := range s.bits {
			if a, ok := s.ranges[netip.PrefixFrom(addr, bits).Masked()]; ok {
				return a, true
			}
		}
	}
	return Asset{}, false
}

// Infrastructure reports whether what an observable names was declared to be
// shared by many.
func (s *Assets) Infrastructure(t alert.ObservableType, value string) bool {
	a, ok := s.Find(t, value)
	return ok && a.Infrastructure
}

// Foremost returns the most important asset that an alert names, other than
// infrastructure of normal importance.
func (s *Assets) Foremost(a *alert.Alert) (best Asset, found bool) {
	for _, o := range a.Observables {
		if x, ok := s.Find(o.Type, o.Value); ok && (!found || slices.Index(Importances(), x.Importance) > slices.Index(Importances(), best.Importance)) {
			best, found = x, true
		}
	}
	return best, found
}
