package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"eclipsa/devserver/tty"
	"eclipsa/nodeadapter"
)

// stopPatience is longer than node.mjs takes to drain its sessions and requests (10 s).
const stopPatience = 15 * time.Second

func start(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := newFlags("start", "runs dist/server/node.mjs; PORT and HOST in the environment say where", stdout, stderr)
	port := f.String("port", "", "the `port` to listen on (PORT, or 3000)")
	host := f.String("host", "", "the `address` to listen on (HOST, or all)")
	root, err := f.parse(args)
	if err != nil {
		return err
	}
	script := filepath.Join(root, "dist", "server", "node.mjs")
	if _, err := os.Stat(script); err != nil {
		return problem(fmt.Sprintf("there is no dist/server/node.mjs in %s", root), "Run `eclipsa build` first.")
	}
	node, err := nodeadapter.FindNode()
	if err == nil {
		err = nodeadapter.CheckNode(ctx, node)
	}
	if err != nil {
		return err
	}
	child := exec.CommandContext(ctx, node, script)
	child.Dir, child.Stdin, child.Stdout, child.Stderr = root, os.Stdin, stdout, stderr
	child.Env = withVariable(withVariable(os.Environ(), "PORT", *port), "HOST", *host)
	child.Cancel = func() error {
		if hasHeard(ctx) {
			return nil
		}
		return child.Process.Signal(syscall.SIGTERM)
	}
	child.WaitDelay = stopPatience
	if err := child.Start(); err != nil {
		return err
	}
	startedApp.Store(child.Process)
	return childExit(ctx, child.Wait())
}

// hasHeard says that a terminal has sent its Ctrl-C to the child too: a second signal would end it at once.
func hasHeard(ctx context.Context) bool {
	var reason *signalled
	return errors.As(context.Cause(ctx), &reason) && reason.by == os.Interrupt && tty.Is(os.Stdin)
}

func withVariable(environment []string, name, value string) []string {
	if value == "" {
		return environment
	}
	return append(environment, name+"="+value)
}

// childExit passes the child's exit code on; being told to stop is no failure.
func childExit(ctx context.Context, err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil || ctx.Err() != nil:
		return nil
	case errors.As(err, &exit):
		return &exitError{code: max(exit.ExitCode(), 1)}
	}
	return err
}
