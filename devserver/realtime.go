package devserver

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"eclipsa/nodeadapter"

	"github.com/gorilla/websocket"
)

// Realtime: the browser's socket belongs to this server, and each session has a private
// connection to the worker (DESIGN.md D7). The worker's gate decides first, with the same request
// that came in; only its 101 opens the browser's socket. Everything else it says (a middleware's
// 401 with headers and body, a redirect) goes to the browser as it is.

const (
	// handshakeTimeout is the limit of DESIGN.md section 7 for deciding about an upgrade.
	handshakeTimeout = 10 * time.Second
	// maxRefusal bounds the body of an answer other than 101.
	maxRefusal = 1 << 20
)

// upgrader checks no origin: that is the worker's, through the same gate as in production.
var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

// serveRealtime answers an upgrade request below /__eclipsa/realtime/. It returns when the session is over.
func (h *handler) serveRealtime(w http.ResponseWriter, r *http.Request) {
	if no := checkHandshake(w, r); no != nil {
		refuse(w, no)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), cmp.Or(h.handshake, handshakeTimeout))
	defer cancel()
	to, err := h.target.get(ctx)
	if err != nil {
		refuse(w, &refusal{http.StatusServiceUnavailable, "eclipsa: the app is not ready"})
		return
	}
	worker, answer, err := dialWorker(ctx, to, r)
	if answer != nil && worker == nil {
		relayAnswer(w, answer)
		return
	}
	if err != nil {
		h.print.warn(fmt.Sprintf("realtime: the worker can't be reached (%v)", err))
		refuse(w, &refusal{http.StatusServiceUnavailable, "eclipsa: the app's worker can't be reached"})
		return
	}
	browser, err := upgrader.Upgrade(w, r, answerHeader(answer.Header))
	if err != nil { // the browser is gone, or the request was malformed after all: gorilla answered
		worker.NetConn().Close()
		return
	}
	began := time.Now()
	h.session(r, "open", 0)
	h.relay(browser, worker)
	h.session(r, "closed", time.Since(began))
}

// session tells of sessions with --verbose: the path only, since the query holds the input (S27).
func (h *handler) session(r *http.Request, what string, lasted time.Duration) {
	if !h.verbose {
		return
	}
	line := "session " + what + " " + r.URL.Path
	if lasted > 0 {
		line += " after " + milliseconds(lasted)
	}
	h.print.line("%s", h.print.paint(dim, line))
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

// dialWorker repeats the browser's handshake at the worker. An answer other than 101 comes back
// whole, without a connection.
func dialWorker(ctx context.Context, to backend, r *http.Request) (*websocket.Conn, *http.Response, error) {
	var recorded *recorder
	dialer := websocket.Dialer{
		NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, to.address)
			if err != nil {
				return nil, err
			}
			recorded = &recorder{Conn: conn}
			return recorded, nil
		},
	}
	// gorilla parses the URL only for its request line: it has to come out as it came in.
	path, query, _ := strings.Cut(r.RequestURI, "?")
	conn, answer, err := dialer.DialContext(ctx, "ws://"+to.address+encodeTarget(path, query), handshakeHeader(r, to.secret))
	if recorded == nil {
		return nil, nil, err
	}
	if err == nil {
		recorded.release()
		conn.NetConn().SetDeadline(time.Time{})
		return conn, answer, nil
	}
	if !errors.Is(err, websocket.ErrBadHandshake) || answer.StatusCode == http.StatusSwitchingProtocols {
		recorded.Conn.Close()
		return nil, nil, err
	}
	answer, err = recorded.response()
	return nil, answer, err
}

// encodeTarget escapes what Go's URL parser would refuse or change; the worker decodes it again.
func encodeTarget(path, query string) string {
	target := path
	if query != "" {
		target += "?" + query
	}
	var b strings.Builder
	for i := range len(target) {
		if c := target[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>^`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// handshakeHeader is the browser's header without what belongs to its own connection.
func handshakeHeader(r *http.Request, secret string) http.Header {
	header := r.Header.Clone()
	for _, listed := range r.Header.Values("Connection") {
		for name := range strings.SplitSeq(listed, ",") {
			header.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range []string{"Upgrade", "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer",
		"Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions"} {
		header.Del(name)
	}
	header.Set(nodeadapter.SecretHeader, secret)
	header.Set("Host", r.Host)
	return header
}

// answerHeader is what of the worker's 101 concerns the app: cookies, the subprotocol, its own headers.
func answerHeader(from http.Header) http.Header {
	header := from.Clone()
	for _, name := range []string{"Upgrade", "Connection", "Sec-Websocket-Accept", "Sec-Websocket-Extensions", "Content-Length", "Transfer-Encoding"} {
		header.Del(name)
	}
	return header
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

// recorder keeps what gorilla reads of a handshake, and keeps the connection open when gorilla
// closes it: its Dialer gives only the first 1,024 bytes of a refusal's body.
type recorder struct {
	net.Conn
	read     bytes.Buffer
	released bool
}

func (c *recorder) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.released {
		c.read.Write(p[:n])
	}
	return n, err
}

func (c *recorder) Close() error {
	if c.released {
		return c.Conn.Close()
	}
	return nil
}

// release makes it an ordinary connection.
func (c *recorder) release() { c.released, c.read = true, bytes.Buffer{} }

// response reads the answer again, from its first byte. Its body closes the connection.
func (c *recorder) response() (*http.Response, error) {
	answer, err := http.ReadResponse(bufio.NewReader(io.MultiReader(bytes.NewReader(c.read.Bytes()), c.Conn)), nil)
	if err != nil {
		c.Conn.Close()
		return nil, err
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{answer.Body, c.Conn}
	return answer, nil
}
