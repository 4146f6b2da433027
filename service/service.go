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
	"sync"
)

// Options of one service.
type Options struct {
	// Version is the program's own, which the plugin's must equal.
	Version string
	Stdin   io.Reader
	Stdout  io.Writer
}

// Run answers requests until stdin ends (the parent has ended, or wants no more) or ctx does. Its error
// is about a peer that does not speak the protocol.
func Run(ctx context.Context, options Options) error {
	s := &service{version: options.Version, out: options.Stdout, slots: make(chan struct{}, runtime.GOMAXPROCS(0)+1)}
	frames := bufio.NewReaderSize(options.Stdin, 64<<10)
	if err := s.greet(frames); err != nil {
		return quiet(err)
	}
	for ctx.Err() == nil {
		m, err := readMessage(frames)
		if err != nil {
			return quiet(err) // answers that are under way have nobody to read them
		}
		go s.serve(m)
	}
	return nil
}

// quiet takes the end of stdin for what it is.
func quiet(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

type service struct {
	version string
	slots   chan struct{} // bounds requests that work at the same time

	writing sync.Mutex // Protects out.
	out     io.Writer

	mu  sync.RWMutex // Protects following.
	app *openApp
}

// greet reads the first message: another version is refused before anything is asked of it.
func (s *service) greet(frames io.Reader) error {
	m, err := readMessage(frames)
	if err != nil {
		return err
	}
	hello, ok := m.Request.body.(*helloRequest)
	if !ok {
		return fmt.Errorf("the first message must be \"hello\", not %q", m.Request.kind)
	}
	answer, err := s.hello(hello)
	s.answer(m.ID, answer, err)
	return err
}

func (s *service) serve(m message) {
	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	defer func() {
		if found := recover(); found != nil {
			s.answer(m.ID, nil, fmt.Errorf("%s failed: %v; please report this", m.Request.subject(), found))
		}
	}()
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
	case *formatRequest:
		return formatDiagnostics(body), nil
	}
	return nil, fmt.Errorf("there is no request %q", r.kind)
}

func (s *service) answer(id int, answer any, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	writeAnswer(s.out, id, answer, err)
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
