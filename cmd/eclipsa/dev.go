package main

import (
	"context"
	"io"
	"os"

	"eclipsa/app"
	"eclipsa/devserver"
)

func dev(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := newFlags("dev", "serves the app for development", stdout, stderr)
	var overrides overrides
	overrides.addTo(f)
	port := f.Int("port", 0, "the first `port` to try (5173); 0 takes any free one")
	host := f.String("host", "", "the `address` to listen on (loopback)")
	strictPort := f.Bool("strict-port", false, "fail when the port is in use, instead of taking the next one")
	open := f.Bool("open", false, "open the page in a browser")
	verbose := f.Bool("verbose", false, "also print sessions as they open and close")
	root, err := f.parse(args)
	if err != nil {
		return err
	}
	overrides.when(f, "port", func(s *app.Settings) { s.Port = *port })
	overrides.when(f, "host", func(s *app.Settings) { s.Host = *host })
	overrides.when(f, "strict-port", func(s *app.Settings) { s.StrictPort = *strictPort })
	overrides.when(f, "open", func(s *app.Settings) { s.Open = *open })
	return devserver.Run(ctx, devserver.Options{
		Root: root, Overrides: overrides.all(f), Version: version, Verbose: *verbose, Stdin: os.Stdin, Stdout: stdout, Stderr: stderr,
	})
}
