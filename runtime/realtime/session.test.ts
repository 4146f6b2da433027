/** The session rules (docs/realtime.md), against a host without network. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, test } from 'node:test'
import { FakeHost, FakeRaw, FakeSocket, settle } from './testing/fake-host.js'
import type { RealtimeCloseEvent, RealtimeConnection } from './types.js'

const HELLO = '{"type":"hello"}'

/** The close events that a connection reports. */
function closes(connection: RealtimeConnection<any, any, any>): RealtimeCloseEvent[] {
  const seen: RealtimeCloseEvent[] = []
  connection.onClose((event) => seen.push(event))
  return seen
}

describe('opening', () => {
  test('the handler starts with the open event, once', () => {
    const host = new FakeHost()
    let starts = 0
    const peer = host.accept(({ input }) => void (starts += input as number), 1)
    assert.deepEqual([starts, host.sessions.size], [0, 0])
    peer.opens()
    peer.says(HELLO)
    assert.deepEqual([starts, host.sessions.size], [1, 1])
  })

  test('without an open event (Workers) it starts at the first frame, and may speak at once', () => {
    const peer = new FakeHost().accept((connection) => void connection.send('welcome'), undefined, new FakeSocket(undefined))
    peer.says(HELLO)
    assert.deepEqual(peer.socket.messages, ['welcome'])
  })

  test('a socket that never opened leaves nothing behind', async () => {
    const host = new FakeHost()
    host.accept(() => assert.fail('no handler')).closes(1006)
    await settle()
    assert.deepEqual([host.sessions.size, host.clock.pending], [0, 0])
  })

  test('functions may be taken off the connection', async () => {
    const { connection, socket, message } = bound(new FakeHost().open())
    const { send, onMessage, close } = connection
    onMessage((text) => send(text))
    message('a')
    await settle()
    close()
    assert.deepEqual([socket.messages, socket.closed], [['a'], [1000, '']])
  })
})

function bound<P extends { message(value: unknown): unknown }>(peer: P): P {
  peer.message = peer.message.bind(peer)
  return peer
}

describe('messages', () => {
  test('those that came before onMessage are delivered first, to all that register together', async () => {
    const peer = new FakeHost().open()
    const seen: string[] = []
    peer.message(1).message(2)
    peer.connection.onMessage((n) => seen.push(`a${n}`))
    peer.connection.onMessage((n) => seen.push(`b${n}`))
    assert.deepEqual(seen, [], 'not inside onMessage()')
    peer.message(3)
    await settle()
    peer.message(4)
    assert.deepEqual(seen, ['a1', 'b1', 'a2', 'b2', 'a3', 'b3', 'a4', 'b4'])
  })

  test('64 wait, and one more closes with 1013; so do 256 KiB', () => {
    const many = new FakeHost().open()
    for (let i = 0; i < 64; i++) many.message(i)
    assert.equal(many.socket.closed, undefined)
    assert.equal(many.message(64).socket.closed?.[0], 1013)
    const large = new FakeHost().open().message('x'.repeat(200_000))
    assert.equal(large.socket.closed, undefined)
    assert.equal(large.message('x'.repeat(70_000)).socket.closed?.[0], 1013)
  })

  test('what a client said before it left is delivered, and then the close', async () => {
    const peer = new FakeHost().open()
    peer.message('last').closes(1000)
    await settle()
    const seen: unknown[] = []
    peer.connection.onMessage((text) => seen.push(text))
    peer.connection.onClose(({ code }) => seen.push(code))
    await settle()
    assert.deepEqual(seen, ['last', 1000])
  })

  test('nothing arrives after close()', async () => {
    const peer = new FakeHost().open().message(1).message(2)
    const seen: unknown[] = []
    peer.connection.onMessage((n) => {
      seen.push(n)
      peer.connection.close()
    })
    await settle()
    peer.message(3)
    assert.deepEqual(seen, [1])
  })

  test('a promise holds nothing back', () => {
    const peer = new FakeHost().open()
    const seen: unknown[] = []
    peer.connection.onMessage(() => {})
    return settle().then(() => {
      peer.connection.onMessage((n) => {
        seen.push(n)
        return new Promise(() => {})
      })
      peer.message(1).message(2)
      assert.deepEqual(seen, [1, 2])
    })
  })

  test('unsubscribing works during a dispatch, and twice', async () => {
    const peer = new FakeHost().open()
    const seen: string[] = []
    const offs = [
      peer.connection.onMessage(() => {
        seen.push('first')
        offs[1]?.()
        offs[1]?.()
        peer.connection.onMessage(() => seen.push('added'))
      }),
      peer.connection.onMessage(() => seen.push('removed')),
    ]
    await settle()
    peer.message(1)
    assert.deepEqual(seen, ['first'])
    offs[0]?.()
    peer.message(2)
    assert.deepEqual(seen, ['first', 'added'])
  })

  test('a callback must be a function', () => {
    const { connection } = new FakeHost().open()
    assert.throws(() => connection.onMessage(undefined as never), TypeError)
  })

  test('undefined travels', async () => {
    const peer = new FakeHost().open((connection) => connection.onMessage((value) => connection.send(value)))
    await settle()
    peer.says('{"type":"message"}')
    assert.deepEqual(peer.socket.sent, ['{"type":"message"}'])
  })

  test('what cannot be serialized is a TypeError, and nothing is sent', () => {
    const { connection, socket } = new FakeHost().open()
    assert.throws(() => connection.send({ user: { save() {} } }), /message\.user\.save/)
    assert.deepEqual(socket.sent, [])
  })

  test('a ping is answered', () => {
    assert.deepEqual(new FakeHost().open().says('{"type":"ping"}').socket.sent, ['{"type":"pong"}'])
  })
})

describe('frames of strangers', () => {
  const bad = ['', 'x', 'null', '[]', '{"type":"error","error":{"message":"x"}}', '{"type":"message","value":{"__proto__":1}}', '['.repeat(100_000)]

  test('each gets an error frame, and the session goes on', async () => {
    const host = new FakeHost()
    const peer = host.open((connection) => connection.onMessage((value) => connection.send(value)))
    await settle()
    for (const text of bad) peer.says(text)
    peer.message('still here')
    assert.deepEqual(peer.socket.frames.map(({ type, error }) => error?.name ?? type), [...bad.map(() => 'FrameError'), 'message'])
    assert.deepEqual(host.reports, [], 'a stranger fills no log')
  })

  test('the tenth closes with 1008', () => {
    const peer = new FakeHost().open()
    for (let i = 0; i < 9; i++) peer.says('x')
    assert.equal(peer.socket.closed, undefined)
    assert.equal(peer.says('x').socket.closed?.[0], 1008)
    assert.equal(peer.socket.sent.length, 10)
  })

  test('binary closes with 1003, in every form', () => {
    for (const data of [new ArrayBuffer(2), new Uint8Array(2), new Blob(['a']), undefined]) {
      assert.equal(new FakeHost().open().says(data).socket.closed?.[0], 1003)
    }
  })

  test('the limit of 1 MiB is in bytes', () => {
    const text = (length: number, char: string): string => `{"type":"message","value":"${char.repeat(length)}"}`
    const frame = text(0, '').length
    assert.equal(new FakeHost({ limits: { earlyBytes: 1e9 } }).open().says(text(2 ** 20 - frame, 'a')).socket.closed, undefined)
    assert.equal(new FakeHost().open().says(text(2 ** 20 - frame + 1, 'a')).socket.closed?.[0], 1009)
    assert.equal(new FakeHost().open().says(text(2 ** 19, 'ü')).socket.closed?.[0], 1009)
  })
})

describe('closing', () => {
  test('by the server: code, reason, and onClose once, after close() has returned', async () => {
    const host = new FakeHost()
    const peer = host.open()
    // Bun reports the close inside the call.
    peer.socket.onClosing = () => peer.closes(4001, 'x')
    const order: unknown[] = []
    peer.connection.onClose((event) => order.push(event))
    peer.connection.close(4001, 'x')
    order.push('after')
    peer.connection.close(4002, 'y')
    peer.closes(1006)
    await settle()
    assert.deepEqual(order, ['after', { code: 4001, reason: 'x', wasClean: true }])
    assert.deepEqual(peer.socket.closed, [4001, 'x'])
    assert.equal(host.sessions.size, 0)
  })

  test('close() passes 1000', () => {
    const peer = new FakeHost().open()
    peer.connection.close()
    assert.deepEqual(peer.socket.closed, [1000, ''])
  })

  test('by the client', async () => {
    const peer = new FakeHost().open()
    const seen = closes(peer.connection)
    peer.closes(4002, 'bye').closes(1005)
    await settle()
    assert.deepEqual(seen, [{ code: 4002, reason: 'bye', wasClean: true }])
    assert.equal(peer.connection.send('late'), false)
    peer.connection.close()
    assert.equal(peer.socket.closed, undefined)
  })

  test('registered after the fact: called once, later, unless it is taken back', async () => {
    const peer = new FakeHost().open().closes(1000)
    await settle()
    const seen = closes(peer.connection)
    peer.connection.onClose(() => assert.fail('taken back'))()
    assert.equal(seen.length, 0)
    await settle()
    assert.equal(seen.length, 1)
  })

  test('registered between the close and its callbacks: once', async () => {
    const peer = new FakeHost().open()
    peer.connection.close()
    const seen = closes(peer.connection)
    await settle()
    assert.equal(seen.length, 1)
  })

  test('illegal codes and long reasons are RangeErrors, and the session goes on', () => {
    const { connection, socket } = new FakeHost().open()
    for (const code of [0, 999, 1005, 1006, 1015, 2000, 5000, 'a' as never]) assert.throws(() => connection.close(code), RangeError)
    assert.throws(() => connection.close(1000, 'ü'.repeat(62)), RangeError)
    assert.equal(connection.send(1), true)
    assert.equal(socket.closed, undefined)
  })

  test('Deno: an error, 1001 and 1005 for one lost connection', async () => {
    const peer = new FakeHost().open()
    const seen = closes(peer.connection)
    peer.fails(new Error('No response from ping frame.'), 3).closes(1001).closes(1005)
    await settle()
    assert.deepEqual(seen, [{ code: 1006, reason: '', wasClean: false }])
  })

  test('Workers: no close event after an error, and errors after a close', async () => {
    const host = new FakeHost()
    const first = host.accept((connection) => closesInto(connection, seen), undefined, new FakeSocket(undefined))
    const seen: unknown[] = []
    first.says(HELLO).fails(new Error('too large'), 3)
    await settle()
    assert.deepEqual(seen, ['error', 1006])
    first.fails(new Error('Network connection lost.'), 3)
    await settle()
    assert.deepEqual(seen, ['error', 1006])
  })

  test('old Workers: the close frame of the client is answered', () => {
    const peer = new FakeHost().open().closes(4002, 'cc', 2)
    assert.deepEqual(peer.socket.closed, [4002, 'cc'])
    assert.deepEqual(new FakeHost().open().closes(1005, '', 2).socket.closed, [undefined, undefined])
  })

  test('a host that throws in send and close throws nowhere else', async () => {
    const peer = new FakeHost().open()
    const seen = closes(peer.connection)
    peer.socket.onSend = peer.socket.onClosing = () => {
      throw new TypeError("Can't call WebSocket send() after close().")
    }
    assert.equal(peer.connection.send(1), false, 'nothing was taken')
    peer.connection.close()
    await settle()
    assert.equal(seen.length, 1)
  })
})

function closesInto(connection: RealtimeConnection<any, any, any>, seen: unknown[]): void {
  connection.onClose(({ code }) => seen.push(code))
  connection.onError(() => seen.push('error'))
}

describe('failures of the author', () => {
  test('in onMessage, thrown and rejected: onError, the log, an error frame; the session goes on', async () => {
    const host = new FakeHost({ production: false })
    const peer = host.open()
    const errors: unknown[] = []
    peer.connection.onError((error) => errors.push(error))
    peer.connection.onMessage((text) => {
      if (text === 'throw') throw new Error('thrown')
      return Promise.reject(new Error('rejected'))
    })
    await settle()
    peer.message('throw').message('reject')
    await settle()
    assert.deepEqual(errors.map(String), ['Error: thrown', 'Error: rejected'])
    assert.deepEqual(host.reports.map(({ stage, details }) => [stage, details]), Array(2).fill(['realtime', { symbol: 'useRoom-1', during: 'onMessage' }]))
    assert.deepEqual(peer.socket.frames.map(({ error }) => error?.message), ['thrown', 'rejected'])
    assert.equal(peer.connection.send(1), true)
  })

  test('in production a client learns nothing', () => {
    const peer = new FakeHost().open(() => {
      throw new Error('SECRET postgres://')
    })
    assert.deepEqual(peer.socket.frames, [{ type: 'error', error: { name: 'HandlerError', message: 'the server failed' } }])
    assert.deepEqual(peer.socket.closed, [1011, 'handler failed'])
  })

  test('in the handler, thrown and rejected: 1011, onClose once', async () => {
    for (const handler of [() => { throw 'no error' }, () => Promise.reject(new Error('late'))]) {
      const host = new FakeHost()
      const seen: unknown[] = []
      const peer = host.open((connection) => {
        closesInto(connection, seen)
        return handler()
      })
      await settle()
      assert.equal(peer.socket.closed?.[0], 1011)
      assert.deepEqual(seen, ['error', 1011])
      assert.equal(host.reports.length, 1)
    }
  })

  test('in onError and onClose: the log only', async () => {
    const host = new FakeHost()
    const peer = host.open()
    peer.connection.onError(() => {
      throw new Error('in onError')
    })
    peer.connection.onClose(() => Promise.reject(new Error('in onClose')))
    peer.fails(new Error('socket')).closes(1000)
    await settle()
    assert.deepEqual(host.reports.map(({ error }) => (error as Error).message), ['in onError', 'in onClose'])
    assert.deepEqual(peer.socket.sent, [])
  })

  test('a handler that fails after the end is logged and has no other effect', async () => {
    const host = new FakeHost()
    let fail = (_: Error): void => {}
    const peer = host.open(() => new Promise((_, reject) => (fail = reject))).closes(1000)
    fail(new Error('late'))
    await settle()
    assert.equal(host.reports.length, 1)
    assert.equal(peer.socket.closed, undefined)
  })

  test('a thenable whose then throws, and a logger that throws', async () => {
    const host = new FakeHost()
    host.reports.push = () => {
      throw new Error('logger')
    }
    const peer = host.open()
    peer.connection.onMessage(() => ({ get then() { throw new Error('then') } }))
    await settle()
    peer.message(1)
    await settle()
    assert.equal(peer.socket.frames.length, 1)
  })
})

describe('slow consumers', () => {
  const raw = (peer: { socket: FakeSocket }): FakeRaw => peer.socket.raw as FakeRaw

  test('a burst of one turn is taken, also 20,000 small sends that the kernel refuses', () => {
    const peer = new FakeHost().open()
    peer.socket.onSend = () => (raw(peer).bufferedAmount += 100)
    for (let i = 0; i < 20_000; i++) assert.equal(peer.connection.send('x'.repeat(70)), true)
  })

  test('what is unsent in a later turn closes with 1013, once it is over 1 MiB', () => {
    const host = new FakeHost()
    const peer = host.open()
    raw(peer).bufferedAmount = 2 ** 20
    assert.equal(peer.connection.send('a'), true)
    host.clock.turns++
    raw(peer).bufferedAmount++
    assert.equal(peer.connection.send('b'), false)
    assert.deepEqual(peer.socket.closed, [1013, 'slow consumer'])
    assert.equal(peer.connection.send('c'), false)
    assert.deepEqual(peer.socket.messages, ['a'])
  })

  test('one turn has a bound', () => {
    const peer = new FakeHost().open()
    peer.socket.onSend = () => (raw(peer).bufferedAmount += 64 * 1024)
    let taken = 0
    while (taken < 1000 && peer.connection.send('x'.repeat(64 * 1024))) taken++
    assert.ok(taken >= 128 && taken < 140, String(taken))
  })

  test('one message is always taken, however large', () => {
    assert.equal(new FakeHost().open().connection.send('x'.repeat(3 * 2 ** 20)), true)
  })

  test("Bun's name of the backlog", () => {
    const peer = new FakeHost().open(() => {}, new FakeSocket({ getBufferedAmount: () => 2 ** 21 }))
    assert.equal(peer.connection.send('a'), false)
  })
})

describe('pings', () => {
  test('one timer for all; a silent peer is cut after two, a living one is not', async () => {
    const host = new FakeHost()
    const silent = host.open()
    const pongs = host.open()
    const speaks = host.open()
    const seen = closes(silent.connection)
    assert.equal(host.clock.pending, 1)
    const raw = pongs.socket.raw as FakeRaw
    for (let i = 0; i < 4; i++) {
      await host.clock.pass(30_000)
      raw.listeners.get('pong')?.()
      speaks.says('{"type":"ping"}')
    }
    await settle()
    const silentRaw = silent.socket.raw as FakeRaw
    assert.deepEqual([silentRaw.pings, silentRaw.terminated, raw.pings], [2, true, 4])
    assert.deepEqual(seen, [{ code: 1006, reason: '', wasClean: false }])
    assert.equal(host.sessions.size, 2)
    pongs.closes(1000)
    speaks.closes(1000)
    assert.equal(host.clock.pending, 0)
  })

  test('are spread over their interval, also where all came at once', async () => {
    const host = new FakeHost()
    const raws = Array.from({ length: 305 }, () => host.open().socket.raw as FakeRaw)
    const sent = (): number => raws.reduce((sum, { pings }) => sum + pings, 0)
    const perSecond: number[] = []
    for (let second = 0; second < 60; second++) {
      const before = sent()
      await host.clock.pass(1000)
      perSecond.push(sent() - before)
    }
    assert.ok(perSecond.every((pings) => pings === 10 || pings === 11), String(perSecond))
    assert.ok(raws.every(({ pings }) => pings === 2))
    assert.equal(host.clock.pending, 1)
  })

  test('each is 30 s after the one before', async () => {
    const host = new FakeHost()
    const peer = host.open()
    const raw = peer.socket.raw as FakeRaw
    raw.ping = () => times.push(host.clock.now)
    const times: number[] = []
    for (let i = 0; i < 4; i++) {
      await host.clock.pass(30_000)
      peer.says(HELLO)
    }
    assert.deepEqual(times.map((time, i) => time - (times[i - 1] ?? time)), [0, 30_000, 30_000, 30_000])
  })

  test('hosts that show no pongs (Bun) ping by themselves', () => {
    const host = new FakeHost()
    host.open(() => {}, new FakeSocket({ ping: () => assert.fail('no ping') }))
    assert.equal(host.clock.pending, 0)
  })
})

describe('drain', () => {
  test('closes all with 1001, spread, and waits for the hosts', async () => {
    const host = new FakeHost()
    const peers = Array.from({ length: 100 }, () => host.open())
    let drained = false
    const drain = host.sessions.drain({ spreadMs: 1000 }).then(() => (drained = true))
    const closed = (): number => peers.filter(({ socket }) => socket.closed?.[0] === 1001).length
    assert.equal(closed(), 5)
    await host.clock.pass(500)
    assert.equal(closed(), 55)
    await host.clock.pass(500)
    assert.deepEqual([closed(), drained, host.sessions.size], [100, false, 0])
    for (const peer of peers) peer.closes(1001)
    await drain
    assert.ok(drained)
  })

  test('does not wait for ever, and admits nobody', async () => {
    const host = new FakeHost()
    const open = host.open()
    const drain = host.sessions.drain({ spreadMs: 0 })
    const late = host.accept(() => assert.fail('no handler')).opens()
    assert.deepEqual([open.socket.closed?.[0], late.socket.closed?.[0]], [1001, 1001])
    await host.clock.pass(1000)
    await drain
  })

  test('nothing to do', () => new FakeHost().sessions.drain())
})

test('callbacks run in the async context of the request', async () => {
  const storage = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const host = new FakeHost()
  const note = (name: string) => () => seen.push(`${name} ${storage.getStore()}`)
  const peer = storage.run('request', () =>
    host.accept((connection) => {
      note('handler')()
      connection.onMessage(note('message'))
      connection.onError(note('error'))
      connection.onClose(note('close'))
    }),
  )
  storage.run('host', () => peer.opens())
  await settle()
  storage.run('host', () => peer.message(1).fails(new Error('x')).closes(1000))
  await settle()
  assert.deepEqual(seen, ['handler request', 'message request', 'error request', 'close request'])
})
