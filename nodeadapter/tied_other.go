//go:build !linux

package nodeadapter

import "os/exec"

// startTied is more on Linux only.
func startTied(command *exec.Cmd, _ <-chan struct{}) error { return command.Start() }
