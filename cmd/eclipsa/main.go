// Command eclipsa turns flags into one call of a package and errors into exit codes:
// 0 done, 1 failed, 2 wrong usage. It contains no logic of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"eclipsa/app"
)

// version is set by the Makefile from package.json.
var version = "0.0.0-dev"

const usage = `eclipsa turns an app folder (package.json and app/) into a running app.

  eclipsa dev [folder]      a server for development: pages, hot reload, live sessions
  eclipsa build [folder]    writes dist/client/ and dist/server/
  eclipsa start [folder]    runs dist/server/node.mjs
  eclipsa version           prints the version

eclipsa <command> --help shows the command's flags. They go before or after the folder and
are also settings of eclipsa.config.json, under the same names.
`

// errUsage says that the flags were wrong and the sentence has been printed already.
var errUsage = errors.New("wrong usage")

type command struct {
	name string
	run  func(ctx context.Context, args []string, stdout, stderr io.Writer) error
}

var commands = []command{{"dev", dev}, {"build", runBuild}, {"start", start}, {"service", runService}}

func main() {
	os.Exit(run(untilSignal(), os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	switch args[0] {
	case "help", "-h", "--help":
		fmt.Fprint(stdout, usage)
		return 0
	case "version", "-v", "--version":
		fmt.Fprintln(stdout, version)
		return 0
	}
	for _, c := range commands {
		if c.name == args[0] {
			return exitCode(c.run(ctx, args[1:], stdout, stderr), stderr)
		}
	}
	fmt.Fprintf(stderr, "eclipsa: there is no command %q.%s\n\n%s", args[0], suggestion(args[0], commandNames()), usage)
	return 2
}

func commandNames() (names []string) {
	for _, c := range commands {
		names = append(names, c.name)
	}
	return append(names, "help", "version")
}

func exitCode(err error, stderr io.Writer) int {
	var exit *exitError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	case errors.As(err, &exit):
		return exit.code
	case errors.Is(err, errReported):
		return 1
	}
	fmt.Fprintf(stderr, "eclipsa: %s\n", err)
	return 1
}

// errReported says that the failure is on the terminal already, with its code frames.
var errReported = errors.New("reported")

// exitError carries the exit code of a child process, which printed its own reasons.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// problem is a user's mistake found here: what, and what to do.
func problem(text, hint string) error { return &app.Problem{Text: text, Hint: hint} }
