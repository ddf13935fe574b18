package intake

import "embed"

// Kinds holds the kinds of products that we ship, one folder each: the ingest
// policy KIND/KIND.rego, and under KIND/samples messages as the product sends
// them, each NAME.json with what is expected of it in NAME.expect.yaml. The
// folder lib holds Rego that several kinds share. policy.Load takes it as the
// built-in policies; a user's own file of a package replaces ours.
//
//go:embed */*.rego */samples/*
var Kinds embed.FS
