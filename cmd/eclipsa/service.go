package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"eclipsa/service"
)

// runService is for the Vite plugin, which starts it itself: no person types it. A terminal's Ctrl-C is
// Vite's to follow, which may still have questions; the service ends with its stdin.
func runService(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := newFlags("service", "answers the Vite plugin over stdin and stdout", stdout, stderr)
	if _, err := f.parse(args); err != nil {
		return err
	}
	signal.Ignore(os.Interrupt)
	err := service.Run(ctx, service.Options{Version: version, Stdin: os.Stdin, Stdout: stdout, Stderr: stderr})
	if err != nil {
		fmt.Fprintf(stderr, "eclipsa service: %s\n", err)
		return &exitError{2}
	}
	return nil
}
