package nodeadapter

import (
	"errors"
	"os"
	"time"
)

// outputGrace is how long output is still read after the process has ended: a process that the
// app started may hold the other end of the pipes for ever.
const outputGrace = 300 * time.Millisecond

// pipes are the worker's stdout and stderr. exec.Cmd's own pipes are no use here, since its Wait
// closes them, which loses the last lines of a process that crashed.
type pipes struct {
	stdout, stderr, stdoutWrite, stderrWrite *os.File
}

func newPipes() (*pipes, error) {
	var p pipes
	var first, second error
	p.stdout, p.stdoutWrite, first = os.Pipe()
	p.stderr, p.stderrWrite, second = os.Pipe()
	if err := errors.Join(first, second); err != nil {
		p.closeRead()
		p.closeWrite()
		return nil, err
	}
	return &p, nil
}

// endSoon lets reads fail after outputGrace.
func (p *pipes) endSoon() {
	deadline := time.Now().Add(outputGrace)
	p.stdout.SetReadDeadline(deadline)
	p.stderr.SetReadDeadline(deadline)
}

// Closing a nil *os.File is an error that nobody needs.
func (p *pipes) closeRead()  { p.stdout.Close(); p.stderr.Close() }
func (p *pipes) closeWrite() { p.stdoutWrite.Close(); p.stderrWrite.Close() }
