package devserver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"eclipsa/nodeadapter"

	"github.com/gorilla/websocket"
)

// handshake is a browser's upgrade request as workers see it, the first one and those after it.
type handshake struct {
	path   string // for people: the query holds the input (S27)
	target string // path and query for the request line
	header http.Header
}

func newHandshake(r *http.Request) handshake {
	// gorilla parses the URL only for its request line: it has to come out as it came in.
	path, query, _ := strings.Cut(r.RequestURI, "?")
	return handshake{path: r.URL.Path, target: encodeTarget(path, query), header: handshakeHeader(r)}
}

// workerBuffers are shared: most sessions write nothing at any moment.
var workerBuffers sync.Pool

// dial repeats the browser's handshake at a worker, within handshakeTimeout. An answer other than
// 101 comes back whole, without a connection. The end of ctx ends the handshake and such an answer.
func (s handshake) dial(ctx context.Context, to backend) (*websocket.Conn, *http.Response, error) {
	var recorded *recorder
	dialer := websocket.Dialer{
		HandshakeTimeout: handshakeTimeout,
		ReadBufferSize:   1 << 10,
		WriteBufferPool:  &workerBuffers,
		NetDialContext: func(bounded context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(bounded, network, to.address)
			if err != nil {
				return nil, err
			}
			// gorilla looks at the context's deadline only.
			recorded = &recorder{Conn: conn, forget: context.AfterFunc(ctx, func() { conn.Close() })}
			return recorded, nil
		},
	}
	header := s.header.Clone()
	header.Set(nodeadapter.SecretHeader, to.secret)
	conn, answer, err := dialer.DialContext(ctx, "ws://"+to.address+s.target, header)
	if recorded == nil {
		return nil, nil, err
	}
	if err == nil {
		recorded.release()
		conn.NetConn().SetDeadline(time.Time{})
		return conn, answer, nil
	}
	if !errors.Is(err, websocket.ErrBadHandshake) || answer.StatusCode == http.StatusSwitchingProtocols {
		recorded.forget()
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
func handshakeHeader(r *http.Request) http.Header {
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

// recorder keeps what gorilla reads of a handshake, and keeps the connection open when gorilla
// closes it: its Dialer gives only the first 1,024 bytes of a refusal's body.
type recorder struct {
	net.Conn
	forget   func() bool // of the context that would close it
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
func (c *recorder) release() {
	c.forget()
	c.released, c.read = true, bytes.Buffer{}
}

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
