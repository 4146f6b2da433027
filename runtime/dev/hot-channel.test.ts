/** The hot channel's ends: what a page does when it is cut, and when another server answers. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { followHotChannel, type HotChannelHost } from './hot-channel.js'

class FakeSocket {
  onmessage?: (event: { data: string }) => void
  onclose?: () => void
  readonly url: URL
  constructor(url: URL) {
    this.url = url
    opened(this)
  }
  say(message: object): void {
    this.onmessage!({ data: JSON.stringify(message) })
  }
}

let opened: (socket: FakeSocket) => void
let next: () => Promise<FakeSocket>
let log: string[]
let waits: number[]
let host: HotChannelHost & { another: boolean }

beforeEach(() => {
  const sockets: FakeSocket[] = []
  const waiting: ((socket: FakeSocket) => void)[] = []
  opened = (socket) => (waiting.length > 0 ? waiting.shift()!(socket) : sockets.push(socket))
  next = () => new Promise((resolve) => (sockets.length > 0 ? resolve(sockets.shift()!) : waiting.push(resolve)))
  log = []
  waits = []
  mock.method(globalThis, 'setTimeout', (callback: () => void, after: number) => {
    waits.push(after)
    queueMicrotask(callback)
  })
  Object.assign(globalThis, { WebSocket: FakeSocket, document: { visibilityState: 'visible', addEventListener() {}, removeEventListener() {} } })
  host = {
    another: false,
    url: () => new URL('ws://localhost/hot?since=3'),
    receive: (message) => log.push(message.type),
    emit: (event) => log.push(event),
    isAnotherServer: async () => host.another,
    reload: (reason) => log.push(`reload: ${reason}`),
  }
})
afterEach(() => {
  mock.restoreAll()
  Reflect.deleteProperty(globalThis, 'document')
})

test('messages are received; a channel that is cut is opened again, without a reload', async () => {
  void followHotChannel(host)
  const first = await next()
  first.say({ type: 'connected', boot: 'a' })
  first.say({ type: 'ok' })
  first.onclose!()
  const second = await next()
  second.say({ type: 'connected', boot: 'a' })
  assert.deepEqual(log, ['vite:ws:connect', 'connected', 'ok', 'vite:ws:disconnect', 'vite:ws:connect', 'connected'])
  assert.equal(second.url.search, '?since=3')
})

test('while nobody answers it asks ever less often, and soon again after a connection', async () => {
  void followHotChannel(host)
  for (let i = 0; i < 7; i++) (await next()).onclose!()
  const socket = await next()
  assert.deepEqual(waits, [100, 200, 400, 800, 1600, 2000, 2000])
  socket.say({ type: 'connected', boot: 'a' })
  socket.onclose!()
  await next()
  assert.equal(waits.at(-1), 100)
})

test('another run of the server means another page', async () => {
  const following = followHotChannel(host)
  const socket = await next()
  socket.say({ type: 'connected', boot: 'a' })
  socket.onclose!()
  const refused = await next()
  host.another = true
  refused.onclose!()
  await following
  assert.equal(log.at(-1), 'reload: the dev server was started again')
})
