package devserver

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Realtime: the browser's socket belongs to this server, and each session has a private
// connection to the worker (DESIGN.md D7). The worker's gate decides first, with the same request
// that came in; only its 101 opens the browser's socket. Everything else it says (a middleware's
// 401 with headers and body, a redirect) goes to the browser as it is. session.go has what follows.

const (
	// handshakeTimeout is the limit of DESIGN.md section 7 for deciding about an upgrade.
	handshakeTimeout = 10 * time.Second
	// maxRefusal bounds the body of an answer other than 101.
	maxRefusal = 1 << 20
)

// upgrader checks no origin: that is the worker's, through the same gate as in production.
var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }, ReadBufferSize: 1 << 10, WriteBufferPool: &browserBuffers}

// browserBuffers are shared: most sessions write nothing at any moment.
var browserBuffers sync.Pool

// serveRealtime answers an upgrade request below /__eclipsa/realtime/. The session goes on when it has returned.
func (h *handler) serveRealtime(w http.ResponseWriter, r *http.Request) {
	if no := checkHandshake(w, r); no != nil {
		refuse(w, no)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), cmp.Or(h.handshake, handshakeTimeout))
	defer cancel()
	go func() {
		select {
		case <-h.stopping: // whoever is undecided then gets an answer, too
			cancel()
		case <-ctx.Done():
		}
	}()
	shake := newHandshake(r)
	to, worker, answer, err := h.dialCurrent(ctx, shake)
	switch {
	case worker != nil:
	case answer != nil:
		relayAnswer(w, answer)
		return
	case errors.Is(err, errNotReady), errors.Is(ctx.Err(), context.Canceled):
		refuse(w, &refusal{http.StatusServiceUnavailable, "eclipsa: the app is not ready"})
		return
	default:
		h.print.warn(fmt.Sprintf("realtime: the worker can't be reached (%v)", err))
		refuse(w, &refusal{http.StatusServiceUnavailable, "eclipsa: the app's worker can't be reached"})
		return
	}
	browser, err := upgrader.Upgrade(w, r, answerHeader(answer.Header))
	if err != nil { // the browser is gone, or the request was malformed after all: gorilla answered
		worker.NetConn().Close()
		return
	}
	h.sockets.Add(1)
	startSession(h, shake, browser, worker, to)
}

// errNotReady says that there is no worker to ask.
var errNotReady = errors.New("the app is not ready")

// dialCurrent repeats the handshake at the worker; at the next one, if that one ends meanwhile.
func (h *handler) dialCurrent(ctx context.Context, shake handshake) (to backend, worker *websocket.Conn, answer *http.Response, err error) {
	for {
		if to, err = h.target.get(ctx); err != nil || to == noBackend {
			return to, nil, nil, errNotReady
		}
		worker, answer, err = shake.dial(ctx, to)
		switch {
		case worker != nil:
			return to, worker, answer, nil
		case answer != nil && (answer.StatusCode != http.StatusServiceUnavailable || h.target.is(to)):
			return to, nil, answer, nil
		case answer != nil:
			answer.Body.Close()
		case !h.target.gone(ctx, to):
			return to, nil, nil, err
		}
	}
}

// isUpgrade says whether a request asks for a WebSocket.
func isUpgrade(r *http.Request) bool { return websocket.IsWebSocketUpgrade(r) }

// checkHandshake refuses what gorilla would refuse after the worker had been dialled, and bodies:
// the bytes after the headers of an upgrade must be frames (S19).
func checkHandshake(w http.ResponseWriter, r *http.Request) *refusal {
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-WebSocket-Key"))
	switch {
	case r.Method != http.MethodGet || r.ProtoMajor != 1:
		return &refusal{http.StatusMethodNotAllowed, "eclipsa: a WebSocket starts with GET"}
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		w.Header().Set("Sec-WebSocket-Version", "13")
		return &refusal{http.StatusUpgradeRequired, "eclipsa: only WebSocket version 13 is supported"}
	case err != nil || len(key) != 16 || len(r.Header.Values("Sec-WebSocket-Key")) != 1:
		return &refusal{http.StatusBadRequest, "eclipsa: Sec-WebSocket-Key is not a key"}
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0:
		return &refusal{http.StatusBadRequest, "eclipsa: an upgrade has no body"}
	}
	return nil
}

// relayAnswer passes on what the gate or a middleware said instead of 101.
func relayAnswer(w http.ResponseWriter, answer *http.Response) {
	defer answer.Body.Close()
	header := w.Header()
	for name, values := range answer.Header {
		header[name] = values
	}
	for _, name := range []string{"Keep-Alive", "Transfer-Encoding", "Upgrade", "Connection"} {
		header.Del(name)
	}
	if answer.StatusCode == http.StatusUpgradeRequired {
		header.Set("Upgrade", "websocket")
	}
	header.Set("Connection", "close") // a refused upgrade never leaves a connection for more (S19)
	w.WriteHeader(answer.StatusCode)
	io.Copy(w, io.LimitReader(answer.Body, maxRefusal))
}
