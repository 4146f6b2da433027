package devserver

import (
	"os/exec"
	"syscall"
)

// detach keeps a terminal's Ctrl-C from a program.
func detach(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
