package client

import (
	"context"
	"net/http"
	"net/url"
)

// Asset is something that the organisation owns, as it was declared.
type Asset struct {
	Type           string `json:"type"`                     // host, user, email, account, domain, resource or ip
	Value          string `json:"value"`                    // as alerts name it; an address or a range
	Owner          string `json:"owner,omitempty"`          // person or team
	Importance     string `json:"importance"`               // low, normal, high or critical
	Infrastructure bool   `json:"infrastructure,omitempty"` // shared by many: it ties no alerts together
	Note           string `json:"note,omitempty"`
}

// AssetPage is one page of assets, by type and value.
type AssetPage struct {
	Items []Asset `json:"items"`
	Next  string  `json:"next"` // cursor of the next page; empty at the end
}

// AssetsTaken says how many assets were declared or forgotten.
type AssetsTaken struct {
	Assets int `json:"assets"`
}

// AssetRef names an asset that is on the list.
type AssetRef struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Assets returns one page of what the organisation owns; limit 0 is the server's
// default of 500.
func (c *Client) Assets(ctx context.Context, limit int, cursor string) (*AssetPage, error) {
	v := values{url.Values{}}
	v.number("limit", int64(limit))
	v.text("cursor", cursor)
	var out AssetPage
	if err := c.call(ctx, http.MethodGet, path("assets"), v.Values, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// DeclareAssets adds assets to the list, or changes those that are on it.
func (c *Client) DeclareAssets(ctx context.Context, list []Asset) (*AssetsTaken, error) {
	var out AssetsTaken
	body := struct {
		Assets []Asset `json:"assets"`
	}{list}
	if err := c.call(ctx, http.MethodPost, path("assets"), nil, body, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// ImportAssets declares assets from a CSV file whose first line names its columns:
// type, value, owner, importance, infrastructure, note. With replace the list
// holds nothing else afterwards.
func (c *Client) ImportAssets(ctx context.Context, csv []byte, replace bool) (*AssetsTaken, error) {
	v := values{url.Values{}}
	if replace {
		v.text("replace", "true")
	}
	var out AssetsTaken
	if err := c.call(ctx, http.MethodPost, path("assets", "import"), v.Values, typed{"text/csv", csv}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// ForgetAssets takes assets off the list.
func (c *Client) ForgetAssets(ctx context.Context, list []AssetRef) (*AssetsTaken, error) {
	var out AssetsTaken
	body := struct {
		Assets []AssetRef `json:"assets"`
	}{list}
	if err := c.call(ctx, http.MethodPost, path("assets", "forget"), nil, body, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
