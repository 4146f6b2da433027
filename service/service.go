// Package service answers the Vite plugin: a child process that reads an app's folder and transforms its
// files, one request after the other or many at once, over frames on stdin and stdout. Vite itself
// bundles, serves and runs everybody else's plugins (DESIGN.md D9). The package writes no files.
package service

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"sync"
)

// Options of one service.
type Options struct {
	// Version is the program's own, which the plugin's must equal.
	Version string
	Stdin   io.Reader
	Stdout  io.Writer
	// Stderr gets the stacks of our own mistakes; nil drops them.
	Stderr io.Writer
}

// Run answers requests until stdin ends (the parent has ended, or wants no more) or ctx does. It doesn't
// wait for what is under way: nobody would read it, and the process is to end. Its error is about a
// peer that does not speak the protocol.
func Run(ctx context.Context, options Options) error {
	s := &service{version: options.Version, out: options.Stdout, log: options.Stderr, slots: make(chan struct{}, runtime.GOMAXPROCS(0)+1)}
	if s.log == nil {
		s.log = io.Discard
	}
	ended := make(chan error, 1)
	go func() { ended <- s.listen(bufio.NewReaderSize(options.Stdin, 64<<10)) }()
	select {
	case err := <-ended:
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		return err
	case <-ctx.Done(): // a read of stdin can't be cancelled
		return nil
	}
}

type service struct {
	version string
	log     io.Writer
	slots   chan struct{} // bounds transforms that work at the same time

	writing sync.Mutex // Protects out.
	out     io.Writer

	opening sync.Mutex // One reading of the folder at a time: what is kept is the last one.

	mu  sync.RWMutex // Protects following.
	app *openApp
}

func (s *service) listen(frames io.Reader) error {
	if isWelcome, err := s.greet(frames); !isWelcome {
		return err
	}
	for {
		m, err := readMessage(frames)
		if err != nil {
			return err
		}
		go s.serve(m)
	}
}

func readMessage(frames io.Reader) (message, error) {
	text, err := readFrame(frames)
	if err != nil {
		return message{}, err
	}
	return parseMessage(text)
}

// greet reads the first message: another version is refused before anything is asked of it. That is
// the plugin's to show, and no error here.
func (s *service) greet(frames io.Reader) (isWelcome bool, err error) {
	m, err := readMessage(frames)
	if err != nil {
		return false, err
	}
	hello, ok := m.Request.body.(*helloRequest)
	if !ok {
		err := fmt.Errorf("the first message must be \"hello\", not %q", m.Request.kind)
		s.answer(m.ID, nil, err)
		return false, err
	}
	answer, mismatch := s.hello(hello)
	s.answer(m.ID, answer, mismatch)
	return mismatch == nil, nil
}

func (s *service) serve(m message) {
	defer func() {
		if found := recover(); found != nil {
			fmt.Fprintf(s.log, "eclipsa: %s: %v\n%s", m.Request.subject(), found, debug.Stack())
			s.answer(m.ID, nil, fmt.Errorf("%s failed: %v; please report this", m.Request.subject(), found))
		}
	}()
	// The others are short, and wait for no queue of files.
	if _, isTransform := m.Request.body.(*transformRequest); isTransform {
		s.slots <- struct{}{}
		defer func() { <-s.slots }()
	}
	answer, err := s.handle(m.Request)
	s.answer(m.ID, answer, err)
}

func (s *service) handle(r request) (any, error) {
	switch body := r.body.(type) {
	case *helloRequest:
		return s.hello(body)
	case *openRequest:
		return s.open(body)
	case *manifestRequest:
		return s.manifest(body)
	case *transformRequest:
		return s.transform(body)
	case *externalRequest:
		return s.external(body)
	case *formatRequest:
		return formatDiagnostics(body), nil
	}
	return nil, r.broken
}

// answer does not report that nobody reads: stdin ends then.
func (s *service) answer(id int, answer any, err error) {
	frame := replyFrame(id, answer, err)
	s.writing.Lock()
	defer s.writing.Unlock()
	s.out.Write(frame)
}

// opened is the app that requests are about.
func (s *service) opened() (*openApp, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.app == nil {
		return nil, errors.New("no app is open: send \"open\" first")
	}
	return s.app, nil
}
