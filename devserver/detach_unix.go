//go:build !windows

package devserver

import (
	"os/exec"
	"syscall"
)

// detach gives a program a session of its own: a terminal's Ctrl-C is not meant for it.
func detach(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
