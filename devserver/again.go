package devserver

import "context"

// A page that failed is tried again when somebody loads it again: what its modules did not find at their start (a
// database, a file elsewhere) may be there now, and no save tells of it.

// tryAgain waits until the worker has evaluated what failed, if the last page was an error of the app's.
func (p *project) tryAgain(ctx context.Context) {
	if !p.stumbled.CompareAndSwap(true, false) {
		return
	}
	done := make(chan struct{})
	select {
	case p.again <- done:
	case <-ctx.Done():
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// evaluateAgain is the main loop's part. The worker evaluates what failed with every load, an empty one too.
func (p *pipeline) evaluateAgain(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	p.loadAndReport(ctx, outcome{})
}
