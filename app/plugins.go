package app

import (
	"io/fs"

	"yagura/intake"
)

// kinds are the products we ship a policy for: a folder each under intake/.
func kinds() fs.FS { return intake.Kinds }

// eventIDs are the paths of the product's own id of an event, for kinds whose
// product gives every event one that no update of it uses again. A repeat is
// known by it at the door, before any policy runs. Kinds whose product sends a
// finding again under its old id (guardduty, securityhub, defender) have none:
// their policies say what an update is.
var eventIDs = map[string][]string{
	"falco": {"uuid"},
	"okta":  {"uuid"},
}
