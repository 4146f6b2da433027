package main

import (
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"

	"eclipsa/app"
)

// flags wraps the standard flag set: one sentence for a wrong flag, flags allowed after the folder.
type flags struct {
	*flag.FlagSet
	stdout, stderr io.Writer
	about          string
}

func newFlags(name, about string, stdout, stderr io.Writer) *flags {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	return &flags{FlagSet: set, stdout: stdout, stderr: stderr, about: about}
}

// parse returns the app's folder, which is the working folder unless one argument names it.
func (f *flags) parse(args []string) (root string, err error) {
	var folders []string
	for len(args) > 0 {
		if err := f.FlagSet.Parse(args); err != nil {
			return "", f.fail(err)
		}
		if f.NArg() == 0 {
			break
		}
		folders, args = append(folders, f.Arg(0)), f.Args()[1:]
	}
	if len(folders) > 1 {
		fmt.Fprintf(f.stderr, "eclipsa %s takes one folder, not %s.\n", f.Name(), strings.Join(folders, " and "))
		return "", errUsage
	}
	root = "."
	if len(folders) == 1 {
		root = folders[0]
	}
	return filepath.Abs(root)
}

var undefinedFlag = regexp.MustCompile(`flag provided but not defined: -+(\S+)`)

func (f *flags) fail(err error) error {
	if err == flag.ErrHelp {
		f.help()
		return err
	}
	text := err.Error()
	if match := undefinedFlag.FindStringSubmatch(text); match != nil {
		var names []string
		f.VisitAll(func(known *flag.Flag) { names = append(names, known.Name) })
		text = fmt.Sprintf("unknown flag --%s.%s", match[1], suggestion(match[1], names))
	}
	fmt.Fprintf(f.stderr, "eclipsa %s: %s\n  eclipsa %s --help lists the flags.\n", f.Name(), text, f.Name())
	return errUsage
}

func (f *flags) help() {
	fmt.Fprintf(f.stdout, "eclipsa %s [folder]: %s\n\n", f.Name(), f.about)
	f.VisitAll(func(known *flag.Flag) {
		kind, text := flag.UnquoteUsage(known)
		if kind != "" {
			kind = " " + kind
		}
		fmt.Fprintf(f.stdout, "  --%-24s %s\n", known.Name+kind, text)
	})
}

// suggestion is " Did you mean …?" when a known name is near, else "".
func suggestion(got string, names []string) string {
	if near := app.Nearest(got, names); near != "" {
		return fmt.Sprintf(" Did you mean %s?", near)
	}
	return ""
}
