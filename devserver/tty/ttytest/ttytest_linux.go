// Package ttytest runs programs in a terminal of their own, for tests.
package ttytest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds waits: never a measure.
const patience = 10 * time.Second

// Terminal is a pseudo terminal with a program in it.
type Terminal struct {
	t       *testing.T
	command *exec.Cmd
	master  *os.File
	ended   chan struct{} // closed when the program has ended

	mu   sync.Mutex // Protects following.
	text bytes.Buffer
	seen int // what Until has found already
}

// Start runs a program in a new session, as the one that a new terminal is for. It is killed, by its
// own id, when the test ends before it does.
func Start(t *testing.T, command *exec.Cmd) *Terminal {
	t.Helper()
	master, slave := open(t)
	defer slave.Close()
	term := &Terminal{t: t, command: command, master: master, ended: make(chan struct{})}
	command.Stdin, command.Stdout, command.Stderr = slave, slave, slave
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	go term.read()
	go func() {
		command.Wait()
		close(term.ended)
	}()
	t.Cleanup(func() {
		command.Process.Kill()
		<-term.ended
		master.Close()
		if t.Failed() {
			t.Logf("terminal:\n%s", term.Text())
		}
	})
	return term
}

func open(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals here: ", err)
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

func (term *Terminal) read() {
	var piece [4096]byte
	for {
		n, err := term.master.Read(piece[:])
		term.mu.Lock()
		term.text.Write(piece[:n])
		term.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Text is everything that the terminal has shown.
func (term *Terminal) Text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.text.String()
}

// Until waits for a text that comes after what the last Until found, and returns what stands before it.
func (term *Terminal) Until(text string) (before string) {
	term.t.Helper()
	term.wait(fmt.Sprintf("%q", text), func() (found bool) {
		before, found = term.find(text)
		return found
	})
	return before
}

// PressUntil types a key again and again until it has an effect: what is typed in one moment arrives as one.
func (term *Terminal) PressUntil(key, text string) (before string) {
	term.t.Helper()
	term.wait(fmt.Sprintf("%q", text), func() (found bool) {
		term.Press(key)
		before, found = term.find(text)
		return found
	})
	return before
}

func (term *Terminal) find(text string) (before string, found bool) {
	term.mu.Lock()
	defer term.mu.Unlock()
	rest := term.text.String()[term.seen:]
	at := strings.Index(rest, text)
	if at < 0 {
		return "", false
	}
	term.seen += at + len(text)
	return rest[:at], true
}

func (term *Terminal) wait(what string, probe func() bool) {
	term.t.Helper()
	for deadline := time.Now().Add(patience); !probe(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			term.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// Press types keys.
func (term *Terminal) Press(keys string) {
	term.t.Helper()
	if _, err := term.master.WriteString(keys); err != nil {
		term.t.Fatal(err)
	}
}

// Signal sends a signal to the program alone.
func (term *Terminal) Signal(one syscall.Signal) { term.command.Process.Signal(one) }

// UntilLines waits for the modes in which a terminal waits for Enter and shows what is typed, or
// (want false) for those in which it does neither.
func (term *Terminal) UntilLines(want bool) {
	term.t.Helper()
	term.wait(fmt.Sprintf("line mode %t", want), func() bool {
		modes, err := unix.IoctlGetTermios(int(term.master.Fd()), unix.TCGETS)
		if err != nil {
			term.t.Fatal(err)
		}
		const line = unix.ICANON | unix.ECHO
		return modes.Lflag&line == line == want && (want || modes.Lflag&line == 0)
	})
}

// HasEnded says whether the program has ended.
func (term *Terminal) HasEnded() bool {
	select {
	case <-term.ended:
		return true
	default:
		return false
	}
}

// End waits for the program's end and returns its exit code, -1 after a signal.
func (term *Terminal) End() int { return term.EndPressing("") }

// EndPressing types a key again and again until the program has ended.
func (term *Terminal) EndPressing(key string) int {
	term.t.Helper()
	term.wait("the end", func() bool {
		if !term.HasEnded() {
			term.Press(key)
		}
		return term.HasEnded()
	})
	return term.command.ProcessState.ExitCode()
}
