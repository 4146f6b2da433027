package devserver

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Sessions with the real worker, over its end.

const roomPage = `import { realtime } from 'eclipsa'
import { appendFileSync } from 'node:fs'

const useRoom = realtime<{ name: string }, string, string>((connection) => {
  const { name } = connection.input
  connection.send(name + ' joined')
  connection.onMessage((text) => {
    appendFileSync('room.log', text + '\n')
    if (text === 'crash') process.kill(process.pid, 'SIGKILL')
    if (text === 'kick') connection.close(4000, 'kicked')
    connection.send(text + ' ' + process.env.GREETING)
  })
  connection.onClose(({ code, reason }) => appendFileSync('room.log', 'closed ' + code + ' ' + reason + '\n'))
})

export default function Page() {
  return <p>{useRoom().status}</p>
}
`

var roomID = regexp.MustCompile(`useRoom-\w+`)

// room opens a session of roomPage, like a browser.
func (d *dev) room(name string) *websocket.Conn {
	d.t.Helper()
	_, pack := d.get("/__eclipsa/dev/pack.js?route=%2F")
	id := roomID.FindString(pack)
	if id == "" {
		d.t.Fatalf("no symbol in %s", pack)
	}
	query := url.Values{"url": {"/"}, "input": {fmt.Sprintf(`{"name":%q}`, name)}}
	conn, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(d.url, "http")+"__eclipsa/realtime/"+id+"?"+query.Encode(),
		http.Header{"Origin": {strings.TrimSuffix(d.url, "/")}})
	if err != nil {
		d.t.Fatalf("%v %+v; output:\n%s", err, answer, d.output)
	}
	conn.SetReadDeadline(time.Now().Add(patience))
	d.t.Cleanup(func() { conn.Close() })
	say(d.t, conn, `{"type":"hello"}`)
	hearValue(d.t, conn, name+" joined")
	return conn
}

func frame(text string) string { return fmt.Sprintf(`{"type":"message","value":%q}`, text) }

func sayValue(t *testing.T, conn *websocket.Conn, text string) {
	t.Helper()
	say(t, conn, frame(text))
}

func hearValue(t *testing.T, conn *websocket.Conn, text string) {
	t.Helper()
	hear(t, conn, frame(text))
}

func (d *dev) log() string {
	text, _ := os.ReadFile(filepath.Join(d.root, "room.log"))
	return string(text)
}

func TestSessionsOutliveTheRealWorker(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": roomPage, ".env": "GREETING=one\n", "room.log": ""})
	first, second := d.room("ann"), d.room("bob")
	sayValue(t, first, "hi")
	hearValue(t, first, "hi one")

	sayValue(t, first, "crash")
	hearValue(t, first, "ann joined")
	hearValue(t, second, "bob joined")
	d.until("the news", func() bool { return strings.Contains(d.output.String(), "2 sessions connected again; messages") })
	sayValue(t, second, "still here")
	hearValue(t, second, "still here one")

	// A planned restart: what was sent before it is done, what is sent meanwhile waits.
	for i := range 20 {
		sayValue(t, first, fmt.Sprint("before ", i))
	}
	d.write(".env", "GREETING=two\n")
	for i := range 20 {
		sayValue(t, second, fmt.Sprint("meanwhile ", i))
		time.Sleep(time.Millisecond) // so that some come while the worker is replaced; the result is the same if none does
	}
	for i := range 20 {
		hearValue(t, first, fmt.Sprint("before ", i, " one"))
	}
	hearValue(t, first, "ann joined")
	seen := 0
	for seen < 20 {
		_, text, err := second.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(text); got == frame("bob joined") {
			continue
		} else if one, two := frame(fmt.Sprint("meanwhile ", seen, " one")), frame(fmt.Sprint("meanwhile ", seen, " two")); got != one && got != two {
			t.Fatalf("got %s, want %s or another greeting", got, one)
		}
		seen++
	}
	sayValue(t, first, "after")
	hearValue(t, first, "after two")
	log := d.log()
	if n := strings.Count(log, "closed 1012 the server restarts\n"); n != 2 {
		t.Errorf("%d of 2 onClose callbacks ran before the restart:\n%s", n, log)
	}
	for i := range 20 {
		for _, text := range []string{"before", "meanwhile"} {
			if n := strings.Count(log, fmt.Sprintf("%s %d\n", text, i)); n != 1 {
				t.Errorf("%q was handled %d times", fmt.Sprint(text, " ", i), n)
			}
		}
	}
	if n := strings.Count(d.output.String(), "connected again"); n != 1 {
		t.Errorf("a planned restart is no crash:\n%s", d.output)
	}

	sayValue(t, first, "kick")
	expectClose(t, first, 4000, "kicked")
	second.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
	expectClose(t, second, 1000, "*")
	d.until("the last onClose", func() bool { return strings.Contains(d.log(), "closed 1000 \n") })
}

// The new code decides about old sessions, too.
func TestMiddlewareRefusesTheRedial(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": roomPage, ".env": "GREETING=one\n", "app/+middleware.ts": middleware("process.env.CLOSED")})
	room := d.room("ann")
	d.write(".env", "GREETING=one\nCLOSED=yes\n")
	expectClose(t, room, 1008, "reconnect refused: 401 members only")
}

func middleware(condition string) string {
	return "import type { MiddlewareHandler } from 'hono'\nconst middleware: MiddlewareHandler = async (c, next) => {\n" +
		"  if (" + condition + ") return c.text('members only', 401)\n  await next()\n}\nexport default middleware\n"
}

// Until the app works again, a session waits.
func TestSessionWaitsForARepair(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": roomPage, ".env": "GREETING=one\n",
		"app/+server-entry.ts": "import { Hono } from 'hono'\nif (process.env.GREETING === 'bad') throw new Error('no greeting')\nexport default new Hono()\n"})
	room := d.room("ann")
	d.write(".env", "GREETING=bad\n")
	d.until("the error", func() bool { return strings.Contains(d.output.String(), "no greeting") })
	sayValue(t, room, "patient")
	d.write(".env", "GREETING=two\n")
	hearValue(t, room, "ann joined")
	hearValue(t, room, "patient two")
}

// A worker that can't live is given up, until a change brings one that can.
func TestSessionWaitsForAWorker(t *testing.T) {
	entry := "import { Hono } from 'hono'\nexport default new Hono()\n"
	d := startDev(t, map[string]string{"app/+page.tsx": roomPage, ".env": "GREETING=one\n", "app/+server-entry.ts": entry})
	room := d.room("ann")
	d.write("app/+server-entry.ts", "process.exit(3)\n"+entry)
	d.until("the end of trying", func() bool { return strings.Contains(d.output.String(), "again and again") })
	sayValue(t, room, "patient")
	d.write("app/+server-entry.ts", entry+"// good\n")
	hearValue(t, room, "ann joined")
	hearValue(t, room, "patient one")
}

// A handler that never returns does not hold a restart for long.
func TestRestartEndsAStuckWorker(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": strings.Replace(roomPage, "if (text === 'kick')", "if (text === 'stuck') for (;;);\n    if (text === 'kick')", 1), ".env": "GREETING=one\n"})
	room := d.room("ann")
	sayValue(t, room, "stuck")
	d.until("the loop", func() bool { return strings.Contains(d.log(), "stuck") })
	sayValue(t, room, "unheard")
	d.write(".env", "GREETING=two\n")
	hearValue(t, room, "ann joined")
	sayValue(t, room, "x")
	hearValue(t, room, "x two")
}

// Requests that a worker has begun are answered before it is replaced.
func TestRestartLetsRequestsFinish(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": page("home"), ".env": "GREETING=one\n",
		"app/slow/+server.ts": "import { writeFileSync } from 'node:fs'\n" +
			"export const POST = () => new Promise((done) => { writeFileSync('begun', ''); setTimeout(() => done(new Response('done ' + process.env.GREETING)), 300) })\n"})
	d.get("/")
	answer := make(chan string, 1)
	go func() {
		request, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, d.url+"slow", nil)
		request.Header.Set("Origin", strings.TrimSuffix(d.url, "/"))
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		text := make([]byte, 100)
		n, _ := response.Body.Read(text)
		answer <- fmt.Sprint(response.StatusCode, " ", string(text[:n]))
	}()
	d.until("the request", func() bool { _, err := os.Stat(filepath.Join(d.root, "begun")); return err == nil })
	d.write(".env", "GREETING=two\n")
	if got := <-answer; got != "200 done one" {
		t.Errorf("got %s", got)
	}
}

// Packages can't be replaced under the modules that hold them: another worker is planned, too.
func TestNewPackageIsAPlannedRestart(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": roomPage, ".env": "GREETING=one\n"})
	writeFiles(t, d.root, map[string]string{"node_modules/shout/package.json": `{ "name": "shout", "type": "module", "main": "index.js" }`,
		"node_modules/shout/index.js": "export const shout = (text) => text.toUpperCase()\n"})
	room := d.room("ann")
	d.write("app/+page.tsx", "import { shout } from 'shout'\n"+strings.Replace(roomPage, "text + ' '", "shout(text) + ' '", 1))
	hearValue(t, room, "ann joined")
	sayValue(t, room, "hi")
	hearValue(t, room, "HI one")
	if !strings.Contains(d.log(), "closed 1012 the server restarts") || strings.Contains(d.output.String(), "connected again") {
		t.Errorf("log:\n%s\noutput:\n%s", d.log(), d.output)
	}
}
