// Package build turns an app folder into dist/: client/ for browsers and CDNs, server/index.mjs for
// any host, server/node.mjs for Node. It is two esbuild builds at once around one transform of each
// file, plus what only the whole graph knows (which route reaches which symbol, and which chunks and
// style sheets it needs). It writes nothing before all of it has succeeded.
package build

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"eclipsa/app"
)

// Options of one build. Root is required.
type Options struct {
	Root string
	// Overrides are command line flags.
	Overrides []app.Override
	// Stdout gets the table; nil is silence. On a Terminal it has colours and a progress line.
	Stdout   io.Writer
	Terminal bool
	// Environ is the process's environment; nil means os.Environ().
	Environ []string
	// OutDir is where dist/ goes; "" means <Root>/dist.
	OutDir string
}

// Result of a build that succeeded.
type Result struct {
	Files []File
	// Notes are what the user should know besides: packages that stayed imports, warnings.
	Notes []string
	// Passes is how often the client was linked: 1, or more where removed code reached across files.
	Passes   int
	Duration time.Duration
}

// File is one file of dist/.
type File struct {
	Path string // "client/assets/client-ABC.js"
	Size int
	Gzip int // 0 where compressing isn't worth it
}

// Run builds. Its error is a *Failure, or one of app.Load.
func Run(ctx context.Context, options Options) (Result, error) {
	start := time.Now()
	defer tuneGC()()
	if options.Environ == nil {
		options.Environ = os.Environ()
	}
	b, err := open(options)
	if err != nil {
		return Result{}, err
	}
	progress := newProgress(options)
	defer progress.clear()
	progress.say("bundling")
	out, passes, err := b.bundle(ctx)
	if err != nil {
		return Result{}, err
	}
	progress.say("writing dist/")
	if err := ctx.Err(); err != nil {
		return Result{}, fmt.Errorf("the build was interrupted; dist/ is as it was")
	}
	if err := out.write(b.outDir); err != nil {
		return Result{}, err
	}
	result := Result{Files: out.table(), Notes: append(b.notes(), out.unlinked...), Passes: passes, Duration: time.Since(start)}
	progress.clear()
	if options.Stdout != nil {
		printTable(options.Stdout, result, options.Terminal)
	}
	return result, nil
}
