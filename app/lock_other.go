//go:build !unix

package app

import "os"

// lockFolder does nothing where files cannot be locked this way.
func lockFolder(string) (*os.File, error) { return nil, nil }
