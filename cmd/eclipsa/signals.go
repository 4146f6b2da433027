package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"eclipsa/devserver/tty"
)

// sameKey is how close two signals may be and still come from one Ctrl-C: npm hands on what the
// terminal has sent to the whole group already.
const sameKey = 300 * time.Millisecond

// startedApp is the process of `eclipsa start`. The worker of `eclipsa dev` needs no such care: it ends
// when its stdin closes.
var startedApp atomic.Pointer[os.Process]

// untilSignal is done when the process is asked to end. Being asked again ends it at once.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	asked := make(chan os.Signal, 4)
	for _, one := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(one) { // nohup
			signal.Notify(asked, one)
		}
	}
	go func() {
		cancel(&signalled{<-asked})
		for first := time.Now(); ; {
			if again := <-asked; time.Since(first) >= sameKey {
				tty.Restore()
				if child := startedApp.Load(); child != nil {
					child.Kill()
				}
				os.Exit(exitStatus(again))
			}
		}
	}()
	return ctx
}

// signalled is why the context of a command is done.
type signalled struct{ by os.Signal }

func (s *signalled) Error() string { return s.by.String() }

// exitStatus is what shells make of a signal.
func exitStatus(of os.Signal) int {
	if number, ok := of.(syscall.Signal); ok {
		return 128 + int(number)
	}
	return 1
}
