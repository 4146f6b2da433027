package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"eclipsa/devserver/tty/ttytest"
)

// TestMain is also the program itself, for tests that run it in a terminal.
func TestMain(m *testing.M) {
	if os.Getenv("ECLIPSA_TEST_PROGRAM") == "" {
		os.Exit(m.Run())
	}
	main()
}

// devCommand runs `eclipsa dev` in a new app, whose worker prints its process id.
func devCommand(t *testing.T) *exec.Cmd {
	t.Helper()
	modules, err := filepath.Abs("../../node_modules")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for name, text := range map[string]string{
		"package.json":         `{ "name": "fixture", "type": "module" }`,
		"app/+page.tsx":        "export default () => <p>page</p>\n",
		"app/slow/+server.ts":  "export const GET = () => { console.log('slow began'); return new Promise(() => {}) }\n",
		"app/busy/+server.ts":  "export const GET = () => { process.stdout.write('busy from now on\\n'); for (;;); }\n",
		"app/+server-entry.ts": "import { Hono } from 'hono'\nconsole.log(`worker=${process.pid};`)\nexport default new Hono()\n",
	} {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "node_modules"), 0o755); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(modules)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() != ".eclipsa" {
			os.Symlink(filepath.Join(modules, entry.Name()), filepath.Join(root, "node_modules", entry.Name()))
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(self, "dev", "--port", "0")
	command.Dir = root
	command.Env = append(os.Environ(), "ECLIPSA_TEST_PROGRAM=1", "NO_COLOR=1")
	return command
}

// untilWorker waits for the process id that the newest worker prints.
func untilWorker(t *testing.T, term *ttytest.Terminal) int {
	t.Helper()
	term.Until("worker=")
	pid, err := strconv.Atoi(term.Until(";"))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func expectNoProcess(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); syscall.Kill(pid, 0) == nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			syscall.Kill(pid, syscall.SIGKILL)
			t.Fatalf("process %d is left", pid)
		}
	}
}

func TestDevKeys(t *testing.T) {
	term := ttytest.Start(t, devCommand(t))
	term.Until("Press h for help")
	first := untilWorker(t, term)
	term.UntilLines(false)
	term.Press("h")
	term.Until("quit, as Ctrl-C does")
	term.Press("r")
	second := untilWorker(t, term)
	term.Until(" restart everything")
	if first == second {
		t.Error("the worker is the same")
	}
	expectNoProcess(t, first)
	term.Press("c")
	term.Until("\x1b[H")
	term.Until("  Local:")
	if regexp.MustCompile(`\x1b\[\d+m`).MatchString(term.Text()) {
		t.Error("colours in spite of NO_COLOR")
	}
	term.Press("q")
	if code := term.End(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	term.UntilLines(true)
	expectNoProcess(t, second)
}

func TestDevEnds(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(*ttytest.Terminal)
		code int
	}{
		"Ctrl-C":  {func(term *ttytest.Terminal) { term.Press("\x03") }, 0},
		"SIGTERM": {func(term *ttytest.Terminal) { term.Signal(syscall.SIGTERM) }, 0},
		"SIGHUP":  {func(term *ttytest.Terminal) { term.Signal(syscall.SIGHUP) }, 0},
		"SIGQUIT": {func(term *ttytest.Terminal) { term.Signal(syscall.SIGQUIT) }, 2},
		"SIGKILL": {func(term *ttytest.Terminal) { term.Signal(syscall.SIGKILL) }, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term := ttytest.Start(t, devCommand(t))
			worker := untilWorker(t, term)
			term.UntilLines(false)
			test.end(term)
			if code := term.End(); code != test.code {
				t.Errorf("exit code %d", code)
			}
			if name != "SIGKILL" {
				term.UntilLines(true)
			}
			expectNoProcess(t, worker)
		})
	}
}

// TestDevEndsAtOnce: a request that never ends holds the first Ctrl-C back, not the second.
func TestDevEndsAtOnce(t *testing.T) {
	t.Parallel()
	term := ttytest.Start(t, devCommand(t))
	term.Until("Local:   ")
	url := strings.TrimSpace(term.Until("\n"))
	worker := untilWorker(t, term)
	go func() {
		if response, err := http.Get(url + "slow"); err == nil {
			response.Body.Close()
		}
	}()
	term.Until("slow began")
	if code := term.EndPressing("\x03"); code != 130 {
		t.Errorf("exit code %d", code)
	}
	term.UntilLines(true)
	expectNoProcess(t, worker)
}

// TestDevThroughNpm: npm, a shell and the package's own start script stand in between. Ctrl-C reaches them all
// at once, and npm hands it on a second time.
func TestDevThroughNpm(t *testing.T) {
	for _, end := range []string{"q", "\x03"} {
		t.Run(fmt.Sprintf("%q", end), func(t *testing.T) {
			t.Parallel()
			direct := devCommand(t)
			script, err := filepath.Abs("../../lib/cli.js")
			if err != nil {
				t.Fatal(err)
			}
			manifest := fmt.Sprintf(`{ "name": "fixture", "type": "module", "scripts": { "dev": "node '%s' dev --port 0" } }`, script)
			if err := os.WriteFile(filepath.Join(direct.Dir, "package.json"), []byte(manifest), 0o644); err != nil {
				t.Fatal(err)
			}
			command := exec.Command("npm", "run", "dev")
			command.Dir, command.Env = direct.Dir, append(direct.Env, "ECLIPSA_BINARY="+direct.Path)
			term := ttytest.Start(t, command)
			worker := untilWorker(t, term)
			term.UntilLines(false)
			term.Press("h")
			term.Until("quit, as Ctrl-C does")
			term.Press(end)
			if code := term.End(); end == "q" && code != 0 {
				t.Errorf("exit code %d", code)
			}
			term.UntilLines(true)
			expectNoProcess(t, worker)
			if strings.Contains(term.Text(), "panic") {
				t.Error("it broke")
			}
		})
	}
}

// TestDevKilledWhileBusy: a worker whose code never comes to an end doesn't notice that its stdin is closed,
// and without a terminal no other signal reaches it.
func TestDevKilledWhileBusy(t *testing.T) {
	t.Parallel()
	server := startPlain(t)
	server.until(`Local:   (http\S+)`)
	url := server.found
	server.until(`worker=(\d+);`)
	worker, _ := strconv.Atoi(server.found)
	go func() {
		if response, err := http.Get(url + "busy"); err == nil {
			response.Body.Close()
		}
	}()
	server.until("busy from now on()")
	server.command.Process.Kill()
	server.command.Wait()
	expectNoProcess(t, worker)
}

// plain is `eclipsa dev` without a terminal.
type plain struct {
	t       *testing.T
	command *exec.Cmd
	output  io.Reader
	errors  bytes.Buffer
	text    string
	found   string // what the last until has found in parentheses
}

func startPlain(t *testing.T) *plain {
	t.Helper()
	server := &plain{t: t, command: devCommand(t)}
	output, err := server.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	server.output, server.command.Stderr = output, &server.errors
	if err := server.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.command.Process.Kill() })
	return server
}

func (s *plain) until(pattern string) {
	s.t.Helper()
	expression := regexp.MustCompile(pattern)
	for {
		if match := expression.FindStringSubmatch(s.text); match != nil {
			s.found = match[1]
			return
		}
		var piece [1024]byte
		n, err := s.output.Read(piece[:])
		if s.text += string(piece[:n]); err != nil {
			s.t.Fatalf("%v; output:\n%s", err, s.text)
		}
	}
}

// TestDevWithoutTerminal: other programs read this.
func TestDevWithoutTerminal(t *testing.T) {
	t.Parallel()
	server := startPlain(t)
	server.until("worker=()")
	page := filepath.Join(server.command.Dir, "app", "+page.tsx")
	if err := os.WriteFile(page, []byte("export default () => <p>new</p>\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	server.until(" ms\\)\n()")
	server.command.Process.Signal(syscall.SIGTERM)
	if err := server.command.Wait(); err != nil {
		t.Error(err)
	}
	want := regexp.MustCompile(`^  eclipsa \S+ ready in [\d.]+ ms\n  Local:   http://localhost:\d+/\nworker=\d+;\n(reload|update) app/\+page\.tsx \([\d.]+ ms\)\n$`)
	if !want.MatchString(server.text) || server.errors.Len() > 0 {
		t.Errorf("got %q and %q", server.text, server.errors.String())
	}
}
