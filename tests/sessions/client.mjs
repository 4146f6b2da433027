/** The running fixture app as its sessions see it, and a session as frames. */
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import WebSocket from 'ws'
import { until } from '../harness/servers.mjs'
import { patience } from './patience.mjs'
import { connectRaw, upgradeRequest } from './raw.mjs'

/** Where the hooks of the fixture stand, and a page that reaches them. */
const places = {
  useGuarded: { module: 'app/guarded/+page.tsx', page: '/guarded' },
  useRoom: { module: 'app/rooms/[id]/+page.tsx', page: '/rooms/general' },
}
const start = { module: 'app/+page.tsx', page: '/' }

/** The id of a symbol: as `symbolID` in transform/symbols.go. */
export function symbolId(name) {
  const { module } = places[name] ?? start
  return `${name}-${createHash('sha256').update(`${module}\0${name}`).digest('hex').slice(0, 10)}`
}

export const newSession = () => randomUUID()

export class App {
  /** @param {{ mode: 'development' | 'production', deviations: Record<string, string> }} options */
  constructor({ mode, deviations }) {
    this.production = mode === 'production'
    this.deviations = deviations
  }

  /** @param {{ url: string }} server */
  async use(server) {
    this.server = server
    this.url = new URL(server.url)
    this.process = (await this.log()).process
  }

  /** Path and query of a connection. `input` undefined leaves it out. */
  target(name, { page = (places[name] ?? start).page, input } = {}) {
    const query = new URLSearchParams({ url: page })
    if (input !== undefined) query.set('input', JSON.stringify(input))
    return `/__eclipsa/realtime/${symbolId(name)}?${query}`
  }

  #connect(name, { session = newSession(), page, input = {}, headers = {}, ...options } = {}) {
    const target = this.target(name, { page, input: { session, ...input } })
    const socket = new WebSocket(`ws://${this.url.host}${target}`, {
      headers: { 'x-session': session, ...headers },
      perMessageDeflate: false,
      ...options,
    })
    return { session, socket }
  }

  /** Opens a session; rejects when it is refused. `hello: false` leaves out the first frame of our own client. */
  async open(name, { hello = true, ...options } = {}) {
    const { session, socket } = this.#connect(name, options)
    const opened = new Session(this, session, socket)
    await patience(new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject)), `${name} to open`)
    if (hello) opened.write({ type: 'hello' })
    return opened
  }

  /** The HTTP answer to a connection that must not open. */
  async refused(name, options) {
    const { session, socket } = this.#connect(name, options)
    const answer = new Promise((resolve, reject) => {
      socket.once('unexpected-response', (_request, response) => {
        let body = ''
        response.on('data', (chunk) => (body += chunk))
        response.on('end', () => resolve({ session, status: response.statusCode, headers: response.headers, body }))
      })
      socket.once('open', () => reject(new Error(`${name} opened`)))
      socket.once('error', reject)
    })
    return patience(answer, `an answer to ${name}`, 40_000)
  }

  /** Opens a session by hand. `then` is sent in the same write as the request. */
  async openRaw(name, { session = newSession(), headers = {}, then = Buffer.alloc(0), input = {} } = {}) {
    const raw = await this.raw()
    const request = upgradeRequest(this.target(name, { input: { session, ...input } }), this.url.host, { 'X-Session': session, ...headers })
    raw.write(Buffer.concat([Buffer.from(request, 'latin1'), then]))
    const head = await raw.head()
    assert.equal(head?.status, 101)
    return { raw, session }
  }

  raw() {
    return connectRaw(this.url)
  }

  async log(session) {
    const query = session === undefined ? '' : `?session=${session}`
    return (await fetch(new URL(`/log${query}`, this.url))).json()
  }

  /** The names of everything that ran for a session, guards too. */
  async everything(session) {
    return (await this.log(session)).entries.map(({ event }) => event)
  }

  /** What its handler did. */
  async events(session) {
    return (await this.everything(session)).filter((event) => !event.includes('-guard'))
  }

  /** The session's first entry of that name, when it is there. */
  logged(session, event) {
    return until(
      async () => (await this.log(session)).entries.find((entry) => entry.event === event),
      `"${event}" in the log of the session`,
    )
  }

  /** How the session ended for its handler: `{ code, reason, wasClean }`. */
  async closing(session) {
    const { code, reason, wasClean } = await this.logged(session, 'close')
    return { code, reason, wasClean }
  }

  async openGate(session) {
    await fetch(new URL(`/gate?session=${session}`, this.url), { method: 'POST' })
  }

  /** That an ordinary session works, in the process that was there from the beginning. */
  async isAlive() {
    const echo = await this.open('useEcho')
    echo.send('alive')
    assert.equal(await echo.message(), 'alive')
    await echo.end()
    const { process, polluted } = await this.log('nobody')
    assert.equal(process, this.process, 'the server process is another one')
    assert.deepEqual(polluted, [])
  }
}

/** One session, seen from the client: frames in, frames out. */
class Session {
  #frames = []
  #next = () => {}

  constructor(app, session, socket) {
    this.app = app
    this.session = session
    this.socket = socket
    /** How it ended: `{ code, reason }`. */
    this.closed = new Promise((resolve) => socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })))
    this.closed.then(() => this.#next())
    socket.on('message', (data) => {
      this.#frames.push(JSON.parse(data.toString()))
      this.#next()
    })
    socket.on('error', () => {}) // told by close
  }

  write(frame) {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  send(value) {
    this.write({ type: 'message', value })
  }

  /** The next frame; rejects when the session ends instead. */
  async frame() {
    while (this.#frames.length === 0) {
      if (this.socket.readyState === WebSocket.CLOSED) {
        const { code, reason } = await this.closed
        throw new Error(`the session ended with ${code} ${JSON.stringify(reason)} instead of a frame`)
      }
      await patience(new Promise((resolve) => (this.#next = resolve)), 'a frame')
    }
    return this.#frames.shift()
  }

  /** The value of the next frame, which must be a message. */
  async message() {
    const frame = await this.frame()
    assert.equal(frame.type, 'message', JSON.stringify(frame))
    return frame.value
  }

  async messages(count) {
    const values = []
    while (values.length < count) values.push(await this.message())
    return values
  }

  /** When everything that was sent has been looked at: the answer comes through the app's own process. */
  async settled() {
    this.write({ type: 'ping' })
    assert.deepEqual(await this.frame(), { type: 'pong' })
  }

  /** Frames that came and were not asked for. */
  leftOver() {
    return this.#frames.splice(0)
  }

  end(code = 1000, reason = '') {
    this.socket.close(code, reason)
    return this.over()
  }

  /** Until it has ended: `{ code, reason }`. */
  over() {
    return patience(this.closed, 'the end of the session')
  }
}
