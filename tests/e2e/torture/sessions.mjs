/** Sessions that send numbered messages all the time and check every answer. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import WebSocket from 'ws'

/** The id of a symbol: as `symbolID` in transform/symbols.go. */
const symbolId = (module, name) => `${name}-${createHash('sha256').update(`${module}\0${name}`).digest('hex').slice(0, 10)}`

export const room = { symbol: symbolId('app/+page.tsx', 'useRoom'), page: '/', word: 'room' }
export const feed = { symbol: symbolId('app/second/+page.tsx', 'useFeed'), page: '/second', word: 'feed' }

export class NumberedSession {
  sent = 0
  answered = 0
  /** How many handlers have introduced themselves. */
  handlers = 0
  /** What the newest answer said of its handler. */
  latest = {}
  #problem
  #leaving = false

  constructor(server, index, { symbol, page, word }) {
    const name = `session-${index}`
    this.index = index
    this.name = name
    this.word = word
    const query = new URLSearchParams({ url: page, input: JSON.stringify({ name }) })
    this.socket = new WebSocket(`${server.url.replace('http', 'ws')}/__eclipsa/realtime/${symbol}?${query}`, { headers: { Origin: server.url } })
    this.opened = new Promise((resolve, reject) => this.socket.once('open', resolve).once('error', reject))
    this.closed = new Promise((resolve) => this.socket.once('close', resolve))
    this.socket.on('open', () => this.#write({ type: 'hello' }))
    this.socket.on('message', (data) => this.#received(JSON.parse(data)))
    this.socket.on('close', (code, reason) => this.#leaving || this.#fail(`closed with ${code} ${reason}`))
    this.socket.on('error', (error) => this.#fail(String(error)))
  }

  send() {
    if (this.socket.readyState === WebSocket.OPEN) this.#write({ type: 'message', value: { n: ++this.sent } })
  }

  /** @throws what was wrong with an answer, or that the session has ended */
  check() {
    if (this.#problem) throw new assert.AssertionError({ message: `session ${this.name}: ${this.#problem}` })
  }

  leave() {
    this.#leaving = true
    this.socket.close(1000)
    return this.closed
  }

  #write(frame) {
    this.socket.send(JSON.stringify(frame))
  }

  #received({ type, value }) {
    if (type !== 'message') return this.#fail(`got a frame of type ${type}`)
    const { n, ...about } = value
    this.latest = about
    if (n === undefined) this.handlers++
    else if (n !== this.answered + 1) this.#fail(`got answer ${n} after ${this.answered}`)
    else this.answered = n
  }

  #fail(problem) {
    this.#problem ??= problem
  }
}

/** Opens sessions of the kinds in turn, and lets each of them talk every so many milliseconds until `stop`. */
export async function talk(server, kinds, count, every = 40) {
  const sessions = Array.from({ length: count }, (_, i) => new NumberedSession(server, i, kinds[i % kinds.length]))
  await Promise.all(sessions.map((session) => session.opened))
  // One that is far behind waits: the server holds a bounded number of messages.
  const timer = setInterval(() => sessions.forEach((session) => session.sent - session.answered < 500 && session.send()), every)
  return { sessions, stop: () => clearInterval(timer) }
}
