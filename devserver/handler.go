package devserver

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// handler answers every request of the dev server. It is safe for concurrent use.
type handler struct {
	base     string // settings.base: starts and ends with a slash
	hosts    hostRules
	hub      *hub
	target   *target
	sessions *sessions
	files    *publicFiles
	project  *project
	print    *printer
	verbose  bool            // print sessions as they open and close
	stopping <-chan struct{} // closed when the server ends: sessions close with 1001
	// handshake is how long an upgrade may stay undecided; 0 is handshakeTimeout.
	handshake time.Duration

	// sockets counts handlers whose connection is a WebSocket: http.Server forgets those.
	sockets sync.WaitGroup
}

// ServeHTTP is the whole order of things: is the target a path, is the host ours, and only then
// who answers. There is no mux, which would clean paths and redirect.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "" {
		// Whoever asked for an upgrade and gets something else may go on in another protocol (S19).
		w.Header().Set("Connection", "close")
	}
	if no := checkTarget(r); no != nil {
		refuse(w, no)
		return
	}
	if no := checkHeader(r); no != nil {
		refuse(w, no)
		return
	}
	if no := h.hosts.check(r); no != nil {
		h.print.refused(no, r)
		refuse(w, no)
		return
	}
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, workerPrefix):
		// What the worker does for this process only, such as running the code it is given: requests
		// that are passed on carry its secret, so nobody else's may be one of these (S5).
		refuse(w, &refusal{http.StatusNotFound, "eclipsa: there is nothing here"})
	case strings.HasPrefix(path, h.base+devPrefix):
		h.serveDev(w, r, path[len(h.base)+len(devPrefix):])
	case strings.HasPrefix(path, h.base+realtimePrefix) && isUpgrade(r):
		h.sockets.Add(1)
		defer h.sockets.Done()
		h.serveRealtime(w, r)
	case h.files.serve(w, r, strings.TrimPrefix(path, h.base)):
	default:
		h.proxy(w, r)
	}
}

const (
	devPrefix      = "__eclipsa/dev/"
	realtimePrefix = "__eclipsa/realtime/"
	// workerPrefix is the worker's own, whatever the app's base is.
	workerPrefix = "/__eclipsa/worker"
)

// serveDev answers what is the dev server's own. Nothing here is for other origins, and nothing
// names a file: what can be asked for is what the graph holds.
func (h *handler) serveDev(w http.ResponseWriter, r *http.Request, name string) {
	header := w.Header()
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	if no := checkSameOrigin(r); no != nil {
		refuse(w, no)
		return
	}
	if name == "hot" {
		h.sockets.Add(1)
		defer h.sockets.Done()
		h.hub.serve(w, r, h.project.missed, h.stopping)
		return
	}
	if name == "open" {
		h.project.serveOpen(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		refuse(w, &refusal{http.StatusMethodNotAllowed, "eclipsa: GET or HEAD"})
		return
	}
	if !h.project.serve(w, r, name) {
		http.Error(w, "eclipsa: there is no such module", http.StatusNotFound)
	}
}
