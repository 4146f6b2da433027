package app

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the expected output of the fixtures")

// TestRoutes reads testdata/fixtures/routes/<case>.txt: file names, a line of dashes, and what
// Load makes of an app with these (empty) files.
func TestRoutes(t *testing.T) {
	fixtures, err := filepath.Glob("../testdata/fixtures/routes/*.txt")
	if err != nil || len(fixtures) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, fixture := range fixtures {
		t.Run(strings.TrimSuffix(filepath.Base(fixture), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(fixture)
			if err != nil {
				t.Fatal(err)
			}
			files, want, _ := strings.Cut(string(text), "---\n")
			root := t.TempDir()
			write(t, root, "package.json", `{"name":"fixture"}`)
			for file := range strings.SplitSeq(strings.TrimSpace(files), "\n") {
				write(t, root, file, "")
			}
			got := strings.ReplaceAll(describe(Load(root)), root, "<root>")
			if *update {
				err = os.WriteFile(fixture, []byte(files+"---\n"+got), 0o644)
			} else if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func write(t *testing.T, root, file, text string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(file))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func describe(a *App, err error) string {
	var b strings.Builder
	for _, problem := range Problems(err) {
		fmt.Fprintln(&b, "error:", problem)
	}
	if a == nil {
		return b.String()
	}
	field := func(name, value string) {
		if value != "" && value != "[]" {
			fmt.Fprintf(&b, "  %s %s\n", name, value)
		}
	}
	for _, r := range a.Routes {
		fmt.Fprintf(&b, "%s %v\n", r.ID, r.Segments)
		field("page", r.Page)
		field("server", r.Server)
		field("layouts", fmt.Sprint(r.Layouts))
		field("middlewares", fmt.Sprint(r.Middlewares))
		field("not-found", r.NotFound)
		field("error", r.Error)
		field("loading", r.Loading)
	}
	fmt.Fprintln(&b, "root files")
	field("server-entry", a.ServerEntry)
	field("ssr-root", a.SSRRoot)
	field("client", a.ClientEntry)
	field("client.dev", a.ClientDevEntry)
	field("hooks", a.Hooks)
	field("hooks.server", a.ServerHooks)
	return b.String()
}
