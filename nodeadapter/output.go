package nodeadapter

import (
	"bufio"
	"io"
	"strings"
	"sync"
)

// maxLine bounds a line of the app's output that is kept in memory: a longer one goes on in pieces.
const maxLine = 256 << 10

// lineWriter lets stdout and stderr share one writer without cutting each other's lines.
type lineWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (l *lineWriter) write(line string) {
	if l.to == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	io.WriteString(l.to, line)
}

// pump copies whole lines until the pipe ends. A last line without a line feed gets one, so that
// the next writer of the terminal starts on its own line.
func pump(from *bufio.Reader, to *lineWriter, mapLine func(string) string) {
	var line strings.Builder
	flush := func() {
		text := line.String()
		line.Reset()
		if mapLine != nil {
			text = mapLine(strings.TrimSuffix(text, "\n")) + "\n"
		}
		to.write(text)
	}
	for {
		piece, err := from.ReadSlice('\n')
		line.Write(piece)
		switch {
		case err == nil:
			flush()
		case err == bufio.ErrBufferFull && line.Len() < maxLine:
		case err == bufio.ErrBufferFull:
			line.WriteByte('\n')
			flush()
		default:
			if line.Len() > 0 {
				line.WriteByte('\n')
				flush()
			}
			return
		}
	}
}
