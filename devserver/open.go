package devserver

import (
	"crypto/subtle"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"eclipsa/app"
)

// The overlay's "click to open": POST /__eclipsa/dev/open?token=&file=&line=&column= starts the
// author's editor (editors.go). It is the one request that makes this server run a program, so it
// needs the token of our own pages, names only sources of the project, and never meets a shell (S6).

// serveOpen answers 204, or says why not. The origin was checked already (serveDev).
func (p *project) serveOpen(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, &refusal{http.StatusMethodNotAllowed, "eclipsa: POST"})
		return
	}
	if subtle.ConstantTimeCompare([]byte(query.Get("token")), []byte(p.hub.token)) != 1 {
		refuse(w, &refusal{http.StatusForbidden, "eclipsa: wrong token; reload the page"})
		return
	}
	line, column := position(query.Get("line")), position(query.Get("column"))
	if line < 0 || column < 0 {
		refuse(w, &refusal{http.StatusBadRequest, "eclipsa: line and column are numbers from 1"})
		return
	}
	p.mu.RLock()
	a := p.app
	p.mu.RUnlock()
	file, ok := p.sourceFile(a, query.Get("file"))
	if !ok {
		refuse(w, &refusal{http.StatusNotFound, "eclipsa: this is not a source file of the project"})
		return
	}
	command, err := editorCommand(a.Settings.Editor, system, file, line, column)
	if err == nil {
		command.Dir = a.Root
		err = startDetached(command)
	}
	if err != nil {
		refuse(w, &refusal{http.StatusNotImplemented, "eclipsa: " + err.Error()})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// position reads a line or a column: 1 if it is not given, -1 if it is none.
func position(text string) int {
	if text == "" {
		return 1
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || n == 0 {
		return -1
	}
	return int(n)
}

// sourceFile is the file that a diagnostic names: by a module's id, or relative to the app. It is a
// real path, of a regular file that belongs to the project's own sources.
func (p *project) sourceFile(a *app.App, name string) (file string, ok bool) {
	p.mu.RLock()
	if m := p.graph.modules[name]; m != nil {
		file = m.file
	}
	p.mu.RUnlock()
	if file == "" {
		if !fs.ValidPath(name) || strings.ContainsRune(name, '\\') || !filepath.IsLocal(filepath.FromSlash(name)) {
			return "", false
		}
		file = filepath.Join(a.Root, filepath.FromSlash(name))
	}
	around, err := app.OpenProject(a.Root)
	if err != nil {
		return "", false
	}
	file, err = filepath.EvalSymlinks(file)
	if err != nil {
		return "", false
	}
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return "", false
	}
	inside, err := filepath.Rel(around.Root, file)
	if err != nil || !filepath.IsLocal(inside) || !around.IsSource(file) {
		return "", false
	}
	isHidden := slices.ContainsFunc(strings.Split(filepath.ToSlash(inside), "/"), func(part string) bool { return strings.HasPrefix(part, ".") })
	// The server complains about these too.
	isEnv := filepath.Dir(file) == around.AppRoot && slices.Contains(app.EnvFiles(app.Development), filepath.Base(file))
	return file, !isHidden || isEnv
}

// startDetached starts a program that may outlive this one, and takes note of its end, so that it
// leaves no zombie.
func startDetached(command *exec.Cmd) error {
	detach(command)
	if err := command.Start(); err != nil {
		return err
	}
	go command.Wait()
	return nil
}
