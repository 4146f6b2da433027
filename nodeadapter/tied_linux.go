package nodeadapter

import (
	"os/exec"
	"runtime"
	"syscall"
)

// startTied starts a process that the kernel kills when this one is killed. A worker ends by itself when
// its stdin closes, but not while the app's code never comes to an end.
func startTied(command *exec.Cmd, exited <-chan struct{}) error {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		// The kernel means the end of the thread that started the process, so that this one has to last.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			<-exited
		}
	}()
	return <-started
}
