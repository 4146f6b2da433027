// Package devserver is `eclipsa dev`: it turns file changes into packs for the browser and modules
// for the worker, owns the HTTP server, the hot channel and the browsers' realtime sockets. It
// renders no page and runs no app code: the worker does (nodeadapter).
package devserver

import (
	"context"
	"io"
	"os"

	"eclipsa/app"
)

// Options say which app is served. Root is required; the settings (port, host, …) are the app's,
// changed by Overrides.
type Options struct {
	Root      string
	Overrides []app.Override
	// Version is shown, and is part of what cached packages depend on.
	Version string
	// Verbose also prints sessions as they open and close.
	Verbose        bool
	Stdout, Stderr io.Writer
	// Stdin is where keys come from, if it and Stdout are terminals. It may be nil.
	Stdin *os.File
}

// Run serves the app until ctx ends, and returns when everything that it started has ended. Its
// error is for the terminal as it is: a mistake in the app's settings or routes, a port in use, no
// Node. Errors of the app's code are shown and don't end it.
func Run(ctx context.Context, options Options) error { return run(ctx, options) }
