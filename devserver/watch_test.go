package devserver

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"eclipsa/transform"
)

// TestWatch runs the scripts of testdata/fixtures/watch: a script of commands, then the changes
// that must be seen after "watch". A new file there is a new test.
func TestWatch(t *testing.T) {
	scripts, err := filepath.Glob("../testdata/fixtures/watch/*")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, script := range scripts {
		for _, poll := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/poll=%t", filepath.Base(script), poll), func(t *testing.T) {
				t.Parallel()
				runScript(t, script, poll)
			})
		}
	}
}

func runScript(t *testing.T, script string, poll bool) {
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	commands, output, _ := strings.Cut(string(text), "Output:\n")
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var watcher *watcher
	var got []string
	for line := range strings.SplitSeq(commands, "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		switch fields[0] {
		case "watch":
			watcher = startWatcher(t, root, poll)
		case "settle":
			got = append(got, settled(root, watcher)...)
		default:
			command(t, root, fields)
		}
	}
	got = append(got, settled(root, watcher)...)
	var want []string
	for line := range strings.SplitSeq(output, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			if poll { // who only looks now and then can't know that a file was away
				line = strings.Replace(line, "replaced ", "written ", 1)
			}
			want = append(want, line)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func startWatcher(t *testing.T, root string, poll bool) *watcher {
	watcher, err := newWatcher(root, poll)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { watcher.run(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	return watcher
}

// settled takes what gathered once nothing has come for a while.
func settled(root string, w *watcher) (lines []string) {
	quiet := 100 * time.Millisecond
	if w.poll {
		quiet = 3 * pollInterval
	}
	time.Sleep(quiet)
	for file, kind := range w.take() {
		name, _ := filepath.Rel(root, file)
		lines = append(lines, []string{"written", "created", "removed", "replaced"}[kind]+" "+filepath.ToSlash(name))
	}
	return lines
}

func command(t *testing.T, root string, fields []string) {
	t.Helper()
	path := func(i int) string { return filepath.Join(root, filepath.FromSlash(fields[i])) }
	var err error
	switch fields[0] {
	case "write":
		if err = os.MkdirAll(filepath.Dir(path(1)), 0o755); err == nil {
			err = os.WriteFile(path(1), []byte(strings.Join(fields[2:], " ")), 0o644)
		}
	case "append":
		var file *os.File
		if file, err = os.OpenFile(path(1), os.O_APPEND|os.O_WRONLY, 0); err == nil {
			file.WriteString(fields[2])
			err = file.Close()
		}
	case "ln": // target, name
		err = os.Symlink(fields[1], path(2))
	case "mkdir":
		err = os.MkdirAll(path(1), 0o755)
	case "mv":
		err = os.Rename(path(1), path(2))
	case "rm":
		err = os.RemoveAll(path(1))
	default:
		t.Fatalf("unknown command %q", fields[0])
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A file that is away for a moment, just when somebody looks for it, must be looked for again.
func TestReplacedFilesAreLookedForAgain(t *testing.T) {
	file := "/app/style.css"
	for _, test := range []struct {
		what      string
		reached   bool
		problems  int
		structure bool
	}{
		{"in use", true, 0, false},
		{"in use, but something is not found", true, 1, true},
		{"not in use", false, 0, true},
	} {
		g := &graph{files: map[string][]string{file: {"app/style.css"}}}
		if test.reached {
			g.reached[client] = map[string]from{"app/style.css": ""}
		}
		p := &pipeline{project: &project{graph: g, problems: make([]transform.Diagnostic, test.problems)}}
		if got := p.isStructure(map[string]change{file: replaced}); got != test.structure {
			t.Errorf("%s: %t", test.what, got)
		}
	}
}
