package tty

import "golang.org/x/sys/unix"

const getTermios, setTermios = unix.TCGETS, unix.TCSETS

// disabled is what makes a control character an ordinary one (_POSIX_VDISABLE).
const disabled = 0
