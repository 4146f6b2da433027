package devserver

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"eclipsa/app"
	"eclipsa/devserver/tty"
	"eclipsa/nodeadapter"
)

const (
	// headerTimeout and maxHeader bound what a stranger can make us hold: the limits of DESIGN.md
	// section 7. net/http adds 4 KiB to maxHeader by itself.
	headerTimeout = 10 * time.Second
	maxHeader     = 48<<10 - 4<<10
	// stopTimeout is how long requests may go on after the end was asked for.
	stopTimeout = 2 * time.Second
	// gcPercent lets the heap grow to four times what is alive: the collector then takes little of
	// a first build's time (1,000 modules: 200 takes 5 % more of the processor for 6 MiB less). From
	// memoryLimit on the collector works harder.
	gcPercent   = 300
	memoryLimit = 512 << 20
)

func run(ctx context.Context, options Options) error {
	defer tuneCollector()()
	s := &servers{options: options, print: newPrinter(options.Stdout, options.Stderr), began: time.Now()}
	node, err := nodeadapter.FindNode()
	if err != nil {
		return err
	}
	s.node = node
	a, err := app.Load(options.Root, options.Overrides...)
	if err != nil {
		var settingsErr error
		if a, settingsErr = app.LoadSettings(options.Root, options.Overrides...); settingsErr != nil {
			return err
		}
		s.unusable = problemDiagnostics(a.Root, err)
	}
	if err := nodeadapter.CheckNode(ctx, node); err != nil {
		return err
	}
	return s.run(ctx, a)
}

// tuneCollector trades memory for speed and returns what undoes that (tests run many servers).
func tuneCollector() (restore func()) {
	percent := debug.SetGCPercent(gcPercent)
	limit := debug.SetMemoryLimit(-1)
	if limit > memoryLimit {
		debug.SetMemoryLimit(memoryLimit)
	}
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

func loadCertificate(a *app.App) (*tls.Config, error) {
	files := a.Settings.HTTPS
	if files == nil {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(fromRoot(a, files.Cert), fromRoot(a, files.Key))
	if err != nil {
		return nil, &app.Problem{Text: "the certificate can't be used: " + err.Error(), Path: app.ConfigFile,
			Hint: `"https" names two PEM files: { "key": "key.pem", "cert": "cert.pem" }.`}
	}
	// WebSockets over HTTP/2 are another protocol, which gorilla doesn't speak.
	return &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}, nil
}

func fromRoot(a *app.App, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(a.Root, file)
}

// serve runs the parts until ctx ends: the watcher, the pipeline, the HTTP server. It waits for all.
func (p *pipeline) serve(ctx context.Context, s *servers, listeners []net.Listener, certificate *tls.Config) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.relisten = func(next *app.App, about string) {
		s.next, s.about = next, about
		cancel()
	}
	stopping := make(chan struct{})
	h := &handler{base: p.base, hosts: p.hosts, hub: p.hub, target: p.target, sessions: p.sessions,
		files: newPublicFiles(p.app.Root), project: p.project, print: p.print, stopping: stopping, verbose: p.options.Verbose}
	server := h.server()

	var parts sync.WaitGroup
	begin := func(part func()) { parts.Go(func() { tty.Guard(part) }) }
	begin(func() { p.watcher.run(ctx) })
	begin(func() { p.run(ctx) })
	failed := make(chan error, len(listeners))
	for _, listener := range listeners {
		if certificate != nil {
			listener = tls.NewListener(listener, certificate)
		}
		begin(func() {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
				cancel()
			}
		})
	}
	urls := addresses(p.app.Settings, listeners)
	keyboard := openKeyboard(p.options.Stdin, p.print)
	s.tell(urls, keyboard != nil)
	if p.app.Settings.Open && s.about == "" {
		openBrowser(urls[0])
	}
	if h.hosts.network {
		p.print.once("the server is reachable from the network, and shows the app's sources to whoever is on it")
	}
	if keyboard != nil {
		c := &console{keyboard: keyboard, print: p.print, urls: urls, restart: p.restart, quit: cancel}
		begin(func() { c.run(ctx) })
	}
	<-ctx.Done()
	close(stopping)
	end(server, &h.sockets)
	parts.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// server is the HTTP server of a handler, not yet listening.
func (h *handler) server() *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, MaxHeaderBytes: maxHeader, ErrorLog: h.print.quiet(),
		// "OPTIONS *" goes through our checks too.
		DisableGeneralOptionsHandler: true}
}

// end lets requests finish for a moment, and waits for sockets, which close themselves.
func end(server *http.Server, sockets *sync.WaitGroup) {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		server.Close()
	}
	sockets.Wait()
}

// environ is the worker's: the shell's, and what the .env files add.
func environ(env app.Env) []string {
	all := os.Environ()
	for _, name := range sortedKeys(env.File) {
		if _, set := os.LookupEnv(name); !set {
			all = append(all, name+"="+env.File[name])
		}
	}
	return all
}
