package devserver

import "bytes"

const (
	// queuedMessages and queuedBytes bound what a browser may send while there is no worker.
	queuedMessages = 1024
	queuedBytes    = 1 << 20
)

// queue holds a session's messages that wait for a worker, in the order of their arrival.
type queue struct {
	messages []queued
	bytes    int
}

type queued struct {
	kind int
	text []byte
}

// push adds a copy of a message, or says that there is no room. One message always fits.
func (q *queue) push(kind int, text []byte) bool {
	if len(q.messages) > 0 && (len(q.messages) == queuedMessages || q.bytes+len(text) > queuedBytes) {
		return false
	}
	q.messages = append(q.messages, queued{kind, bytes.Clone(text)})
	q.bytes += len(text)
	return true
}

// first is the message that waits longest; it stays until drop, since its delivery may fail.
func (q *queue) first() (message queued, ok bool) {
	if len(q.messages) == 0 {
		return queued{}, false
	}
	return q.messages[0], true
}

// drop forgets the first message.
func (q *queue) drop() {
	q.bytes -= len(q.messages[0].text)
	q.messages[0] = queued{}
	if q.messages = q.messages[1:]; len(q.messages) == 0 {
		q.messages = nil
	}
}
