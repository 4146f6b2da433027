//go:build linux || darwin || freebsd || netbsd || openbsd

package tty

import (
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Keyboard reads single keys. Its terminal neither waits for Enter nor shows what is typed, and still
// makes signals of Ctrl-C and Ctrl-\. Ctrl-Z is a key, since Go can't go back to a signal's default once
// it has listened to it; the keyboard then stops the process itself. In the background it leaves the
// terminal alone: that is another program's then.
type Keyboard struct {
	fd      int
	keys    chan byte
	signals chan os.Signal
	stop    chan struct{} // closed by Close
	wakeup  *os.File      // closed by Close, which makes woken readable
	woken   *os.File
	ended   sync.WaitGroup

	mu     sync.Mutex   // Protects following.
	found  unix.Termios // the modes to go back to
	inside bool         // our modes are in force
	paused bool         // about to be stopped, or stopped
	closed bool
}

const (
	// backgroundPause is how often a program in the background looks whether it is in front again:
	// not every shell sends a signal then.
	backgroundPause = 200 * time.Millisecond
	// stopPatience is for Ctrl-Z where nothing can stop the process (nobody could continue it).
	stopPatience = time.Second
)

func isTerminal(file *os.File) bool {
	_, err := unix.IoctlGetTermios(int(file.Fd()), getTermios)
	return err == nil
}

// OpenKeyboard begins to read keys. The caller must Close the keyboard.
func OpenKeyboard(in *os.File) (*Keyboard, error) {
	if !Is(in) {
		return nil, errors.New("not a terminal")
	}
	woken, wakeup, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	k := &Keyboard{fd: int(in.Fd()), keys: make(chan byte), signals: make(chan os.Signal, 4),
		stop: make(chan struct{}), woken: woken, wakeup: wakeup}
	opened.Store(k)
	signal.Notify(k.signals, syscall.SIGCONT)
	if !signal.Ignored(syscall.SIGQUIT) {
		signal.Notify(k.signals, syscall.SIGQUIT)
	}
	k.enter()
	k.ended.Go(k.run)
	k.ended.Go(k.followSignals)
	return k, nil
}

// Keys delivers what is pressed. It is closed when the terminal has gone, and by Close.
func (k *Keyboard) Keys() <-chan byte { return k.keys }

// Close restores the terminal and ends reading.
func (k *Keyboard) Close() {
	k.mu.Lock()
	again := k.closed
	k.closed = true
	k.mu.Unlock()
	if again {
		return
	}
	signal.Stop(k.signals)
	k.restore()
	close(k.stop)
	k.wakeup.Close()
	k.ended.Wait()
	k.woken.Close()
	opened.CompareAndSwap(k, nil)
}

// inFront says whether the terminal is ours at the moment. One that controls no jobs always is.
func (k *Keyboard) inFront() bool {
	group, err := unix.IoctlGetInt(k.fd, unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}

// enter sets our modes; again after somebody else may have set theirs.
func (k *Keyboard) enter() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed || k.paused || !k.inFront() {
		return
	}
	modes, err := unix.IoctlGetTermios(k.fd, getTermios)
	if err != nil {
		return
	}
	if !k.inside {
		k.found = *modes
	}
	modes.Lflag &^= unix.ICANON | unix.ECHO
	modes.Cc[unix.VMIN], modes.Cc[unix.VTIME], modes.Cc[unix.VSUSP] = 1, 0, disabled
	k.inside = unix.IoctlSetTermios(k.fd, setTermios, modes) == nil
}

// restore sets the modes that were there.
func (k *Keyboard) restore() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.inside && k.inFront() {
		unix.IoctlSetTermios(k.fd, setTermios, &k.found)
	}
	k.inside = false
}

// suspend is Ctrl-Z.
const suspend = 'Z' - '@'

// suspend stops the whole process group, as the terminal would have done. The shell continues it.
func (k *Keyboard) suspend() {
	k.pause()
	syscall.Kill(0, syscall.SIGTSTP)
	time.AfterFunc(stopPatience, k.resume)
}

// run reads until the keyboard is closed or the terminal is gone.
func (k *Keyboard) run() {
	defer close(k.keys)
	var typed [256]byte
	for {
		front := k.inFront()
		if front {
			k.enter()
		}
		ready, closed := k.wait(front)
		if closed {
			return
		}
		if !ready || !k.inFront() {
			continue
		}
		n, err := unix.Read(k.fd, typed[:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if n <= 0 || err != nil {
			return
		}
		// Several bytes at once are an arrow, a letter that is no command, or pasted text: a "q" in
		// that must end nothing.
		if n > 1 {
			continue
		}
		if typed[0] == suspend {
			k.suspend()
			continue
		}
		select {
		case k.keys <- typed[0]:
		case <-k.stop:
		}
	}
}

// wait returns when something was typed, or when it is time to look around. Reading without it would
// stop the process while it is in the background.
func (k *Keyboard) wait(front bool) (ready, closed bool) {
	var set unix.FdSet
	wake := int(k.woken.Fd())
	set.Set(wake)
	var limit *unix.Timeval
	if front {
		set.Set(k.fd)
	} else {
		pause := unix.NsecToTimeval(int64(backgroundPause))
		limit = &pause
	}
	n, err := unix.Select(max(wake, k.fd)+1, &set, nil, nil, limit)
	if err != nil || n == 0 {
		return false, false
	}
	return set.IsSet(k.fd), set.IsSet(wake)
}

// followSignals sets our modes again when the process goes on, and gives the terminal back before the
// process ends with a dump of its stacks.
func (k *Keyboard) followSignals() {
	for {
		select {
		case one := <-k.signals:
			if one == syscall.SIGCONT {
				k.resume()
				continue
			}
			k.pause()
			signal.Reset(one)
			syscall.Kill(syscall.Getpid(), syscall.SIGQUIT)
		case <-k.stop:
			return
		}
	}
}

// pause restores the terminal until resume.
func (k *Keyboard) pause() {
	k.mu.Lock()
	k.paused = true
	k.mu.Unlock()
	k.restore()
}

func (k *Keyboard) resume() {
	k.mu.Lock()
	k.paused = false
	k.mu.Unlock()
	k.enter()
}
