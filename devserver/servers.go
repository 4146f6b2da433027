package devserver

import (
	"context"
	"fmt"
	"net"
	"slices"
	"time"

	"eclipsa/app"
	"eclipsa/transform"
)

// servers are the dev servers of one run: one, and another when settings change that a running server
// can't change (its port, its address, its base).
type servers struct {
	options Options
	print   *printer
	node    string
	began   time.Time // of the start of the current one

	next  *app.App // for another server after this one; nil ends the run
	about string   // why there is another
	port  int      // of the last server, which the next one takes if it can
	// mistakes are why the settings that were asked for can't be.
	mistakes []transform.Diagnostic
	// unusable is why the first server has nothing to show: mistakes in app/ itself.
	unusable []transform.Diagnostic
}

// run runs one server after the other until ctx ends. Where new settings can't be, the last ones go on.
func (s *servers) run(ctx context.Context, a *app.App) error {
	var good *app.App
	for {
		s.next = nil
		ran, err := s.serve(ctx, a)
		switch {
		case err != nil && !ran && good != nil:
			s.mistakes = problemDiagnostics(a.Root, err)
			a, good = good, nil
		case err != nil || s.next == nil || ctx.Err() != nil:
			return err
		default:
			if s.next.Settings.Port != a.Settings.Port {
				s.port = 0
			}
			a, good, s.mistakes = s.next, a, nil
		}
		s.began = time.Now()
	}
}

// serve runs one server; ran says that it came as far as listening.
func (s *servers) serve(ctx context.Context, a *app.App) (ran bool, err error) {
	p, err := newPipeline(a, s.options, s.print)
	if err != nil {
		return false, err
	}
	p.node = s.node
	p.misconfigured = slices.Concat(p.misconfigured, s.mistakes, s.unusable)
	p.unusable, p.unread, s.unusable = s.unusable, len(s.unusable) > 0, nil
	certificate, err := loadCertificate(a)
	if err != nil {
		return false, err
	}
	settings := a.Settings
	if s.port != 0 {
		settings.Port = s.port
	}
	listeners, taken, err := listen(settings)
	if err != nil {
		return false, err
	}
	watcher, err := newWatcher(p.root(), a.Settings.Poll)
	if watcher == nil {
		closeAll(listeners)
		return false, err
	}
	watcher.warn = func(err error) {
		p.print.warn(fmt.Sprintf("files can't be watched (%v): looking at them every %s instead", err, pollInterval))
	}
	if err != nil {
		watcher.warn(err)
	}
	p.watcher = watcher
	if taken != 0 {
		p.print.line("  port %d is in use, taking the next one", taken)
	}
	s.port = listeners[0].Addr().(*net.TCPAddr).Port
	return true, p.serve(ctx, s, listeners, certificate)
}

// tell says that a server is ready.
func (s *servers) tell(urls []string, keys bool) {
	took := time.Since(s.began)
	if s.about != "" {
		s.print.event("restart", s.about, took)
		s.print.urls(urls)
		return
	}
	s.print.started(s.options.Version, took, urls, keys)
}
