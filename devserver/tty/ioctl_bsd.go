//go:build darwin || freebsd || netbsd || openbsd

package tty

import "golang.org/x/sys/unix"

const getTermios, setTermios = unix.TIOCGETA, unix.TIOCSETA

// disabled is what makes a control character an ordinary one (_POSIX_VDISABLE).
const disabled = 0xff
