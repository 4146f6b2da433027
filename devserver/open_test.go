package devserver

import (
	"errors"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"eclipsa/app"
)

// fakeEditor is a program that keeps what it was started with. opened waits for the next start.
func fakeEditor(t *testing.T, name string) (command string, opened func() []string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fake editor is a shell script")
	}
	folder := t.TempDir()
	command = filepath.Join(folder, name)
	script := "#!/bin/sh\nfor a do printf '%s\\0' \"$a\"; done > '" + folder + "/args.tmp' && mv '" + folder + "/args.tmp' '" + folder + "/args'\n"
	if err := os.WriteFile(command, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return command, func() []string {
		t.Helper()
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			text, err := os.ReadFile(filepath.Join(folder, "args"))
			if err == nil {
				os.Remove(filepath.Join(folder, "args"))
				return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
			}
		}
		t.Fatal("the editor was not started")
		return nil
	}
}

func (s *stub) open(query string, headers ...string) (int, string) {
	s.t.Helper()
	return s.raw(requestText("POST", "/__eclipsa/dev/open?"+query, append(headers, "Host: "+s.address, "Content-Length: 0", "Connection: close")...))
}

func TestOpen(t *testing.T) {
	command, opened := fakeEditor(t, "code")
	s := attacked(t, app.Settings{Editor: command}, nil)
	file := filepath.Join(s.root, "app", "+page.tsx")
	writeFiles(t, s.root, map[string]string{"app/+page.tsx": "", "eclipsa.config.json": "{}"})
	token := "token=" + s.handler.hub.token
	for query, want := range map[string][]string{
		"file=app/%2Bpage.tsx&line=3&column=5":        {"--goto", file + ":3:5"},
		"file=app/%2Bpage.tsx":                        {"--goto", file + ":1:1"},
		"file=app/%2Bpage.tsx&line=2147483647":        {"--goto", file + ":2147483647:1"},
		"file=eclipsa.config.json&line=1&column=1":    {"--goto", filepath.Join(s.root, "eclipsa.config.json") + ":1:1"},
		"file=.env&line=1&column=1":                   {"--goto", filepath.Join(s.root, ".env") + ":1:1"},
		"file=app/%2Bpage.tsx&line=3&column=5&file=x": {"--goto", file + ":3:5"},
	} {
		if status, response := s.open(token + "&" + query); status != 204 {
			t.Errorf("%s: %d %s", query, status, response)
		} else if got := opened(); !slices.Equal(got, want) {
			t.Errorf("%s: started with %q, want %q", query, got, want)
		}
	}
	// Our own page says where it comes from.
	if status, _ := s.open(token+"&file=app/%2Bpage.tsx", "Origin: http://"+s.address, "Sec-Fetch-Site: same-origin"); status != 204 {
		t.Errorf("from our own page: %d", status)
	}
	opened()

	refused := func(want int, query string, headers ...string) {
		t.Helper()
		status, response := s.open(query, headers...)
		if status != want || !strings.Contains(response, "Content-Type: text/plain; charset=utf-8") || !strings.Contains(response, "X-Content-Type-Options: nosniff") {
			t.Errorf("%s %q: %d, want %d %s", query, headers, status, want, response)
		}
	}
	good := "&file=app/%2Bpage.tsx&line=1&column=1"
	for _, wrong := range []string{"", "token=", "token=wrong", "token=" + newHub().token, "token=" + s.handler.hub.token[:31], "token=wrong&" + token} {
		refused(403, wrong+good)
	}
	for origin, allowed := range origins(s.address) {
		if !allowed {
			refused(403, token+good, "Origin: "+origin)
		}
	}
	for _, site := range []string{"cross-site", "same-site", ""} {
		refused(403, token+good, "Sec-Fetch-Site: "+site)
	}
	for _, place := range []string{"0", "-1", "1.5", "x", "1e3", "99999999999999999999", "1;touch x", "1 --wait", "１"} {
		refused(400, token+"&file=app/%2Bpage.tsx&line="+escapeQuery(place))
		refused(400, token+"&file=app/%2Bpage.tsx&line=1&column="+escapeQuery(place))
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "OPTIONS"} {
		status, response := s.raw(requestText(method, "/__eclipsa/dev/open?"+token+good, "Host: "+s.address, "Connection: close"))
		if status != 405 || !strings.Contains(response, "Allow: POST") {
			t.Errorf("%s: %d %s", method, status, response)
		}
	}
	outside, err := os.MkdirTemp(filepath.Dir(s.root), "outside-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(outside) })
	os.RemoveAll(filepath.Join(s.root, "public"))
	names := hidden(t, s.root, outside)
	for _, name := range append(names, "", ".", "app", "app/", "/app/+page.tsx", "./app/+page.tsx", "app//+page.tsx", "app/../app/+page.tsx", "app\\+page.tsx", "app/+page.tsx\x00", "app/+page.tsx/", file, "file://"+file, "--version", "-",
		"http://evil.test/x", "eclipsa:server", "npm:preact", "app/nothing.tsx", "%2e%2e/x", "~/.bashrc", "C:/x", `\\evil\share`) {
		switch name {
		case ".env", ".env.local", "key.pem", "app/key.pem", "package-lock.json", "pnpm-lock.yaml", "app/unused.ts", "app/db.server.ts", "app/unused.css", "app/notes.txt", "public-secret/x.txt", "dist/server/index.mjs":
			continue // files of the project, which nobody reads this way
		}
		refused(404, token+"&file="+escapeQuery(name))
	}
	s.expectUnreached()
	writeFiles(t, s.root, map[string]string{"public/hello.txt": "hello"})
	// Nothing of all that has started an editor.
	s.open(token + good)
	if got := opened(); !slices.Equal(got, []string{"--goto", file + ":1:1"}) {
		t.Errorf("an editor was started with %q", got)
	}
}

// S6: names of files that mean something to shells, to editors or to browsers.
func TestS6OpenInEditor(t *testing.T) {
	command, opened := fakeEditor(t, "my editor") // the space is part of the setting, too
	s := attacked(t, app.Settings{Editor: `"` + command + `" --wait`}, nil)
	marker := filepath.Join(s.root, "x")
	for _, name := range []string{`";touch x;".ts`, "`touch x`.ts", "$(touch x).ts", "';touch x;'.ts", "; touch x", "| touch x", "&& touch x", "\ntouch x\n.ts", "%0Atouch x", "<img src=x onerror=alert(1)>.ts", "-n.ts", "--help", "+call system('touch x')", "a b.ts", "é😀.ts", "$HOME.ts", "%PATH%.ts", "^&calc.ts", "*.ts", "{file}.ts"} {
		writeFiles(t, s.root, map[string]string{"app/" + name: "", name: ""})
		for _, path := range []string{"app/" + name, name} {
			status, response := s.open("token=" + s.handler.hub.token + "&line=2&file=" + escapeQuery(path))
			if status != 204 {
				t.Errorf("%q: %d %s", path, status, response)
				continue
			}
			if got := opened(); !slices.Equal(got, []string{"--wait", filepath.Join(s.root, filepath.FromSlash(path))}) {
				t.Errorf("%q: started with %q", path, got)
			}
		}
		status, response := s.open("token=" + s.handler.hub.token + "&file=nothing" + escapeQuery(name))
		if status != 404 || strings.Contains(response, "<img") || !strings.Contains(response, "text/plain") || !strings.Contains(response, "nosniff") {
			t.Errorf("%q: %d %s", name, status, response)
		}
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("a file's name was run as a command")
	}
}

// Whatever is asked for: what is opened lies in the project and is no hidden file.
func TestS9OpenNames(t *testing.T) {
	s := newStub(t, app.Settings{}, nil)
	writeFiles(t, s.root, map[string]string{"a": "", "b.txt": "", "sub/a": "", "sub/b.txt": "", "sub/.env": "", "node_modules/a/b.txt": ""})
	os.Symlink("/etc/passwd", filepath.Join(s.root, "sub", "con.txt"))
	os.Symlink(filepath.Join(s.root, "sub", ".env"), filepath.Join(s.root, "nul"))
	os.Symlink("/etc", filepath.Join(s.root, "ENV~1"))
	random := rand.New(rand.NewSource(3))
	found := 0
	for range 4_000 {
		name := randomName(random)
		for _, name := range []string{name, "sub/" + name, s.root + "/" + name, "ENV~1/" + name, "node_modules/" + name} {
			file, ok := s.handler.project.sourceFile(s.handler.project.app, name)
			if !ok {
				continue
			}
			found++
			inside, err := filepath.Rel(s.root, file)
			if err != nil || !slices.Contains([]string{"a", "b.txt", "sub/a", "sub/b.txt", ".env", "public/sub/a", "outside.txt"}, inside) || inside != name {
				t.Errorf("%q opens %s", name, file)
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d names were files: the test says nothing", found)
	}
}

func TestOpenCommands(t *testing.T) {
	on := func(installed ...string) surroundings {
		return surroundings{func(string) string { return "" }, func(command string) (string, error) {
			if slices.Contains(installed, command) {
				return "/bin/" + filepath.Base(command), nil
			}
			return "", exec.ErrNotFound
		}}
	}
	with := func(in surroundings, env map[string]string) surroundings {
		return surroundings{func(name string) string { return env[name] }, in.look}
	}
	every := on(append(slices.Clone(editorsOnPath), "vim", "nano", "emacs", "emacsclient", "mine", "gedit", "notepad++", "/opt/My Editor/mine")...)
	for _, row := range []struct {
		setting string
		in      surroundings
		want    string // the command, words joined by |; or the error after "!"
	}{
		{"", every, "/bin/code|--goto|/f:3:5"},
		{"", on("subl", "idea"), "/bin/subl|/f:3:5"},
		{"", on("idea"), "/bin/idea|--line|3|--column|5|/f"},
		{"zed", every, "/bin/zed|/f:3:5"},
		{"cursor -r", every, "/bin/cursor|-r|--goto|/f:3:5"},
		{"webstorm", every, "/bin/webstorm|--line|3|--column|5|/f"},
		{"gvim", every, "/bin/gvim|+call cursor(3,5)|/f"},
		{"emacs", every, "/bin/emacs|+3:5|/f"},
		{"emacsclient", every, "/bin/emacsclient|--no-wait|+3:5|/f"},
		{"mate", every, "/bin/mate|--line|3:5|/f"},
		{"bbedit", every, "/bin/bbedit|+3|/f"},
		{"notepad++", every, "/bin/notepad++|-n3|-c5|/f"},
		{"mine", every, "/bin/mine|/f"},
		{"mine --at {line},{column} '{file}'", every, "/bin/mine|--at|3,5|/f"},
		{"mine ''", every, "/bin/mine||/f"},
		{"/opt/My Editor/mine", every, "/bin/mine|/f"},
		{`"/opt/My Editor/mine" -x`, every, "/bin/mine|-x|/f"},
		{"mine; touch x", every, `!the editor "mine;" ("editor") is not on the PATH`},
		{"gone", every, `!the editor "gone" ("editor") is not on the PATH`},
		{"", with(every, map[string]string{"LAUNCH_EDITOR": "zed", "VISUAL": "subl", "EDITOR": "vim"}), "/bin/zed|/f:3:5"},
		{"", with(every, map[string]string{"VISUAL": "subl -w", "EDITOR": "mine"}), "/bin/subl|-w|/f:3:5"},
		{"", with(every, map[string]string{"EDITOR": "mine"}), "/bin/mine|/f"},
		{"mine", with(every, map[string]string{"LAUNCH_EDITOR": "zed"}), "/bin/mine|/f"},
		{"", with(every, map[string]string{"VISUAL": "vim", "EDITOR": "nano"}), "/bin/code|--goto|/f:3:5"},
		{"", with(on("vim"), map[string]string{"EDITOR": "vim"}), `!"vim" needs a terminal`},
		{"", with(on("emacs"), map[string]string{"EDITOR": "emacs -nw"}), `!"emacs -nw" needs a terminal`},
		{"nano", every, `!"nano" needs a terminal`},
		{"emacsclient -t", every, `!"emacsclient -t" needs a terminal`},
		{"", with(every, map[string]string{"LAUNCH_EDITOR": "/usr/bin/nvim"}), `!"/usr/bin/nvim" needs a terminal`},
		{"", on(), `!no editor was found: set "editor" in eclipsa.config.json, or LAUNCH_EDITOR or EDITOR`},
		{"  ", on(), `!no editor was found`},
	} {
		command, err := editorCommand(row.setting, row.in, "/f", 3, 5)
		got := fmt.Sprint("!", err)
		if err == nil {
			got = strings.Join(append([]string{command.Path}, command.Args[1:]...), "|")
		}
		if got != row.want && !(strings.HasPrefix(row.want, "!") && strings.HasPrefix(got, row.want)) {
			t.Errorf("%q: %s, want %s", row.setting, got, row.want)
		}
	}
	for path, want := range map[string]string{"/usr/bin/code": "code", `C:\Program Files\Code.exe`: "code", "bin/idea.sh": "idea", "code.cmd": "code", "Cursor.AppImage": "cursor"} {
		if got := editorName(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	for name, want := range map[string]bool{"C:\\a b\\+page.tsx": true, "a&calc.ts": false, "%PATH%.ts": false, "a^b.ts": false, "[id].tsx": true, "(group).tsx": false} {
		if batchSafe(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

// What can't be opened is said, with what to do.
func TestOpenWithoutEditor(t *testing.T) {
	writePage := func(s *stub) string {
		writeFiles(t, s.root, map[string]string{"app/+page.tsx": ""})
		return "token=" + s.handler.hub.token + "&file=app/%2Bpage.tsx"
	}
	for _, name := range []string{"LAUNCH_EDITOR", "VISUAL", "EDITOR", "PATH"} {
		t.Setenv(name, "")
	}
	s := attacked(t, app.Settings{}, nil)
	if status, response := s.open(writePage(s)); status != 501 || !strings.Contains(response, `set "editor" in eclipsa.config.json`) || !strings.Contains(response, "text/plain") {
		t.Errorf("%d %s", status, response)
	}
	t.Setenv("EDITOR", "vim")
	if status, response := s.open(writePage(s)); status != 501 || !strings.Contains(response, "needs a terminal") {
		t.Errorf("%d %s", status, response)
	}
	broken := filepath.Join(t.TempDir(), "code")
	os.WriteFile(broken, []byte("\x00\x01not a program"), 0o755)
	s = attacked(t, app.Settings{Editor: broken}, nil)
	if status, response := s.open(writePage(s)); status != 501 {
		t.Errorf("%d %s", status, response)
	}
}

// An editor outlives the terminal's Ctrl-C, and leaves no zombie when it ends.
func TestOpenDetached(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	command := exec.Command("cat") // ends at once: its input is empty
	if err := startDetached(command); err != nil {
		t.Fatal(err)
	}
	gone := fmt.Sprintf("/proc/%d", command.Process.Pid)
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(gone); errors.Is(err, os.ErrNotExist) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("an editor that ended is still a process")
		}
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer writer.Close()
	command = exec.Command("cat")
	command.Stdin = reader
	if err := startDetached(command); err != nil {
		t.Fatal(err)
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	// pid (name) state parent group session
	fields := strings.Fields(string(stat)[strings.LastIndexByte(string(stat), ')')+1:])
	if pid := fmt.Sprint(command.Process.Pid); fields[2] != pid || fields[3] != pid {
		t.Errorf("it shares the server's process group or session: %s", stat)
	}
}
