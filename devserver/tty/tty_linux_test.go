package tty_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"eclipsa/devserver/tty"
	"eclipsa/devserver/tty/ttytest"
)

// TestMain is also the program in the terminal: it shows the keys that it gets.
func TestMain(m *testing.M) {
	if os.Getenv("TTY_TEST_PROGRAM") == "" {
		os.Exit(m.Run())
	}
	keyboard, err := tty.OpenKeyboard(os.Stdin)
	if err != nil {
		fmt.Println(err)
		os.Exit(3)
	}
	fmt.Println("ready")
	for key := range keyboard.Keys() {
		fmt.Printf("<%c>\n", key)
		switch key {
		case 'q':
			keyboard.Close()
			os.Exit(0)
		case 'x':
			tty.Restore()
			os.Exit(4)
		case 'p':
			go tty.Guard(func() { panic("as asked") })
		}
	}
}

func program(t *testing.T) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(self)
	command.Env = append(os.Environ(), "TTY_TEST_PROGRAM=1")
	return command
}

func TestKeys(t *testing.T) {
	for _, end := range []struct {
		key  string
		code int
	}{{"q", 0}, {"x", 4}, {"p", 2}} {
		term := ttytest.Start(t, program(t))
		term.Until("ready")
		term.UntilLines(false)
		term.Press("h")
		term.Until("<h>")
		term.Press("pasted q") // several at once are no keys
		term.Press("\x1b[A")
		if between := term.PressUntil("z", "<z>"); strings.Contains(between, "<") {
			t.Errorf("got %q", between)
		}
		if code := term.EndPressing(end.key); code != end.code {
			t.Errorf("%s: exit code %d", end.key, code)
		}
		term.UntilLines(true)
		if end.key == "p" && !strings.Contains(term.Text(), "as asked") {
			t.Error("the panic is lost")
		}
	}
}

// TestJobs stops and continues the program from a shell, which sets no modes itself (dash) or its own.
func TestJobs(t *testing.T) {
	shell := exec.Command("/bin/sh", "-i")
	program := program(t)
	shell.Env = append(program.Env, "PS1=$ ", "ENV=", "PROGRAM="+program.Path)
	term := ttytest.Start(t, shell)
	term.Press("$PROGRAM\n")
	term.Until("ready")
	term.UntilLines(false)
	term.Press("\x1a")
	term.Until("topped") // every shell's word for it
	term.UntilLines(true)
	term.Press("fg\n")
	term.UntilLines(false)
	term.Press("h")
	term.Until("<h>")

	term.Press("\x1a")
	term.Until("topped")
	term.Press("bg\n")
	term.Press("echo sh''ell\n") // what is typed now is the shell's
	term.Until("shell")
	term.Press("fg\n")
	term.UntilLines(false)
	term.Press("i")
	if between := term.Until("<i>"); strings.Contains(between, "<") {
		t.Errorf("got %q", between)
	}
	term.Press("q")
	term.UntilLines(true)
	term.Press("exit 6\n")
	if code := term.End(); code != 6 {
		t.Errorf("exit code %d", code)
	}
}

func TestNoTerminal(t *testing.T) {
	command := program(t)
	command.Stdin = strings.NewReader("h")
	if output, _ := command.Output(); string(output) != "not a terminal\n" {
		t.Errorf("got %q", output)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if tty.Is(null) || tty.Is(io.Discard) || tty.Is((*os.File)(nil)) {
		t.Error("taken for a terminal")
	}
}

func TestColours(t *testing.T) {
	for _, test := range []struct {
		name, value string
		want        bool
	}{{"FORCE_COLOR", "1", true}, {"FORCE_COLOR", "", true}, {"FORCE_COLOR", "0", false}, {"NO_COLOR", "1", false}} {
		t.Run(test.name+"="+test.value, func(t *testing.T) {
			t.Setenv(test.name, test.value)
			if got := tty.Colours(io.Discard); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
