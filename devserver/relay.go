package devserver

import (
	"bytes"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// What two sockets need to be one session: messages, and the way that one ended told to the other.

const (
	// readLimit stands a little above the largest message that the runtime takes (1 MiB), so
	// that the decision, and its 1009, is the runtime's; it only bounds this process's memory.
	readLimit = 1<<20 + 64<<10
	// stalledWrite ends a browser that takes nothing for so long; the worker has given it up
	// (1013) long before.
	stalledWrite = 30 * time.Second
	// closeGrace is the wait for the other half of a closing handshake.
	closeGrace = 2 * time.Second
)

// messageBuffers are shared, since an idle session is what there is most of.
var messageBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// eachMessage gives whole messages to take until the connection can't be read any more, or take
// fails. The text is only lent.
func eachMessage(from *websocket.Conn, take func(kind int, text []byte) error) error {
	for {
		kind, reader, err := from.NextReader()
		if err != nil {
			return err
		}
		buffer := messageBuffers.Get().(*bytes.Buffer)
		buffer.Reset()
		if _, err = buffer.ReadFrom(reader); err == nil {
			err = take(kind, buffer.Bytes())
		}
		messageBuffers.Put(buffer)
		if err != nil {
			return err
		}
	}
}

// errNotUTF8 says that a text message was none; gorilla leaves that check to its user.
var errNotUTF8 = errors.New("a text message is not UTF-8")

// closeOf gives the code and reason of a close frame (1005 is one without a code). It is false for a
// connection that was cut, which gorilla calls 1006.
func closeOf(err error) (closed *websocket.CloseError, ok bool) {
	return closed, errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure
}

// sendClose sends a close frame and gives the closing handshake its time; where that fails, it
// cuts the connection. The reader of the connection notices either.
func sendClose(to *websocket.Conn, code int, reason string) (sent bool) {
	return sendCloseBy(to, code, reason, time.Now().Add(closeGrace))
}

func sendCloseBy(to *websocket.Conn, code int, reason string, deadline time.Time) bool {
	if to.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), deadline) != nil {
		to.NetConn().Close()
		return false
	}
	to.SetReadDeadline(deadline)
	return true
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
