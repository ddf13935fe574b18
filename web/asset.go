package web

import (
	"bytes"
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"yagura/alert"
	"yagura/auth"
	"yagura/fault"
	"yagura/group"
)

// AssetList is one page of what the organisation owns, by type and value.
type AssetList struct {
	Items []group.Asset `json:"items"`
	Next  string        `json:"next" doc:"cursor of the next page; empty at the end"`
}

// AssetsTaken says what became of an order.
type AssetsTaken struct {
	Assets int `json:"assets" doc:"how many were declared or forgotten"`
}

type assetListInput struct {
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"items a page, default 500"`
	Cursor string `query:"cursor" doc:"next of the page before"`
}

type assetsInput struct {
	Body struct {
		Assets []group.Asset `json:"assets" minItems:"1" maxItems:"50000" doc:"what the organisation owns"`
	}
}

type assetRef struct {
	Type  string `json:"type" doc:"as listed"`
	Value string `json:"value" doc:"as listed"`
}

type forgetInput struct {
	Body struct {
		Assets []assetRef `json:"assets" minItems:"1" maxItems:"50000" doc:"what to take off the list"`
	}
}

type importInput struct {
	Replace bool   `query:"replace" doc:"true: the list holds nothing else afterwards"`
	RawBody []byte `contentType:"text/csv"`
}

func (s *Server) assetRoutes(api huma.API) {
	huma.Register(api, operation("list-assets", http.MethodGet, "/api/v1/assets", "List what the organisation owns", auth.ReadAlerts), s.listAssets)
	huma.Register(api, operation("declare-assets", http.MethodPost, "/api/v1/assets", "Declare or change assets", auth.ManageAssets), s.declareAssets)
	op := operation("import-assets", http.MethodPost, "/api/v1/assets/import", "Declare assets from a CSV file: type,value,owner,importance,infrastructure,note", auth.ManageAssets)
	op.MaxBodyBytes = 16 << 20
	huma.Register(api, op, s.importAssets)
	huma.Register(api, operation("forget-assets", http.MethodPost, "/api/v1/assets/forget", "Take assets off the list", auth.ManageAssets), s.forgetAssets)
}

func (s *Server) listAssets(ctx context.Context, in *assetListInput) (*body[AssetList], error) {
	limit := in.Limit
	if limit == 0 {
		limit = 500
	}
	kind, value, ok := strings.Cut(in.Cursor, ":")
	if in.Cursor != "" && !ok {
		return nil, s.fail(ctx, fault.New(fault.Invalid, "the cursor is not one of ours; take it from next of the page before"))
	}
	items, err := s.Store.AssetPage(ctx, kind, value, limit+1)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := AssetList{Items: items}
	if len(items) > limit {
		out.Items = items[:limit]
		last := items[limit-1]
		out.Next = string(last.Type) + ":" + last.Value
	}
	return &body[AssetList]{out}, nil
}

func (s *Server) declareAssets(ctx context.Context, in *assetsInput) (*body[AssetsTaken], error) {
	if err := s.Desk.DeclareAssets(ctx, principal(ctx), in.Body.Assets, false); err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[AssetsTaken]{AssetsTaken{len(in.Body.Assets)}}, nil
}

func (s *Server) importAssets(ctx context.Context, in *importInput) (*body[AssetsTaken], error) {
	list, err := group.ReadAssets(bytes.NewReader(in.RawBody))
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	if err := s.Desk.DeclareAssets(ctx, principal(ctx), list, in.Replace); err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[AssetsTaken]{AssetsTaken{len(list)}}, nil
}

func (s *Server) forgetAssets(ctx context.Context, in *forgetInput) (*body[AssetsTaken], error) {
	list := make([]group.Asset, len(in.Body.Assets))
	for i, a := range in.Body.Assets {
		list[i] = group.Asset{Type: alert.ObservableType(a.Type), Value: a.Value}
	}
	if err := s.Desk.ForgetAssets(ctx, principal(ctx), list); err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[AssetsTaken]{AssetsTaken{len(list)}}, nil
}
