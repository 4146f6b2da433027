package nodeadapter

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// startTimeout bounds the wait for the port line. Node starts in 40 to 120 ms here; a laptop
	// that wakes up may take seconds.
	startTimeout = 30 * time.Second
	// stopTimeout is how long a worker may go on after its stdin closed. The author's timers and
	// sockets must not hold the terminal.
	stopTimeout = 2 * time.Second
)

// Worker is one Node process that runs the app's server modules. All methods may be called
// concurrently.
type Worker struct {
	port    int
	secret  string
	command *exec.Cmd
	stdin   io.Closer
	client  *http.Client

	exited chan struct{} // closed when the process has ended
	done   chan struct{} // closed when its output was read as well
	status error         // set before they close

	stop sync.Once
}

// Start runs the worker and returns when it listens. ctx bounds the start only; the process lives
// until Stop is called or it ends by itself.
func Start(ctx context.Context, node string, options Options) (*Worker, error) {
	secret := newSecret()
	command := exec.Command(node, append(memoryFlags(), options.Script)...)
	command.Dir = options.Root
	command.Env = options.Env
	if command.Env == nil {
		command.Env = os.Environ()
	}
	command.Env = append(command.Env[:len(command.Env):len(command.Env)], "ECLIPSA_WORKER_SECRET="+secret)
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := newPipes()
	if err != nil {
		return nil, err
	}
	command.Stdout, command.Stderr = out.stdoutWrite, out.stderrWrite
	exited := make(chan struct{})
	err = startTied(command, exited)
	out.closeWrite() // the process has its own
	if err != nil {
		out.closeRead()
		return nil, fmt.Errorf("can't start %s: %w", node, err)
	}
	w := &Worker{secret: secret, command: command, stdin: stdin, exited: exited, done: make(chan struct{}), client: newClient()}
	port := make(chan int, 1)
	go w.wait(options, out, port)
	return w, w.ready(ctx, port)
}

// memoryFlags keep the worker small. V8 lets its youngest objects have 48 MiB before it looks at them;
// with 12 a server that renders 1,000 components takes a sixth less memory and no more time. Whoever
// sets NODE_OPTIONS about it decides.
func memoryFlags() []string {
	if strings.Contains(strings.ReplaceAll(os.Getenv("NODE_OPTIONS"), "_", "-"), "semi-space-size") {
		return nil
	}
	return []string{"--max-semi-space-size=4"}
}

// wait owns the process and both pumps: it ends when they have.
func (w *Worker) wait(options Options, out *pipes, port chan<- int) {
	lines := &lineWriter{to: options.Output}
	var pumps sync.WaitGroup
	pumps.Go(func() {
		reader := bufio.NewReader(out.stdout)
		first, err := reader.ReadString('\n')
		if number, ok := parseHello(first); ok {
			port <- number
		} else if first != "" {
			lines.write(first)
		}
		if err == nil {
			pump(reader, lines, nil)
		}
	})
	pumps.Go(func() { pump(bufio.NewReader(out.stderr), lines, options.MapLine) })
	w.status = w.command.Wait()
	close(w.exited)
	out.endSoon()
	pumps.Wait()
	out.closeRead()
	close(w.done)
}

func (w *Worker) ready(ctx context.Context, port <-chan int) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	select {
	case w.port = <-port:
		return nil
	case <-w.done:
		select {
		case w.port = <-port: // it said hello and ended at once
		default:
		}
		return fmt.Errorf("the worker ended before it was ready (%s)", w.Reason())
	case <-ctx.Done():
		w.Stop()
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return fmt.Errorf("the worker was not ready after %s", startTimeout)
		}
		return ctx.Err()
	}
}

// parseHello reads the worker's first line.
func parseHello(line string) (port int, ok bool) {
	var hello struct {
		Version int `json:"eclipsaWorker"`
		Port    int `json:"port"`
	}
	if json.Unmarshal([]byte(line), &hello) != nil || hello.Version != 1 || hello.Port <= 0 {
		return 0, false
	}
	return hello.Port, true
}

// newSecret is 128 random bits: whoever shares the machine can reach the port, but not guess it.
func newSecret() string {
	var bits [16]byte
	rand.Read(bits[:])
	return hex.EncodeToString(bits[:])
}

// Address is the host and port that the worker listens on.
func (w *Worker) Address() string { return "127.0.0.1:" + strconv.Itoa(w.port) }

// Secret is the value of SecretHeader that the worker accepts.
func (w *Worker) Secret() string { return w.secret }

// Exited is closed at once when the process has ended, for whatever reason.
func (w *Worker) Exited() <-chan struct{} { return w.exited }

// Done is closed when the process has ended and all that it wrote has been passed on.
func (w *Worker) Done() <-chan struct{} { return w.done }

// Reason says how the process ended. It may be called once Exited is closed.
func (w *Worker) Reason() string {
	if w.status == nil {
		return "exit status 0"
	}
	return w.status.Error()
}

// Stop ends the worker and returns when it has ended: it is asked by closing its stdin, and
// killed by its process id if it goes on for longer than stopTimeout.
func (w *Worker) Stop() { w.end(stopTimeout) }

// Kill ends a worker that is known not to listen, and returns when it has ended.
func (w *Worker) Kill() { w.end(0) }

func (w *Worker) end(patience time.Duration) {
	w.stop.Do(func() {
		w.stdin.Close()
		select {
		case <-w.done:
		case <-time.After(patience):
			w.command.Process.Kill()
		}
		w.client.CloseIdleConnections()
	})
	<-w.done
}
