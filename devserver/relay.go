package devserver

import (
	"bytes"
	"errors"
	"net"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

const (
	// readLimit stands a little above the largest message that the runtime takes (1 MiB), so
	// that the decision, and its 1009, is the runtime's; it only bounds this process's memory.
	readLimit = 1<<20 + 64<<10
	// stalledWrite ends a browser that takes nothing for so long; the worker has given it up
	// (1013) long before.
	stalledWrite = 30 * time.Second
	// closeGrace is the wait for the other half of a closing handshake.
	closeGrace = 2 * time.Second
	// keptBuffer is the largest buffer that an idle session keeps.
	keptBuffer = 64 << 10
)

// relay carries messages both ways until one side ends, and the way it ended to the other: a
// close frame with its code and reason, or a cut. It queues nothing: who reads slowly is felt by
// the sender through TCP, and limits stay the runtime's.
func (h *handler) relay(browser, worker *websocket.Conn) {
	browser.SetReadLimit(readLimit)
	forwardPings(browser, worker)
	fromBrowser, fromWorker := make(chan error, 1), make(chan error, 1)
	var pumps sync.WaitGroup
	pumps.Go(func() { fromBrowser <- pump(browser, worker, 0, true) })
	pumps.Go(func() { fromWorker <- pump(worker, browser, stalledWrite, false) })

	select {
	case err := <-fromBrowser:
		if passClose(err, worker) {
			browser.NetConn().Close() // gorilla answered the close frame; the browser waits for the end
			wait(fromWorker)
		} else {
			worker.NetConn().Close()
			linger(browser, err)
		}
	case err := <-fromWorker:
		if passClose(err, browser) {
			wait(fromBrowser)
		}
	case <-h.stopping:
		going := &websocket.CloseError{Code: websocket.CloseGoingAway, Text: "the development server ends"}
		passClose(going, worker)
		if passClose(going, browser) {
			wait(fromBrowser)
		}
	}
	browser.NetConn().Close()
	worker.NetConn().Close()
	pumps.Wait()
}

// errNotUTF8 says that a text message was none; gorilla leaves that check to its user.
var errNotUTF8 = errors.New("a text message is not UTF-8")

// pump copies messages until from fails, and returns why. A failed write closes to, whose own
// pump then ends; reading goes on, so that a close frame already under way is still seen.
func pump(from, to *websocket.Conn, writeTimeout time.Duration, checkText bool) error {
	var buffer bytes.Buffer
	for failed := false; ; {
		kind, reader, err := from.NextReader()
		if err != nil {
			return err
		}
		if buffer.Reset(); buffer.Cap() > keptBuffer {
			buffer = bytes.Buffer{}
		}
		if _, err := buffer.ReadFrom(reader); err != nil {
			return err
		}
		if checkText && kind == websocket.TextMessage && !utf8.Valid(buffer.Bytes()) {
			sendClose(from, websocket.CloseInvalidFramePayloadData, "")
			return errNotUTF8
		}
		if failed {
			continue
		}
		if writeTimeout > 0 {
			to.SetWriteDeadline(time.Now().Add(writeTimeout))
		}
		if err := to.WriteMessage(kind, buffer.Bytes()); err != nil {
			failed = true
			to.NetConn().Close()
		}
	}
}

// forwardPings lets the worker's pings ask the browser, not this process: a session is alive
// only if its browser is. A client's own pings are answered here (gorilla's default).
func forwardPings(browser, worker *websocket.Conn) {
	pass := func(kind int, to *websocket.Conn) func(string) error {
		return func(data string) error {
			to.WriteControl(kind, []byte(data), time.Now().Add(time.Second))
			return nil // a lost ping is not the end: the worker counts them
		}
	}
	worker.SetPingHandler(pass(websocket.PingMessage, browser))
	browser.SetPongHandler(pass(websocket.PongMessage, worker))
}

// passClose tells a side how the other one ended: with its close frame if there was one (1005 is
// one without a code), else by cutting the connection, which both ends see as 1006.
func passClose(err error, to *websocket.Conn) (clean bool) {
	var closed *websocket.CloseError
	if !errors.As(err, &closed) || closed.Code == websocket.CloseAbnormalClosure {
		to.NetConn().Close()
		return false
	}
	return sendClose(to, closed.Code, closed.Text) == nil
}

func sendClose(to *websocket.Conn, code int, reason string) error {
	return to.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(closeGrace))
}

// linger lets a close frame for a broken message (1002, 1007, 1009) arrive: closing a connection
// with unread bytes resets it, and the client would see 1006.
func linger(conn *websocket.Conn, err error) {
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		return // the other side is gone
	}
	raw := conn.NetConn()
	if half, ok := raw.(*net.TCPConn); ok {
		half.CloseWrite()
	}
	raw.SetReadDeadline(time.Now().Add(closeGrace))
	var waste [4 << 10]byte
	for read := 0; read < readLimit; {
		n, err := raw.Read(waste[:])
		if err != nil {
			return
		}
		read += n
	}
}

// wait gives the closing handshake its time.
func wait(ended <-chan error) {
	timer := time.NewTimer(closeGrace)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	}
}
