// Package tty is what the commands ask of the terminal that they run in: is there one, does its
// reader want colours, and which keys are pressed (without Enter).
package tty

import (
	"io"
	"os"
	"sync/atomic"
)

// Is says whether a stream is a terminal. /dev/null is a character device too, and none.
func Is(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && file != nil && isTerminal(file)
}

// Colours says whether to write colours to a stream: FORCE_COLOR decides if it is set, then NO_COLOR,
// then whether somebody can see them.
func Colours(w io.Writer) bool {
	switch forced, set := os.LookupEnv("FORCE_COLOR"); {
	case set && (forced == "0" || forced == "false"):
		return false
	case set:
		return true
	}
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && Is(w)
}

// opened is the keyboard whose modes are to be undone before the process ends. There is one terminal
// a process, and so one keyboard.
var opened atomic.Pointer[Keyboard]

// Restore gives the terminal back as it was found, if a keyboard is open. It is for ends that run no
// deferred calls: os.Exit, and a panic on another goroutine. It may be called at any time.
func Restore() {
	if k := opened.Load(); k != nil {
		k.pause()
	}
}

// Guard runs f and restores the terminal if f panics: the panic of one goroutine ends the process
// without the deferred calls of the others.
func Guard(f func()) {
	returned := false
	defer func() {
		if !returned {
			Restore()
		}
	}()
	f()
	returned = true
}
