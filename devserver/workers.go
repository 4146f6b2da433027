package devserver

import (
	"context"
	"fmt"
	"sync"
	"time"

	"eclipsa/nodeadapter"
	"eclipsa/transform"
)

const (
	// A worker that lives shorter than shortLife and does so maxShortLives times in a row is not
	// started again until something changes: its code ends it.
	shortLife     = 2 * time.Second
	maxShortLives = 3
)

// workers is the current worker and what it takes to replace it. Its methods run on the pipeline's
// goroutine; the start runs beside it.
type workers struct {
	p        *pipeline
	started  chan started
	current  *nodeadapter.Worker
	previous *nodeadapter.Worker // goes on until the next one has started
	failed   error
	since    time.Time
	short    int
	starting sync.WaitGroup
	cancel   context.CancelFunc
}

type started struct {
	worker *nodeadapter.Worker
	err    error
}

func newWorkers(p *pipeline) *workers { return &workers{p: p} }

// start begins to start a worker; get waits for it.
func (w *workers) start(ctx context.Context) {
	ctx, w.cancel = context.WithCancel(ctx)
	w.started, w.current, w.failed, w.since = make(chan started, 1), nil, nil, time.Now()
	w.p.external = ""
	options := nodeadapter.Options{Root: w.p.app.Root, Env: environ(w.p.env), Output: w.p.print.output(), MapLine: w.p.mapLine}
	w.starting.Go(func() {
		script, err := nodeadapter.FindScript(options.Root, w.p.eclipsa)
		if err != nil {
			w.started <- started{nil, err}
			return
		}
		options.Script = script
		worker, err := nodeadapter.Start(ctx, w.p.node, options)
		if err == nil {
			go func() { // requests and sessions learn of its end at once, whatever the pipeline does
				<-worker.Exited()
				w.p.target.lose(worker.Secret())
			}()
		}
		w.started <- started{worker, err}
	})
}

// get waits until the worker has started; nil means that there is none (see problem).
func (w *workers) get(ctx context.Context) *nodeadapter.Worker {
	if w.current == nil && w.failed == nil {
		got := <-w.started
		w.retire(ctx)
		if got.err != nil {
			w.giveUp(fmt.Errorf("the worker did not start: %w", got.err))
		} else {
			w.current = got.worker
		}
	}
	return w.current
}

// giveUp makes requests see why there is no worker, instead of waiting for one.
func (w *workers) giveUp(err error) {
	w.current, w.failed = nil, err
	w.p.setLoaded(false)
	w.p.setFailure(w.problem())
	w.p.target.set(noBackend)
}

// gaveUp says that a change should start a worker again.
func (w *workers) gaveUp() bool { return w.failed != nil }

// problem is why there is no worker.
func (w *workers) problem() []transform.Diagnostic {
	if w.failed == nil {
		return nil
	}
	return []transform.Diagnostic{textDiagnostic(w.failed.Error(), "The terminal may say more. The next change starts it again.")}
}

// ended is closed when the current worker has ended by itself.
func (w *workers) ended() <-chan struct{} {
	if w.current == nil {
		return nil
	}
	return w.current.Done()
}

// restart replaces a worker that ended, and gives the new one everything.
func (w *workers) restart(ctx context.Context) {
	reason := w.current.Reason()
	w.p.target.set(backend{})
	if w.short++; time.Since(w.since) > shortLife {
		w.short = 1
	}
	if w.short >= maxShortLives {
		w.short = 0
		w.giveUp(fmt.Errorf("the app's code ends the worker again and again (%s): does something call process.exit()?", reason))
		w.p.report(w.problem())
		return
	}
	w.p.print.warn(fmt.Sprintf("the worker ended (%s), starting it again", reason))
	w.p.setLoaded(false)
	w.start(ctx)
	w.p.loadAndReport(ctx, outcome{sent: [2][]string{server: w.p.everything()}})
}

// replace begins a planned restart: the next worker starts beside the one that serves. get ends that
// one when it is time to load the app's code, which never runs in two workers at once. The caller
// loads everything.
func (w *workers) replace(ctx context.Context) {
	if w.current == nil {
		w.stopStarted() // nobody has used it
	} else {
		w.previous = w.current
	}
	w.short = 0
	w.start(ctx)
}

// finishTime is how long a worker has to end what it has: drainTime for messages, and its own second
// for sessions and requests.
const finishTime = drainTime + 1200*time.Millisecond

// retire ends the worker that is replaced. Its sessions wait for the next one.
func (w *workers) retire(ctx context.Context) {
	old := w.previous
	if old == nil {
		return
	}
	w.previous = nil
	w.p.target.set(backend{})
	w.p.setLoaded(false)
	bounded, cancel := context.WithTimeout(ctx, finishTime)
	defer cancel()
	w.p.sessions.prepare(bounded, backend{old.Address(), old.Secret()})
	if old.Finish(bounded) == nil || ctx.Err() != nil {
		old.Stop()
	} else {
		old.Kill() // it is stuck, or has ended by itself
	}
}

// stop ends the worker and waits for it, also for one that is just starting.
func (w *workers) stop() {
	w.p.target.set(backend{})
	w.stopStarted()
	for _, worker := range []*nodeadapter.Worker{w.previous, w.current} {
		if worker != nil {
			worker.Stop()
		}
	}
}

// stopStarted ends a worker that get has not given to anybody.
func (w *workers) stopStarted() {
	if w.cancel != nil {
		w.cancel()
	}
	w.starting.Wait()
	select {
	case got := <-w.started:
		if got.worker != nil {
			got.worker.Stop()
		}
	default:
	}
}
