package main

import (
	"context"
	"io"
	"os"

	"eclipsa/service"
)

// runService is for the Vite plugin, which starts it itself: no person types it.
func runService(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := newFlags("service", "answers the Vite plugin over stdin and stdout", stdout, stderr)
	if _, err := f.parse(args); err != nil {
		return err
	}
	return service.Run(ctx, service.Options{Version: version, Stdin: os.Stdin, Stdout: stdout})
}
