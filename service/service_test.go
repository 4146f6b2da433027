package service

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the samples' answers")

// peer is the plugin's side of a running service.
type peer struct {
	t    *testing.T
	to   io.WriteCloser
	from io.Reader
	done chan error
}

func start(t *testing.T) *peer {
	t.Helper()
	stdin, to := io.Pipe()
	from, stdout := io.Pipe()
	p := &peer{t: t, to: to, from: from, done: make(chan error, 1)}
	go func() {
		p.done <- Run(t.Context(), Options{Version: "1.2.3", Stdin: stdin, Stdout: stdout})
		stdout.Close()
	}()
	t.Cleanup(func() { to.Close(); from.Close(); <-p.done })
	return p
}

func (p *peer) write(text string) {
	p.t.Helper()
	frame := binary.LittleEndian.AppendUint32(nil, uint32(len(text)))
	if _, err := p.to.Write(append(frame, text...)); err != nil {
		p.t.Fatal(err)
	}
}

type reply struct {
	ID     int             `json:"id"`
	Answer json.RawMessage `json:"answer,omitempty"`
	Error  *errorAnswer    `json:"error,omitempty"`
}

func (p *peer) read() reply {
	p.t.Helper()
	var head [4]byte
	if _, err := io.ReadFull(p.from, head[:]); err != nil {
		p.t.Fatal(err)
	}
	text := make([]byte, binary.LittleEndian.Uint32(head[:]))
	if _, err := io.ReadFull(p.from, text); err != nil {
		p.t.Fatal(err)
	}
	var r reply
	if err := json.Unmarshal(text, &r); err != nil {
		p.t.Fatalf("%v in %s", err, text)
	}
	return r
}

func (p *peer) ask(id int, request string) reply {
	p.t.Helper()
	p.write(fmt.Sprintf(`{"id":%d,"request":%s}`, id, request))
	return p.read()
}

func (p *peer) greet() *peer {
	p.t.Helper()
	if r := p.ask(0, `{"type":"hello","protocol":1,"version":"1.2.3"}`); r.Error != nil {
		p.t.Fatal(r.Error.Text)
	}
	return p
}

// open opens an app that is the same on every machine.
func (p *peer) open() string {
	p.t.Helper()
	root := p.t.TempDir()
	for name, text := range map[string]string{"package.json": `{ "name": "sample" }`, "app/+page.tsx": "export default () => null\n",
		"node_modules/@scope/native/package.json": `{ "name": "@scope/native", "gypfile": true }`} {
		file := filepath.Join(root, name)
		os.MkdirAll(filepath.Dir(file), 0o755)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
	if r := p.ask(1, fmt.Sprintf(`{"type":"open","root":%q,"mode":"production","base":"/sub/"}`, root)); r.Error != nil {
		p.t.Fatal(r.Error.Text)
	}
	return root
}

// TestSamples runs what testdata/fixtures/protocol holds; the TypeScript side reads the same files.
func TestSamples(t *testing.T) {
	files, err := filepath.Glob("../testdata/fixtures/protocol/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no samples: ", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var sample struct {
				Request json.RawMessage `json:"request"`
				Answer  json.RawMessage `json:"answer,omitempty"`
				Error   *errorAnswer    `json:"error,omitempty"`
			}
			if err := json.Unmarshal(text, &sample); err != nil {
				t.Fatal(err)
			}
			p := start(t)
			root := ""
			if !bytes.Contains(sample.Request, []byte(`"hello"`)) {
				root = p.greet().open()
			}
			got := p.ask(7, strings.ReplaceAll(string(sample.Request), "$ROOT", filepath.ToSlash(root)))
			if got.ID != 7 {
				t.Errorf("answers %d", got.ID)
			}
			sample.Answer, sample.Error = got.Answer, got.Error
			made := marshal(t, sample)
			if root != "" {
				made = strings.ReplaceAll(made, filepath.ToSlash(root), "$ROOT")
			}
			made = strings.ReplaceAll(made, platformOf(), "@eclipsa/$PLATFORM")
			if *update {
				if err := os.WriteFile(file, []byte(made), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if made != string(text) {
				t.Errorf("got\n%s", made)
			}
		})
	}
}

func marshal(t *testing.T, value any) string {
	t.Helper()
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestManyAtOnce(t *testing.T) {
	p := start(t).greet()
	root := p.open()
	const count = 100
	go func() {
		for id := range count {
			p.write(fmt.Sprintf(`{"id":%d,"request":{"type":"transform","file":%q,"code":"export const a = %d as number","sides":"server","dev":true}}`, id+10, root+"/a.ts", id))
		}
	}()
	seen := map[int]bool{}
	for range count {
		r := p.read()
		var answer transformAnswer
		if r.Error != nil || json.Unmarshal(r.Answer, &answer) != nil || answer.Server == nil {
			t.Fatalf("%+v", r)
		}
		if want := fmt.Sprintf("const a = %d;", r.ID-10); !strings.Contains(answer.Server.Code, want) || seen[r.ID] {
			t.Errorf("the answer %d is %q", r.ID, answer.Server.Code)
		}
		seen[r.ID] = true
	}
}

func TestBrokenApp(t *testing.T) {
	p := start(t).greet()
	if r := p.ask(1, `{"type":"transform","file":"/a.ts","code":"","sides":"both"}`); r.Error == nil || !strings.Contains(r.Error.Text, "open") {
		t.Errorf("before open: %+v", r.Error)
	}
	root := t.TempDir()
	if r := p.ask(2, fmt.Sprintf(`{"type":"open","root":%q,"mode":"development","base":"/"}`, root)); r.Error == nil || r.Error.Text == "" {
		t.Errorf("an empty folder: %+v", r)
	}
	p.open() // it goes on
}

func TestGarbage(t *testing.T) {
	for name, c := range map[string]struct {
		frames string
		want   string // "" for a quiet end
	}{
		"nothing":              {"", ""},
		"half a length":        {"\x05\x00", ""},
		"half a frame":         {"\x05\x00\x00\x00{", ""},
		"a frame of 4 GiB":     {"\xff\xff\xff\xff{", "longer than"},
		"no JSON":              {"\x03\x00\x00\x00abc", "can't be read"},
		"text of another kind": {"GET / HTTP/1.1\r\n\r\n", "longer than"},
		"no id":                {frame(`{"request":{"type":"hello"}}`), "no id"},
		"an id that is none":   {frame(`{"id":"x","request":{"type":"hello"}}`), "can't be read"},
		"no object":            {frame(`[1]`), "can't be read"},
		"no hello first":       {frame(`{"id":1,"request":{"type":"manifest","data":{}}}`), "hello"},
		"another version":      {frame(`{"id":1,"request":{"type":"hello","protocol":1,"version":"1.2.2"}}`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := Run(t.Context(), Options{Version: "1.2.3", Stdin: strings.NewReader(c.frames), Stdout: io.Discard})
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What can be answered is, and the process goes on.
func TestBrokenRequests(t *testing.T) {
	p := start(t).greet()
	p.open()
	for _, request := range []string{`{"type":"transform","file":7}`, `{"type":`, `7`, `null`, `[]`, `{}`, `{"type":"transform"}`, `{"type":"format","diagnostics":{}}`} {
		if r := p.ask(5, request); r.ID != 5 || r.Error == nil || r.Error.Text == "" {
			t.Errorf("%s got %+v", request, r)
		}
	}
	p.write(`{"request":{"type":"manifest","data":{}},"id":6,`)
	if r := p.read(); r.ID != 6 || r.Error == nil {
		t.Errorf("got %+v", r)
	}
	if r := p.ask(7, `{"type":"format","diagnostics":[]}`); r.Error != nil {
		t.Error(r.Error.Text)
	}
}

func TestOwnMistake(t *testing.T) {
	var out, log bytes.Buffer
	s := &service{out: &out, log: &log, slots: make(chan struct{}, 1), app: &openApp{}} // without a project
	for range 2 {                                                                       // the slot is free again
		out.Reset()
		s.serve(message{ID: 3, Request: request{body: &transformRequest{File: "/x/app/+page.tsx", Sides: "both"}}})
		if text := out.String()[4:]; !strings.Contains(text, `{"id":3,"error":{"text":"the transform of /x/app/+page.tsx failed`) {
			t.Errorf("answered %s", text)
		}
	}
	if !strings.Contains(log.String(), "transform.go:") {
		t.Errorf("no stack in %s", log.String())
	}
}

func TestAnswersThatCannotBeSent(t *testing.T) {
	for name, answer := range map[string]any{"too long": strings.Repeat("x", maxFrame), "no JSON": func() {}} {
		if text := string(replyFrame(4, answer, nil)[4:]); !strings.HasPrefix(text, `{"id":4,"error":{"text":"the answer can't be sent`) {
			t.Errorf("%s: %.200s", name, text)
		}
	}
}

// The end of stdin, and a signal, end it whatever is under way: here, an answer that nobody reads.
func TestEnd(t *testing.T) {
	for name, end := range map[string]func(stdin io.Closer, cancel func()){
		"stdin":  func(stdin io.Closer, _ func()) { stdin.Close() },
		"signal": func(_ io.Closer, cancel func()) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			stdin, to := io.Pipe()
			from, stdout := io.Pipe()
			defer from.Close()
			defer to.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- Run(ctx, Options{Version: "1.2.3", Stdin: stdin, Stdout: stdout}) }()
			p := &peer{t: t, to: to, from: from}
			p.greet()
			p.write(`{"id":1,"request":{"type":"format","diagnostics":[]}}`)
			end(to, cancel)
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOlder(t *testing.T) {
	ordered := []string{"0.0.0-dev", "0.9.0", "0.10.0", "1.0.0-beta.1", "1.0.0-beta.2", "1.0.0", "1.0.1", "10.0.0"}
	for i, a := range ordered {
		for j, b := range ordered {
			if isOlder(a, b) != (i < j) {
				t.Errorf("isOlder(%q, %q) is %v", a, b, i >= j)
			}
		}
	}
}

func TestHello(t *testing.T) {
	s := &service{version: "1.2.3"}
	for _, c := range []struct {
		protocol int
		version  string
		want     []string
	}{
		{1, "1.2.3", nil},
		{1, "1.2.2", []string{": update eclipsa\n", "`npm install eclipsa@1.2.3`"}},
		{1, "1.10.0", []string{": update " + platformOf(), "`npm install " + platformOf() + "@1.10.0`"}},
		{0, "1.2.2", []string{": update eclipsa\n"}},
		{2, "1.2.4", []string{": update " + platformOf()}},
		{2, "1.2.3", []string{"protocol 2 and 1", "Build both"}},
	} {
		_, err := s.hello(&helloRequest{Protocol: c.protocol, Version: c.version})
		if (err == nil) != (c.want == nil) {
			t.Errorf("%d, %s: %v", c.protocol, c.version, err)
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%d, %s: no %q in %q", c.protocol, c.version, want, err)
			}
		}
	}
}

func frame(text string) string {
	return string(binary.LittleEndian.AppendUint32(nil, uint32(len(text)))) + text
}

// failing is a stdout whose reader is gone.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestNobodyReads(t *testing.T) {
	in := frame(`{"id":0,"request":{"type":"hello","protocol":1,"version":"1.2.3"}}`) + frame(`{"id":1,"request":{"type":"format","diagnostics":[]}}`)
	if err := Run(t.Context(), Options{Version: "1.2.3", Stdin: strings.NewReader(in), Stdout: failing{}}); err != nil {
		t.Error(err)
	}
}
