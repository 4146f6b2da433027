package transform

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden sections of the fixtures")

// A fixture is a txtar file: what it shows, then the module (named by its path), options.json if it
// needs any, and the golden sections, which `go test ./transform -update` rewrites.
type fixture struct {
	comment  string
	sections []section
}

type section struct{ name, text string }

// fixtureOptions is options.json: Options, and how the module's text is changed before.
type fixtureOptions struct {
	Options
	Registry  bool
	CRLF, BOM bool
	// Facts asks for the section that lists symbols, imports and exports.
	Facts bool
	// ESM asks for the parts as ES modules besides (testdata/fixtures/split).
	ESM bool
}

func TestFixtures(t *testing.T) {
	files, err := filepath.Glob("../testdata/fixtures/transform/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures found", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f := parseFixture(string(text))
			want, got := f.String(), run(t, f).String()
			if got == want {
				return
			}
			if !*update {
				t.Fatalf("differs (go test ./transform -update rewrites it):\n%s", firstDifference(want, got))
			}
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// run keeps the inputs of the fixture and makes the golden sections anew.
func run(t *testing.T, f fixture) fixture {
	t.Helper()
	input := f.sections[0]
	made := fixture{f.comment, []section{input}}
	var options fixtureOptions
	for _, s := range f.sections {
		if s.name == "options.json" {
			made.sections = append(made.sections, s)
			if err := json.Unmarshal([]byte(s.text), &options); err != nil {
				t.Fatal(err)
			}
		}
	}
	if options.Path = input.name; options.CRLF {
		input.text = strings.ReplaceAll(input.text, "\n", "\r\n")
	}
	if options.BOM {
		input.text = "\uFEFF" + input.text
	}
	add := func(name, text string) {
		if text != "" {
			made.sections = append(made.sections, section{name, strings.TrimSuffix(text, "\n") + "\n"})
		}
	}
	result := Transform(input.text, options.Options)
	add("client.js", result.Client.Code)
	add("server.js", result.Server.Code)
	reparse(t, options.Options, result)
	if options.Registry {
		options.Form = Registry
		registry := Transform(input.text, options.Options)
		add("client.registry.js", registry.Client.Code)
		add("server.registry.js", registry.Server.Code)
		reparse(t, options.Options, registry)
		result = registry
	}
	if options.Facts {
		add("facts.txt", facts(result))
	}
	var errors []string
	for _, d := range result.Diagnostics {
		errors = append(errors, d.Format(false))
	}
	add("errors.txt", strings.Join(errors, "\n"))
	return made
}

func facts(r Result) string {
	var b strings.Builder
	for _, s := range r.Symbols {
		fmt.Fprintf(&b, "symbol %s %s %s %d:%d\n", s.ID, s.Kind, s.Name, s.Line, s.Column)
	}
	kinds := []string{"static", "dynamic", "require"}
	list := func(what string, imports []Import) {
		for _, i := range imports {
			fmt.Fprintf(&b, "%s %s %q %v %d:%d\n", what, kinds[i.Kind], i.Specifier, i.Names, i.Line, i.Column)
		}
	}
	list("client import", r.Client.Imports)
	list("client removed", r.Client.Removed)
	list("server import", r.Server.Imports)
	fmt.Fprintf(&b, "client exports %v %v\nserver exports %v %v\n", r.Client.Exports, r.Client.ExportStars, r.Server.Exports, r.Server.ExportStars)
	fmt.Fprintf(&b, "unchanged client=%v server=%v\nacceptsHot client=%v\n", r.Client.Unchanged, r.Server.Unchanged, r.Client.AcceptsHot)
	return b.String()
}

// reparse wants that what comes out is JavaScript.
func reparse(t *testing.T, options Options, r Result) {
	t.Helper()
	for name, code := range map[string]string{"client": r.Client.Code, "server": r.Server.Code} {
		if problem := syntaxError(code, options.Form); problem != "" {
			t.Errorf("%s module does not parse: %s\n%s", name, problem, code)
		}
	}
}

func parseFixture(text string) (f fixture) {
	comment := true
	for _, line := range strings.SplitAfter(text, "\n") {
		if name, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(line, " --\n") {
			f.sections = append(f.sections, section{name: strings.TrimSuffix(name, " --\n")})
			comment = false
		} else if comment {
			f.comment += line
		} else {
			f.sections[len(f.sections)-1].text += line
		}
	}
	return f
}

func (f fixture) String() string {
	var b strings.Builder
	b.WriteString(f.comment)
	for _, s := range f.sections {
		fmt.Fprintf(&b, "-- %s --\n%s", s.name, s.text)
	}
	return b.String()
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := "", ""
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			return fmt.Sprintf("line %d\nwant %s\ngot  %s", i+1, a, b)
		}
	}
	return ""
}
