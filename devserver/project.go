package devserver

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"eclipsa/app"
	"eclipsa/transform"

	"github.com/evanw/esbuild/pkg/api"
)

// project is the app as it is served at this moment: the pipeline changes it, requests read it.
type project struct {
	base    string
	hub     *hub
	eclipsa string        // folder of the package
	ready   chan struct{} // closed after the first build
	hurry   chan struct{} // holds one token when a request has waited for the worker's update

	stumbled atomic.Bool        // the last page was an error of the app's
	again    chan chan struct{} // the main loop is to have evaluated what failed, and to close what comes here

	clientOnce sync.Once
	clientText string
	clientErr  error

	mu       sync.RWMutex // Protects following, and the maps inside graph.
	app      *app.App
	env      app.Env
	graph    *graph
	styles   *styles
	bundles  [2]bundle
	served   map[string]bundle // client bundles of this run, by hash: open pages may need older ones
	updates  updateLog
	settling chan struct{} // closed when the worker has the newest code
	problems []transform.Diagnostic
	// failure is why the worker has no handler yet, or why the newest code was refused.
	failure []transform.Diagnostic
	loaded  bool // the worker has had a handler at least once
	// unusable is why there is no app to show yet, since the start.
	unusable []transform.Diagnostic
}

// serve answers a request below /__eclipsa/dev/, and says whether it did.
func (p *project) serve(w http.ResponseWriter, r *http.Request, name string) bool {
	if name == "client.js" {
		return p.serveClient(w, r)
	}
	if !p.wait(r.Context()) {
		return false
	}
	switch kind, rest, _ := strings.Cut(name, "/"); {
	case name == "pack.js":
		return p.servePack(w, r, false)
	case name == "pack.js.map":
		return p.servePack(w, r, true)
	case name == "update.js":
		return p.serveUpdate(w, r)
	case kind == "map":
		return p.serveMap(w, rest)
	case kind == "deps":
		return p.serveDeps(w, rest)
	case name == "styles.css":
		return p.serveStylePack(w, r)
	case kind == "css":
		return p.serveStyle(w, r, rest)
	case kind == "asset":
		return p.serveAsset(w, r, rest)
	}
	return false
}

// wait is for requests that come before the first build is done.
func (p *project) wait(ctx context.Context) bool {
	select {
	case <-p.ready:
		return true
	case <-ctx.Done():
		return false
	}
}

// serveClient answers with the browser's side of the dev server (runtime/dev/client.ts) in one text.
// The token is in it: the text is for our own pages only (checkSameOrigin, and no CORS).
func (p *project) serveClient(w http.ResponseWriter, r *http.Request) bool {
	p.clientOnce.Do(p.bundleClient)
	if p.clientErr != nil {
		http.Error(w, "eclipsa: "+p.clientErr.Error(), http.StatusInternalServerError)
		return true
	}
	serveText(w, r, p.clientText, "text/javascript; charset=utf-8")
	return true
}

func (p *project) bundleClient() {
	entry := filepath.Join(p.eclipsa, "lib", "dev", "client.js")
	result := api.Build(api.BuildOptions{EntryPoints: []string{entry}, Bundle: true, Format: api.FormatESModule,
		Target: api.ES2022, LogLevel: api.LogLevelSilent, Charset: api.CharsetUTF8})
	if len(result.Errors) > 0 || len(result.OutputFiles) != 1 {
		p.clientErr = fmt.Errorf("%s can't be read: is the package eclipsa complete?", entry)
		return
	}
	settings := map[string]string{"token": p.hub.token, "base": p.base, "boot": p.hub.boot}
	p.clientText = "const __ECLIPSA_DEV__ = " + quote(settings) + ";\n" + string(result.OutputFiles[0].Contents)
}

// serveDeps answers with a file of a bundle of this run: its name never means anything else.
func (p *project) serveDeps(w http.ResponseWriter, rest string) bool {
	hash, name, _ := strings.Cut(rest, "/")
	p.mu.RLock()
	from, ok := p.served[hash]
	p.mu.RUnlock()
	if !ok {
		return false
	}
	text, err := from.read(name)
	if err != nil {
		return false
	}
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	w.Write(text)
	return true
}

func (p *project) serveStyle(w http.ResponseWriter, r *http.Request, id string) bool {
	p.mu.RLock()
	m := p.graph.modules[id]
	styles := p.styles
	p.mu.RUnlock()
	if m == nil || m.kind != style && m.kind != cssNames {
		return false
	}
	made := styles.get(m)
	text := made.css
	if len(made.problems) > 0 {
		// The overlay shows it; this is what devtools show beside the last good text.
		w.Header().Set("X-Eclipsa-Style-Error", "1")
		text = "/* eclipsa: " + strings.ReplaceAll(made.problems[0].Format(false), "*/", "* /") + " */\n" + text
	}
	serveText(w, r, text, "text/css; charset=utf-8")
	return true
}

// serveAsset answers with a file that a module imports or a stylesheet names, and with no other:
// what the URL says is looked up, never joined to a path (S7, S8).
func (p *project) serveAsset(w http.ResponseWriter, r *http.Request, id string) bool {
	p.mu.RLock()
	root := p.styles.project.Root
	file, ok := p.styles.asset(id)
	for _, key := range []string{id, id + "?url"} {
		if m := p.graph.modules[key]; !ok && m != nil && m.kind == asset {
			file, ok = m.file, true
		}
	}
	p.mu.RUnlock()
	if !ok {
		return false
	}
	opened, info, err := openPlain(root, file)
	if err != nil {
		opened, info, err = openPlain(root, file) // it may have been replaced that moment
	}
	if err != nil {
		return false
	}
	defer opened.Close()
	if mime.TypeByExtension(filepath.Ext(file)) == "" {
		w.Header().Set("Content-Type", "application/octet-stream")
	}
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, filepath.Base(file), info.ModTime(), opened)
	return true
}

// notReady is what a page shows while there is no worker: the reason, if there is one.
func (p *project) notReady() []transform.Diagnostic {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if len(p.failure) > 0 {
		return p.failure
	}
	if len(p.problems) > 0 {
		return p.problems
	}
	return []transform.Diagnostic{textDiagnostic("The app is not ready yet.", "This page loads again by itself.")}
}

// blocked says why no page can be served at all, or nil.
func (p *project) blocked() []transform.Diagnostic {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if len(p.unusable) > 0 {
		return p.unusable
	}
	if p.loaded || len(p.failure) == 0 {
		return nil
	}
	return p.failure
}
