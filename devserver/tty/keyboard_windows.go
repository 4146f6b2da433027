package tty

import (
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/windows"
)

// Keyboard reads single keys. Its console neither waits for Enter nor shows what is typed; Ctrl-C is
// still a signal.
type Keyboard struct {
	console windows.Handle
	keys    chan byte
	stop    chan struct{}
	once    sync.Once
	found   uint32
}

// isTerminal also makes a console understand colours.
func isTerminal(file *os.File) bool {
	var mode uint32
	console := windows.Handle(file.Fd())
	if windows.GetConsoleMode(console, &mode) != nil {
		return false
	}
	if file != os.Stdin {
		windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING)
	}
	return true
}

// OpenKeyboard begins to read keys. The caller must Close the keyboard.
func OpenKeyboard(in *os.File) (*Keyboard, error) {
	if !Is(in) {
		return nil, errors.New("not a terminal")
	}
	k := &Keyboard{console: windows.Handle(in.Fd()), keys: make(chan byte), stop: make(chan struct{})}
	if err := windows.GetConsoleMode(k.console, &k.found); err != nil {
		return nil, err
	}
	if err := windows.SetConsoleMode(k.console, k.found&^(windows.ENABLE_LINE_INPUT|windows.ENABLE_ECHO_INPUT)); err != nil {
		return nil, err
	}
	opened.Store(k)
	go k.run(in) // ends with the process: a read of a console can't be called off
	return k, nil
}

// Keys delivers what is pressed. It is closed when the console has gone.
func (k *Keyboard) Keys() <-chan byte { return k.keys }

// Close restores the console.
func (k *Keyboard) Close() {
	k.once.Do(func() {
		k.pause()
		close(k.stop)
		opened.CompareAndSwap(k, nil)
	})
}

// pause restores the console.
func (k *Keyboard) pause() { windows.SetConsoleMode(k.console, k.found) }

func (k *Keyboard) run(in *os.File) {
	defer close(k.keys)
	var typed [256]byte
	for {
		n, err := in.Read(typed[:])
		if err != nil {
			return
		}
		if n != 1 { // pasted text is no command
			continue
		}
		select {
		case k.keys <- typed[0]:
		case <-k.stop:
			return
		}
	}
}
