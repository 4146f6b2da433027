package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"eclipsa/app"
	"eclipsa/build"
	"eclipsa/devserver/tty"
)

func runBuild(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := newFlags("build", "writes dist/client/ and dist/server/", stdout, stderr)
	var overrides overrides
	overrides.addTo(f)
	host := f.String("host", "", "what runs dist/server/index.mjs: `node`, bun, deno or workers")
	compress := f.String("compress", "", "`default` (brotli 9 and gzip 9), max or none")
	sourcemap := f.Bool("sourcemap", false, "write source maps for the client too, without sources")
	root, err := f.parse(args)
	if err != nil {
		return err
	}
	overrides.when(f, "host", func(s *app.Settings) { s.BuildHost = *host })
	overrides.when(f, "compress", func(s *app.Settings) { s.Compress = *compress })
	overrides.when(f, "sourcemap", func(s *app.Settings) { s.Sourcemap = *sourcemap })
	_, err = build.Run(ctx, build.Options{Root: root, Overrides: overrides.all(f), Stdout: stdout, Terminal: tty.Is(stdout) && tty.Colours(stdout)})
	var failure *build.Failure
	if errors.As(err, &failure) {
		fmt.Fprint(stderr, failure.Text(tty.Colours(stderr)))
		return errReported
	}
	return err
}
