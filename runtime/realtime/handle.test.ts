import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import { computed, effect } from '@preact/signals'
import { ClientHandle } from './handle.js'
import { FakeWebSocket, installBrowser } from './testing/fake-browser.js'
import type { FakeBrowser } from './testing/fake-browser.js'

const HELLO = '{"type":"hello"}'
const PING = '{"type":"ping"}'

let browser: FakeBrowser
beforeEach(() => {
  mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
  browser = installBrowser('https://app.example/rooms/a%20b?q=ü&r=1#h')
})
afterEach(() => {
  browser.remove()
  mock.timers.reset()
})

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const sockets = (): FakeWebSocket[] => FakeWebSocket.made
const last = (): FakeWebSocket => sockets().at(-1) as FakeWebSocket

function opened(input?: unknown): { handle: ClientHandle; socket: FakeWebSocket } {
  const handle = new ClientHandle('useRoom-1')
  handle.connect(input)
  return { handle, socket: last().opens() }
}

describe('connect', () => {
  test('the URL carries the page and the input', () => {
    browser.remove()
    browser = installBrowser('http://app.example:3000/base/rooms/a%20b?q=1#h', '/base/')
    new ClientHandle('use room').connect({ at: 1n })
    const url = new URL(last().url)
    assert.equal(`${url.protocol}//${url.host}${url.pathname}`, 'ws://app.example:3000/base/__eclipsa/realtime/use%20room')
    assert.equal(url.searchParams.get('url'), '/base/rooms/a%20b?q=1')
    assert.equal(url.searchParams.get('input'), '{"at":{"$":["bigint","1"]}}')
  })

  test('https becomes wss, and input that is undefined stays out', () => {
    new ClientHandle('useRoom-1').connect()
    assert.equal(last().url, 'wss://app.example/__eclipsa/realtime/useRoom-1?url=%2Frooms%2Fa%2520b%3Fq%3D%25C3%25BC%26r%3D1')
  })

  test('hello is the first frame, also where a reader sends as soon as it is open', () => {
    const handle = new ClientHandle('useRoom-1')
    const stop = effect(() => {
      if (handle.isOpen) handle.send('at once')
    })
    handle.connect()
    assert.equal(handle.status, 'connecting')
    last().opens()
    assert.deepEqual(last().sent, [HELLO, '{"type":"message","value":"at once"}'])
    stop()
  })

  test('a message in the same turn as the open event is there', () => {
    const { handle, socket } = opened()
    socket.says({ type: 'message', value: 'first' })
    assert.deepEqual([handle.status, handle.lastMessage], ['open', 'first'])
  })

  test('equal input does nothing while connecting and open, other input replaces', () => {
    const handle = new ClientHandle('useRoom-1')
    handle.connect({ room: 'a' })
    handle.connect({ room: 'a' })
    last().opens()
    handle.connect({ room: 'a' })
    assert.equal(sockets().length, 1)
    handle.connect({ room: 'b' })
    assert.deepEqual([sockets().length, sockets()[0]?.closed, handle.status], [2, [1000, ''], 'connecting'])
    sockets()[0]?.says({ type: 'message', value: 'of the old' }).closes(1000)
    assert.deepEqual([handle.messages.length, handle.status], [0, 'connecting'])
    last().opens()
    handle.close()
    handle.connect({ room: 'b' })
    assert.equal(sockets().length, 3)
  })

  test('input that cannot travel, or is too long, is a TypeError and changes nothing', () => {
    const { handle } = opened('a')
    assert.throws(() => handle.connect({ on: () => 1 }), { name: 'SerializationError', message: /input\.on/ })
    assert.throws(() => handle.connect('x'.repeat(17_000)), TypeError)
    assert.deepEqual([handle.status, sockets().length], ['open', 1])
  })
})

describe('messages', () => {
  test('one array that grows, across reconnects; readers follow', () => {
    const { handle, socket } = opened()
    const lengths: number[] = []
    const stop = effect(() => void lengths.push(handle.messages.length))
    const { messages } = handle
    socket.says({ type: 'message', value: 1 }).says({ type: 'message' })
    handle.close()
    handle.connect()
    last().opens().says({ type: 'message', value: 3 })
    assert.deepEqual([messages, lengths, handle.lastMessage], [[1, undefined, 3], [0, 1, 2, 3], 3])
    assert.equal(handle.messages, messages)
    stop()
  })

  test('100,000 are appended without copying', () => {
    const { handle, socket } = opened()
    const newest = computed(() => handle.lastMessage)
    const stop = effect(() => void newest.value)
    for (let i = 0; i < 100_000; i++) socket.onmessage?.({ data: '{"type":"message","value":1}' })
    assert.equal(handle.messages.length, 100_000)
    stop()
  })

  test('send() throws unless open, and for what cannot travel', () => {
    const handle = new ClientHandle('useRoom-1')
    assert.throws(() => handle.send(1), { name: 'TypeError', message: /closed/ })
    handle.connect()
    assert.throws(() => handle.send(1), { name: 'TypeError', message: /connecting/ })
    last().opens()
    assert.throws(() => handle.send({ a: Symbol('s') }), /message\.a/)
    assert.deepEqual(last().sent, [HELLO])
    handle.close()
    assert.throws(() => handle.send(1), TypeError)
  })

  test('frames that are none, and error frames, are errors; the session goes on', () => {
    const { handle, socket } = opened()
    for (const frame of ['x', '{"type":"message","value":{"$":["nope",1]}}', '{"type":"hello"}']) {
      socket.says(frame)
      assert.equal(handle.error?.name, 'RealtimeError')
    }
    socket.onmessage?.({ data: new ArrayBuffer(1) })
    assert.match(handle.error?.message ?? '', /binary/)
    socket.says({ type: 'error', error: { name: 'HandlerError', message: 'the server failed' } })
    assert.equal(handle.error?.message, 'the server failed')
    socket.says({ type: 'message', value: 1 })
    assert.deepEqual([handle.status, handle.messages], ['open', [1]])
    handle.close()
    handle.connect()
    assert.equal(handle.error, undefined)
  })
})

describe('the end', () => {
  test('close(): code and reason, and nothing arrives after it', () => {
    const { handle, socket } = opened()
    handle.close(4000, 'bye')
    assert.deepEqual([socket.closed, handle.status, handle.error], [[4000, 'bye'], 'closed', undefined])
    socket.says({ type: 'message', value: 1 }).closes(4000)
    assert.deepEqual([handle.messages.length, handle.error], [0, undefined])
    handle.close()
  })

  test('close() as an event handler, and with what browsers refuse', () => {
    const { handle, socket } = opened()
    for (const code of [1001, 1011, 5000]) assert.throws(() => handle.close(code), RangeError)
    assert.throws(() => handle.close(1000, 'x'.repeat(124)), RangeError)
    assert.equal(handle.status, 'open')
    handle.close({ type: 'click' } as never)
    assert.deepEqual(socket.closed, [1000, ''])
  })

  test('while connecting', () => {
    const handle = new ClientHandle('useRoom-1')
    handle.connect()
    const socket = last()
    handle.close()
    socket.opens()
    socket.closes(1006)
    assert.deepEqual([handle.status, handle.error, socket.sent], ['closed', undefined, []])
  })

  const ends: [number, string, string | undefined][] = [
    [1000, '', undefined],
    [1005, '', undefined],
    [1001, 'server going away', 'the server closed the session: 1001 server going away'],
    [1006, '', 'the connection was lost'],
    [1013, '', 'the server closed the session: 1013'],
    [4001, 'banned', 'the server closed the session: 4001 banned'],
  ]
  for (const [code, reason, message] of ends) {
    test(`by the server with ${code}`, () => {
      const { handle, socket } = opened()
      socket.closes(code, reason)
      assert.deepEqual([handle.status, handle.error?.message], ['closed', message])
      if (message !== undefined) assert.deepEqual([handle.error?.code, handle.error?.reason], [code, reason])
      handle.connect()
      assert.equal(sockets().length, 2)
    })
  }

  test('1011 keeps what the server said', () => {
    const { handle, socket } = opened()
    socket.says({ type: 'error', error: { name: 'HandlerError', message: 'no such room' } }).closes(1011, 'handler failed')
    assert.deepEqual([handle.error?.message, handle.error?.code], ['no such room', 1011])
  })

  test('unmounting closes with 1000; a hot update, which mounts again, does not', () => {
    const { handle, socket } = opened()
    handle.release()
    handle.retain()
    mock.timers.tick(1)
    assert.equal(handle.status, 'open')
    handle.release()
    mock.timers.tick(1)
    assert.deepEqual([handle.status, socket.closed], ['closed', [1000, '']])
    handle.connect()
    assert.equal(sockets().length, 1, 'nobody could close it any more')
  })
})

describe('a connection that fails', () => {
  async function failed(answer: FakeBrowser['answer']): Promise<ClientHandle> {
    browser.answer = answer
    const handle = new ClientHandle('useRoom-1')
    handle.connect()
    last().closes(1006)
    assert.equal(handle.status, 'connecting')
    await settle()
    assert.equal(handle.status, 'closed')
    return handle
  }

  test('refused: the status, from the same URL', async () => {
    let asked: URL | undefined
    const { error } = await failed(async (url) => {
      asked = url
      return new Response('no', { status: 401, statusText: 'Unauthorized' })
    })
    assert.equal(error?.message, 'the server refused the connection: 401 Unauthorized')
    assert.equal(error?.status, 401)
    assert.equal(asked?.href.replace(/^http/, 'ws'), last().url)
  })

  test('refused over HTTP/2, without a text', async () => {
    const { error } = await failed(async () => new Response(null, { status: 403 }))
    assert.deepEqual([error?.message, error?.status], ['the server refused the connection: 403', 403])
  })

  test('426 and no answer: could not connect', async () => {
    for (const answer of [async () => new Response(null, { status: 426 }), () => Promise.reject(new TypeError('Failed to fetch'))]) {
      const { error } = await failed(answer)
      assert.equal(error?.message, 'could not connect')
      assert.ok(error !== undefined && !('status' in error))
    }
  })

  test('no answer for long', async () => {
    browser.answer = (_, { signal }) => new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    const handle = new ClientHandle('useRoom-1')
    handle.connect()
    last().closes(1006)
    mock.timers.tick(10_000)
    await settle()
    assert.deepEqual([handle.status, handle.error?.message], ['closed', 'could not connect'])
  })

  test('what was left meanwhile says nothing', async () => {
    let aborted: AbortSignal | null | undefined
    browser.answer = (_, { signal }) => {
      aborted = signal
      return Promise.resolve(new Response(null, { status: 401 }))
    }
    const handle = new ClientHandle('useRoom-1')
    handle.connect('a')
    last().closes(1006)
    handle.connect('b')
    await settle()
    assert.deepEqual([handle.status, handle.error, aborted?.aborted], ['connecting', undefined, true])
  })
})

describe('pings', () => {
  test('every 30 s; any frame is a sign of life', () => {
    const { handle, socket } = opened()
    for (let i = 0; i < 5; i++) {
      mock.timers.tick(30_000)
      socket.says(i % 2 ? { type: 'pong' } : { type: 'message', value: i })
    }
    assert.deepEqual(socket.sent, [HELLO, PING, PING, PING, PING, PING])
    assert.equal(handle.status, 'open')
  })

  test('a server that answers two of them with nothing is gone', () => {
    const { handle, socket } = opened()
    mock.timers.tick(89_999)
    assert.equal(handle.status, 'open')
    mock.timers.tick(1)
    assert.deepEqual([handle.status, handle.error?.code, socket.sent.length], ['closed', 1006, 3])
    assert.ok(socket.closed)
  })
})
