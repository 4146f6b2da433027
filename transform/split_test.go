package transform

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// TestSplitFixtures compares the parts of testdata/fixtures/split: the first section is the file, and
// further sections with a folder in their names are its neighbours.
func TestSplitFixtures(t *testing.T) {
	files, err := filepath.Glob("../testdata/fixtures/split/*.txtar")
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
			want, got := f.String(), runSplit(t, f).String()
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

func runSplit(t *testing.T, f fixture) fixture {
	t.Helper()
	modules, options := splitInputs(t, f)
	made := fixture{comment: f.comment}
	for _, s := range f.sections {
		if s.name == "options.json" || strings.Contains(s.name, "/") {
			made.sections = append(made.sections, s)
		}
	}
	forms := []Form{Registry}
	if options.ESM {
		forms = append(forms, ESM)
	}
	for _, m := range modules {
		for _, form := range forms {
			options.Path, options.Form, options.Sides, options.Split, options.Dev = m.name, form, Server, true, true
			made.sections = append(made.sections, splitSections(t, m, options.Options)...)
		}
	}
	return made
}

// splitSections are the golden sections of one file: .mjs for the ES form.
func splitSections(t *testing.T, m section, options Options) (sections []section) {
	t.Helper()
	r := Transform(m.text, options)
	checkParts(t, r, options.Form)
	base, ext, end := strings.TrimSuffix(filepath.Base(m.name), filepath.Ext(m.name)), ".js", "\n"
	if options.Form == ESM {
		ext, end = ".mjs", ""
	}
	if r.Server.Parts == nil {
		return []section{{base + ".whole" + ext, r.Server.Code + end}}
	}
	for _, part := range r.Server.Parts {
		name := part.Name
		switch {
		case name == ImportsPart && options.Form == Registry:
			continue // the same for all
		case name == "" && len(r.Server.Parts) == 1:
			name = "whole"
		case name == "":
			name = "facade"
		}
		sections = append(sections, section{base + "." + name + ext, part.Code + end})
	}
	facts := ".facts.txt"
	if options.Form == ESM {
		facts = ".facts.mjs.txt"
	}
	return append(sections, section{base + facts, splitFacts(r)})
}

// checkParts wants of every split what holds for all.
func checkParts(t *testing.T, r Result, form Form) {
	t.Helper()
	if hasErrors(r.Diagnostics) {
		t.Fatal(r.Diagnostics[0].Format(false))
	}
	declared := map[string]int{}
	for i, part := range r.Server.Parts {
		declared[part.Name]++
		if problem := syntaxError(part.Code, form); problem != "" {
			t.Errorf("%q does not parse: %s\n%s", part.Name, problem, part.Code)
		}
		if last := i == len(r.Server.Parts)-1; last != (part.Name == "") {
			t.Errorf("%q is part %d of %d", part.Name, i, len(r.Server.Parts))
		}
		for _, dep := range part.Deps {
			if dep.Part == part.Name && dep.Part != "" || dep.Part == "" && (dep.Import < 0 || dep.Import >= len(r.Server.Imports)) {
				t.Errorf("%q depends on %+v", part.Name, dep)
			}
		}
	}
	for name, n := range declared {
		if n > 1 {
			t.Errorf("%d parts are called %q", n, name)
		}
	}
	for export, part := range r.Server.ExportParts {
		if declared[part] == 0 || part == "" {
			t.Errorf("%s is declared by the part %q", export, part)
		}
	}
}

func splitFacts(r Result) string {
	var b strings.Builder
	show := func(deps []PartDep) (list []string) {
		for _, dep := range deps {
			text := dep.Part
			if dep.Part == "" {
				text = r.Server.Imports[dep.Import].Specifier
				if dep.Names != nil {
					text += fmt.Sprint(dep.Names)
				}
			}
			if dep.Weak {
				text += " (weak)"
			}
			list = append(list, text)
		}
		return list
	}
	for _, part := range r.Server.Parts {
		name := part.Name
		if name == "" {
			name = "facade"
		}
		fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(show(part.Deps), ", "))
		for i, dynamic := range part.Dynamic {
			fmt.Fprintf(&b, "%s import %d: %s\n", name, i, dynamic.Specifier)
		}
	}
	var exports []string
	for export, part := range r.Server.ExportParts {
		exports = append(exports, export+"="+part)
	}
	sort.Strings(exports)
	fmt.Fprintf(&b, "exports: %s\n", strings.Join(exports, ", "))
	for _, s := range r.Symbols {
		fmt.Fprintf(&b, "symbol %s reaches: %s\n", s.Name, strings.Join(show(s.Reaches), ", "))
	}
	return b.String()
}

// Splitting is the server's affair: the client module is the same, and so is a server module that
// is not to be split.
func TestSplitLeavesTheRestAlone(t *testing.T) {
	for _, pattern := range []string{"../testdata/fixtures/split/*.txtar", "../testdata/fixtures/transform/*.txtar"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			modules, options := splitInputs(t, parseFixture(string(text)))
			for n := range 2 * len(modules) {
				m := modules[n/2]
				options.Path, options.SourceMap, options.Dev, options.Form = m.name, true, true, []Form{Registry, ESM}[n%2]
				options.Split = false
				whole := Transform(m.text, options.Options)
				options.Split = true
				split := Transform(m.text, options.Options)
				options.Sides = Client
				alone := Transform(m.text, options.Options)
				options.Sides = 0
				for what, client := range map[string]Module{"split": split.Client, "client only": alone.Client} {
					if client.Code != whole.Client.Code || string(client.Map) != string(whole.Client.Map) {
						t.Errorf("%s %s: the client of %s differs: %s", file, m.name, what, firstDifference(whole.Client.Code, client.Code))
					}
				}
				if split.Server.Parts == nil && split.Server.Code != whole.Server.Code {
					t.Errorf("%s %s: whole, but not the same", file, m.name)
				}
				if fmt.Sprint(split.Server.Imports, split.Server.Exports) != fmt.Sprint(whole.Server.Imports, whole.Server.Exports) {
					t.Errorf("%s %s: other imports or exports", file, m.name)
				}
			}
		}
	}
}
