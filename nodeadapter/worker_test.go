package nodeadapter

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// output collects what a worker wrote; tests read it while the worker runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

const stub = `
const http = require('node:http')
process.stdin.resume().on('end', () => process.exit(0))
const server = http.createServer((request, response) => {
  if (request.headers['x-eclipsa-worker'] !== process.env.ECLIPSA_WORKER_SECRET) return response.writeHead(403).end()
  let body = ''
  request.on('data', (chunk) => (body += chunk))
  request.on('end', () => {
    const [, ...modules] = body.trim().split('\n').map((line) => JSON.parse(line))
    const bad = modules.find((m) => m.code === 'bad')
    response.end(JSON.stringify(bad ? { ok: false, error: { name: 'TypeError', message: 'no', stack: bad.id + ':1:1' } } : { ok: true }))
  })
})
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ eclipsaWorker: 1, port: server.address().port }))
  process.stdout.write('two\nlines')
  process.stderr.write('at app/x.ts:1:2\n')
})
`

func startScript(t *testing.T, script string, out *output) (*Worker, error) {
	t.Helper()
	node, err := FindNode()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "worker.cjs")
	if err := os.WriteFile(path, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	worker, err := Start(t.Context(), node, Options{Root: dir, Script: path, Output: out,
		MapLine: func(line string) string { return strings.ReplaceAll(line, ":1:2", ":7:3") }})
	if err == nil {
		t.Cleanup(worker.Stop)
	}
	return worker, err
}

func TestLoad(t *testing.T) {
	var out output
	worker, err := startScript(t, stub, &out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := worker.Load(t.Context(), LoadRequest{Modules: []Module{{ID: "a", Code: "good"}}}); err != nil {
		t.Fatal(err)
	}
	_, err = worker.Load(t.Context(), LoadRequest{Modules: []Module{{ID: "app/b.ts", Code: "bad"}}})
	var failure *WorkerError
	if !errors.As(err, &failure) || failure.Stack != "app/b.ts:1:1" {
		t.Fatalf("got %v", err)
	}
	worker.secret = "wrong"
	if _, err := worker.Load(t.Context(), LoadRequest{}); err == nil || !strings.Contains(err.Error(), "403") {
		t.Fatalf("got %v", err)
	}
	worker.Stop()
	text := out.String()
	for _, line := range []string{"two\n", "lines\n", "at app/x.ts:7:3\n"} {
		if !strings.Contains(text, line) {
			t.Errorf("output lacks %q: %q", line, text)
		}
	}
	if strings.Contains(text, "eclipsaWorker") {
		t.Errorf("the hello line was passed on: %q", text)
	}
}

func TestWorkerThatIgnoresStdinIsKilled(t *testing.T) {
	var out output
	worker, err := startScript(t, `console.log('{"eclipsaWorker":1,"port":1}'); setInterval(() => {}, 1000)`, &out)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	worker.Stop()
	if took := time.Since(start); took > stopTimeout+3*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestWorkerThatDies(t *testing.T) {
	var out output
	_, err := startScript(t, `console.error('the reason'); process.exit(3)`, &out)
	if err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(out.String(), "the reason\n") {
		t.Errorf("got %q", out.String())
	}
}

func TestGrandchildDoesNotHoldTheOutput(t *testing.T) {
	var out output
	worker, err := startScript(t, `require('node:child_process').spawn('sleep', ['5'], { stdio: 'inherit' }).unref()
console.log('{"eclipsaWorker":1,"port":1}'); setTimeout(() => process.exit(0), 50)`, &out)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-worker.Done():
	case <-time.After(3 * time.Second):
		t.Fatal("Done waits for a process that the app started")
	}
}

func TestCheckNode(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "node")
	os.WriteFile(old, []byte("#!/bin/sh\necho v18.20.1\n"), 0o755)
	err := CheckNode(context.Background(), old)
	if err == nil || !strings.Contains(err.Error(), "is v18.20.1") {
		t.Errorf("got %v", err)
	}
	os.WriteFile(old, []byte("#!/bin/sh\necho node: --frob is not allowed in NODE_OPTIONS >&2\nexit 9\n"), 0o755)
	err = CheckNode(context.Background(), old)
	if err == nil || !strings.Contains(err.Error(), "--frob is not allowed in NODE_OPTIONS\n") {
		t.Errorf("what Node said is not in %v", err)
	}
	t.Setenv("PATH", filepath.Join(dir, "empty"))
	if _, err := FindNode(); err == nil || !strings.Contains(err.Error(), "no `node` in PATH") {
		t.Errorf("got %v", err)
	}
}
