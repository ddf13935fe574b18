// Package ui is the browser app, built into the program. Its sources are a folder
// per concept under src; Vite builds them into dist/app, which is never committed.
package ui

import (
	"embed"
	"io/fs"
)

// dist holds the built app under app, and under stub the page that says how to
// build it: a clone without Node must build too.
//
//go:embed all:dist
var dist embed.FS

// Files returns the app's files with index.html at the root. Where the app was not
// built into this program they are a page that says so, and built is false.
func Files() (files fs.FS, built bool) {
	folder := "dist/app"
	if _, err := fs.Stat(dist, folder+"/index.html"); err != nil {
		folder = "dist/stub"
	}
	files, err := fs.Sub(dist, folder)
	if err != nil {
		panic(err) // only of a name that no path can have
	}
	return files, folder == "dist/app"
}
