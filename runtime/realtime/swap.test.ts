/** What an edited handler does to open sessions (docs/realtime.md, "In development"). */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { afterEach, describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { limits } from './limits.js'
import type { RealtimeSymbol } from './registry.js'
import { FakeHost, FakeSocket, settle } from './testing/fake-host.js'
import type { Peer } from './testing/fake-host.js'
import type { RealtimeConnection, RealtimeHandler } from './types.js'

type Connection = RealtimeConnection<any, any, any>

const REPLACED = { code: 1012, reason: 'handler replaced', wasClean: true }

/** What ran though it must not. Noted, since the session catches what is thrown there. */
const wrong: string[] = []
const never = (what: string): void => void wrong.push(what)
afterEach(() => assert.deepEqual(wrong.splice(0), []))

/** Sends back what it gets, with its name. */
const echo = (name: string): RealtimeHandler<any, any, any> => (connection) => {
  connection.onMessage((value) => connection.send(`${name} ${value}`))
}

describe('the new run', () => {
  test('has the same input and context; the client sees nothing', async () => {
    const host = new FakeHost()
    const seen: Connection[] = []
    const peer = host.accept((connection) => void seen.push(connection), { room: 1 }).opens()
    assert.equal(host.edit((connection) => void seen.push(connection)), 1)
    const [first, second] = seen as [Connection, Connection]
    assert.notEqual(first, second)
    assert.equal(first.input, second.input)
    assert.equal(first.c, second.c)
    assert.equal(second.send('from the new one'), true)
    await settle()
    assert.deepEqual([peer.socket.messages, peer.socket.closed, host.sessions.size], [['from the new one'], undefined, 1])
  })

  test('starts when all onClose callbacks of the old one were called', () => {
    const host = new FakeHost()
    const order: unknown[] = []
    host.open((connection) => {
      connection.onClose((event) => void order.push(event))
      connection.onClose(() => void order.push('second'))
    })
    host.edit(() => void order.push('new'))
    assert.deepEqual(order, [REPLACED, 'second', 'new'])
  })

  test('gets what arrives after the swap, and what the session ends with', async () => {
    const host = new FakeHost()
    const peer = host.accept(echo('old')).opens()
    await settle()
    peer.message(1)
    const ends: unknown[] = []
    host.edit((connection) => {
      echo('new')(connection)
      connection.onClose((event) => void ends.push(event))
    })
    await settle()
    peer.message(2).closes(4000, 'bye')
    await settle()
    assert.deepEqual(peer.socket.messages, ['old 1', 'new 2'])
    assert.deepEqual(ends, [{ code: 4000, reason: 'bye', wasClean: true }])
  })

  test('that throws or rejects closes with 1011, and its own callbacks are told', async () => {
    for (const fail of [() => { throw new Error('new') }, () => Promise.reject(new Error('new'))]) {
      const host = new FakeHost()
      const ends: unknown[] = []
      const peer = host.open((connection) => void connection.onClose(({ code }) => void ends.push(`old ${code}`)))
      const swapped = host.edit((connection) => {
        connection.onError(() => void ends.push('error'))
        connection.onClose(({ code }) => void ends.push(`new ${code}`))
        return fail()
      })
      await settle()
      assert.equal(swapped, 1)
      assert.deepEqual(ends, ['old 1012', 'error', 'new 1011'])
      assert.deepEqual([peer.socket.closed, peer.socket.frames.length, host.reports.length], [[1011, 'handler failed'], 1, 1])
      assert.equal(host.edit(() => never('it is over')), 0)
    }
  })

  test('runs in the async context of the request, as do the old callbacks', () => {
    const storage = new AsyncLocalStorage<string>()
    const host = new FakeHost()
    const seen: unknown[] = []
    const peer = storage.run('request', () => host.accept((connection) => void connection.onClose(() => void seen.push(storage.getStore()))))
    peer.opens()
    storage.run('load', () => host.edit(() => void seen.push(storage.getStore())))
    assert.deepEqual(seen, ['request', 'request'])
  })

  test('counts the malformed frames of the whole session', () => {
    const host = new FakeHost()
    const peer = host.open()
    for (let i = 0; i < limits.badFrames - 1; i++) peer.says('x')
    host.edit(() => {})
    assert.equal(peer.says('x').socket.closed?.[0], 1008)
  })
})

describe('the old run', () => {
  test('can do nothing any more: its connection is revoked', async () => {
    const host = new FakeHost()
    const { connection, socket, message } = unbound(host.open())
    host.edit(echo('new'))
    assert.equal(connection.send('late'), false)
    assert.equal(connection.send(() => {}), false)
    connection.close(4000, 'late')
    const revoked = (): void => never('revoked')
    for (const off of [connection.onMessage(revoked), connection.onError(revoked)]) assert.equal(off(), undefined)
    connection.onMessage(revoked)
    connection.onError(revoked)
    await settle()
    message(1)
    assert.deepEqual([socket.messages, socket.closed], [['new 1'], undefined])
  })

  test('is told once that it is over, also when it asks afterwards', async () => {
    const host = new FakeHost()
    const told: unknown[] = []
    const peer = host.open((connection) => {
      connection.onClose((event) => {
        told.push(event)
        connection.onClose(() => void told.push('asked in onClose'))
      })
    })
    host.edit(() => {})
    peer.connection.onClose((event) => void told.push(event))
    peer.connection.onClose(() => never('taken back'))()
    assert.deepEqual(told, [REPLACED], 'not inside onClose()')
    await settle()
    peer.closes(1000)
    await settle()
    assert.deepEqual(told, [REPLACED, 'asked in onClose', REPLACED])
  })

  test('may take its callbacks back after the swap', async () => {
    const host = new FakeHost()
    const offs: (() => void)[] = []
    const peer = host.open(({ onMessage, onClose, onError }) => void offs.push(onMessage(() => {}), onClose(() => {}), onError(() => {})))
    host.edit(echo('new'))
    for (const off of offs) off()
    await settle()
    assert.deepEqual(peer.message(1).socket.messages, ['new 1'])
  })

  test('whose onClose throws or rejects is reported, and stops neither the others nor the swap', async () => {
    const host = new FakeHost()
    const peer = host.open((connection) => {
      connection.onError(() => never('no callback after onClose'))
      connection.onClose(() => { throw new Error('thrown') })
      connection.onClose(() => Promise.reject(new Error('rejected')))
      connection.onClose(() => connection.send('late'))
    })
    assert.equal(host.edit((connection) => connection.send('new')), 1)
    await settle()
    assert.deepEqual(host.reports.map(({ error, details }) => [(error as Error).message, details]), [
      ['thrown', { symbol: 'useRoom-1', during: 'onClose' }],
      ['rejected', { symbol: 'useRoom-1', during: 'onClose' }],
    ])
    assert.deepEqual(peer.socket.frames, [{ type: 'message', value: 'new' }])
  })

  test('that is still running goes on, sends nothing, and its rejections are only reported', async () => {
    const host = new FakeHost()
    const gate = makeGate()
    const results: unknown[] = []
    const late = async (connection: Connection, name: string): Promise<void> => {
      await gate.passed
      results.push(connection.send('late'))
      throw new Error(name)
    }
    const peer = host.open((connection) => {
      connection.onError(() => never('of the old run'))
      connection.onMessage(() => late(connection, 'callback'))
      return late(connection, 'handler')
    })
    await settle()
    peer.message(1)
    host.edit((connection) => void connection.onError(() => never('not the failure of the new run')))
    gate.open()
    await settle()
    assert.deepEqual(results, [false, false])
    assert.deepEqual(host.reports.map(({ error, details }) => [(error as Error).message, (details as { during: string }).during]), [
      ['handler', 'handler'],
      ['callback', 'onMessage'],
    ])
    assert.deepEqual([peer.socket.sent, peer.socket.closed, host.sessions.size], [[], undefined, 1])
  })
})

/** Holds handlers back until the test opens it. */
function makeGate(): { open(): void; passed: Promise<void> } {
  let open = (): void => {}
  const passed = new Promise<void>((resolve) => (open = resolve))
  return { open, passed }
}

function unbound<P extends Peer>(peer: P): P {
  peer.message = peer.message.bind(peer)
  return peer
}

describe('messages on their way', () => {
  test('those that wait for onMessage go to the new run, in order', async () => {
    const host = new FakeHost()
    const peer = host.open().message(1).message(2)
    host.edit(() => {})
    peer.message(3)
    host.edit(echo('new'))
    peer.message(4)
    assert.deepEqual(peer.socket.messages, [])
    await settle()
    assert.deepEqual(peer.message(5).socket.messages, ['new 1', 'new 2', 'new 3', 'new 4', 'new 5'])
  })

  test('also where the old run has registered, but nothing was delivered yet', async () => {
    const host = new FakeHost()
    const peer = host.open().message(1)
    peer.connection.onMessage(() => never('it has given way'))
    host.edit(echo('new'))
    await settle()
    assert.deepEqual(peer.socket.messages, ['new 1'])
  })

  test('one that is being dispatched is not delivered again; those behind it go to the new run', async () => {
    const host = new FakeHost()
    const peer = host.open().message(1).message(2)
    const seen: unknown[] = []
    peer.connection.onMessage((value) => {
      seen.push(`old ${value}`)
      host.edit(echo('new'))
      peer.message(3)
    })
    peer.connection.onMessage(() => never('revoked before its turn'))
    await settle()
    assert.deepEqual([seen, peer.socket.messages], [['old 1'], ['new 2', 'new 3']])
  })

  test('the same for one that came when callbacks were there', async () => {
    const host = new FakeHost()
    const peer = host.open((connection) => {
      connection.onMessage(() => void host.edit(echo('new')))
      connection.onMessage(() => never('revoked before its turn'))
    })
    await settle()
    peer.message(1).message(2)
    await settle()
    assert.deepEqual(peer.socket.messages, ['new 2'])
  })

  test('what arrives before the new run registers waits for it', async () => {
    const host = new FakeHost()
    const peer = host.accept(echo('old')).opens()
    await settle()
    const gate = makeGate()
    host.edit(async (connection) => {
      await gate.passed
      echo('new')(connection)
    })
    peer.message(1).message(2)
    gate.open()
    await settle()
    assert.deepEqual(peer.socket.messages, ['new 1', 'new 2'])
  })

  test('the limits of what waits hold across swaps, and count what was delivered no more', async () => {
    const host = new FakeHost({ limits: { earlyMessages: 4, earlyBytes: 1000 } })
    const peer = host.open().message(1).message(2).message(3).message(4)
    host.edit(() => {})
    assert.equal(peer.socket.closed, undefined)
    assert.equal(peer.message(5).socket.closed?.[0], 1013)

    const large = host.open().message('x'.repeat(800)).message('y')
    large.connection.onMessage(() => void host.edit(() => {}))
    await settle()
    assert.equal(large.message('x'.repeat(800)).socket.closed, undefined)
    host.edit(() => {})
    assert.equal(large.message('x'.repeat(800)).socket.closed?.[0], 1013)
  })
})

describe('a swap inside the code of the session', () => {
  test('in its handler: only the newest goes on', async () => {
    const host = new FakeHost()
    const order: string[] = []
    const peer = host.accept((connection) => {
      connection.onClose(({ code }) => void order.push(`old ${code}`))
      host.edit((newer) => {
        order.push('new')
        echo('new')(newer)
      })
      order.push(`old sends ${connection.send('late')}`)
      throw new Error('of no consequence')
    })
    peer.opens()
    await settle()
    assert.deepEqual(order, ['old 1012', 'new', 'old sends false'])
    assert.deepEqual([peer.message(1).socket.messages, peer.socket.closed, host.reports.length], [['new 1'], undefined, 1])
  })

  test('in onClose: the handler between the two never starts', async () => {
    const host = new FakeHost()
    const peer = host.open((connection) => void connection.onClose(() => void host.edit(echo('newest')))).message(1)
    host.edit(() => never('overtaken'))
    await settle()
    assert.deepEqual(peer.socket.messages, ['newest 1'])
  })

  test('in onError', async () => {
    const host = new FakeHost()
    const peer = host.open((connection) => {
      connection.onError(() => void host.edit(echo('new')))
      connection.onError(() => never('revoked before its turn'))
    })
    peer.fails(new Error('socket'))
    await settle()
    assert.deepEqual(peer.message(1).socket.messages, ['new 1'])
  })

  test('in onError after the handler threw: the new run is not closed for it', async () => {
    const host = new FakeHost()
    const peer = host.accept((connection) => {
      connection.onError(() => void host.edit(echo('new')))
      throw new Error('old')
    })
    peer.opens()
    await settle()
    assert.deepEqual([peer.message(1).socket.messages, peer.socket.closed], [['new 1'], undefined])
  })

  test('that ends the session instead starts nothing', async () => {
    const host = new FakeHost()
    const peer = host.open((connection) => void connection.onClose(() => void peer.closes(1000)))
    host.edit(() => never('over'))
    await settle()
    assert.equal(host.sessions.size, 0)
  })

  test('of another session: all end with the newest handler', () => {
    const host = new FakeHost()
    const peers = [host.accept(() => {}).opens(), host.accept(() => {}).opens(), host.accept(() => {}).opens()]
    let edits = 0
    host.edit(() => {
      if (++edits === 1) host.edit((connection) => connection.send('newest'))
    })
    assert.deepEqual(peers.map(({ socket }) => socket.messages.at(-1)), ['newest', 'newest', 'newest'])
  })
})

describe('which sessions', () => {
  test('those of the named symbols, once each', () => {
    const host = new FakeHost()
    const seen: string[] = []
    for (const id of ['a', 'b', 'c']) host.accept(() => {}, undefined, undefined, id).opens()
    for (const id of ['a', 'b', 'c']) host.register(() => void seen.push(id), id)
    assert.equal(host.sessions.swap(['a', 'c', 'a', 'unknown']), 2)
    assert.deepEqual(seen, ['a', 'c'])
    assert.equal(host.sessions.swap([]), 0)
  })

  test('one that is being upgraded takes the newest when it opens', () => {
    const host = new FakeHost()
    const peer = host.accept(() => never('edited since'))
    assert.equal(host.edit((connection) => connection.send('new')), 0)
    assert.deepEqual(peer.opens().socket.messages, ['new'])
  })

  test('none that is closing or over', async () => {
    const host = new FakeHost()
    const ends: unknown[] = []
    const closing = host.open((connection) => void connection.onClose((event) => void ends.push(event)))
    closing.connection.close(4000)
    const over = host.open().closes(1000)
    const lost = host.open().fails(new Error('gone'), 3)
    assert.equal(host.edit(() => never('no session')), 0)
    closing.closes(4000)
    await settle()
    assert.deepEqual(ends, [{ code: 4000, reason: '', wasClean: true }])
    assert.deepEqual([over, lost].map(({ connection }) => connection.send(1)), [false, false])
  })

  test('none that is drained, nor any that waits for its turn there', async () => {
    const host = new FakeHost()
    const peers = Array.from({ length: 40 }, () => host.open())
    const drain = host.sessions.drain({ spreadMs: 1000 })
    assert.equal(host.edit(() => never('going away')), 0)
    host.symbols.clear()
    host.sessions.swap([])
    for (const peer of peers) peer.socket.onClosing = () => peer.closes(1001)
    await host.clock.pass(2000)
    await drain
    assert.deepEqual(new Set(peers.map(({ socket }) => socket.closed?.[0])), new Set([1001]))
  })

  test('a drain inside the swap stops it', async () => {
    const host = new FakeHost()
    const peers = Array.from({ length: 3 }, () => host.accept(() => {}).opens())
    let drain: Promise<void> | undefined
    const swapped = host.edit(() => {
      drain ??= host.sessions.drain({ spreadMs: 1000 })
    })
    assert.deepEqual([swapped, host.sessions.size], [1, 2])
    for (const peer of peers) peer.closes(1001)
    await host.clock.pass(2000)
    await drain
  })

  test('none that opens while the others are swapped: it has the newest', () => {
    const host = new FakeHost()
    host.accept(() => {}).opens()
    let starts = 0
    assert.equal(host.edit(() => {
      if (++starts === 1) host.accept((host.symbols.get('useRoom-1') as RealtimeSymbol).handler).opens()
    }), 1)
    assert.deepEqual([starts, host.sessions.size], [2, 2])
  })

  test('those whose symbol is gone are closed with 1012, named or not', async () => {
    const host = new FakeHost()
    const told: unknown[] = []
    const handler = (connection: Connection): void => void connection.onClose((event) => void told.push(event))
    const peers = ['gone', 'gone too', 'stays'].map((id) => host.accept(handler, undefined, undefined, id).opens())
    const upgraded = host.accept(() => never('gone'), undefined, undefined, 'gone')
    host.symbols.delete('gone')
    host.symbols.delete('gone too')
    assert.equal(host.sessions.swap(['gone']), 0)
    upgraded.opens()
    await settle()
    const removed = [1012, 'handler removed']
    assert.deepEqual([...peers, upgraded].map(({ socket }) => socket.closed), [removed, removed, undefined, removed])
    assert.deepEqual(told, Array(2).fill({ code: 1012, reason: 'handler removed', wasClean: true }))
    assert.equal(host.sessions.size, 1)
  })

  test('where a module was not evaluated, its sessions keep what they have, and the log says so', async () => {
    const host = new FakeHost()
    const peer = host.accept(echo('old')).opens()
    await settle()
    host.sessions.changeApp({ report: (_stage, error) => host.reports.push({ stage: '', error, details: {} }), production: false, symbols: { has: () => true, get: () => undefined } })
    assert.equal(host.sessions.swap(['useRoom-1']), 0)
    assert.deepEqual(peer.message(1).socket.messages, ['old 1'])
    assert.match(String(host.reports[0]?.error), /useRoom-1 has not been evaluated/)
  })
})

test('sessions obey the app that has them: its symbols, its limits, its report', async () => {
  const host = new FakeHost({ limits: { message: 100 } })
  const peer = host.accept(echo('old')).opens()
  await settle()
  const reports: unknown[] = []
  const handler: RealtimeHandler = () => { throw new Error('shown') }
  host.sessions.changeApp({
    report: (_stage, error) => reports.push(error),
    production: false,
    symbols: new Map([['useRoom-1', { kind: 'realtime' as const, middlewares: [], handler }]]),
    limits: { ...limits, message: 1000 },
  })
  peer.message('x'.repeat(200))
  assert.deepEqual([peer.socket.closed, peer.socket.messages.length], [undefined, 1])
  host.sessions.swap(['useRoom-1'])
  assert.deepEqual([host.reports.length, reports.length, peer.socket.frames.at(-1)?.error?.message], [0, 1, 'shown'])
})

test('1,000 sessions with messages in flight: none lost, none doubled, all in order', async () => {
  const host = new FakeHost()
  const seen = new Map<unknown, unknown[]>()
  /** Some register at once, some later, as handlers that await something do. */
  const handler = (edit: number): RealtimeHandler => async (connection) => {
    if (edit % 3 === 1) await settle()
    if (edit % 3 === 2) await Promise.resolve()
    connection.onMessage((value) => {
      const values = seen.get(connection.input)
      if (values === undefined) seen.set(connection.input, [value])
      else values.push(value)
      connection.send(value)
    })
  }
  const peers = Array.from({ length: 1000 }, (_, input) => host.accept(handler(0), input).opens())
  const rounds = 12
  let sent = 0
  const speak = (): void => {
    for (const peer of peers) peer.message(sent)
    sent++
  }
  for (let edit = 1; edit <= rounds; edit++) {
    speak()
    assert.equal(host.edit(handler(edit)), 1000)
    speak()
    await Promise.resolve()
    speak()
    if (edit % 4 === 0) await settle()
  }
  await settle()
  await settle()
  const expected = Array.from({ length: sent }, (_, value) => value)
  for (const [input, peer] of peers.entries()) {
    assert.deepEqual(seen.get(input), expected)
    assert.deepEqual(peer.socket.messages, expected)
  }
  assert.deepEqual([host.sessions.size, host.reports.length], [1000, 0])
})

test('100 swaps leave nothing of the old runs behind', async () => {
  const host = new FakeHost()
  const old: WeakRef<object>[] = []
  const socket = new FakeSocket()
  const peer = host.accept(tracked(old), undefined, socket).opens()
  for (let i = 0; i < 100; i++) {
    assert.equal(host.edit(tracked(old)), 1)
    peer.message(i)
    await settle()
  }
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // Twice: what a task holds weakly is let go when it ends.
  collect()
  await settle()
  collect()
  assert.equal(old.length, 101 * 3)
  assert.deepEqual(old.map((ref) => ref.deref() !== undefined).lastIndexOf(false), 100 * 3 - 1)
  assert.equal(old.filter((ref) => ref.deref() !== undefined).length, 3, 'the handler, connection and callback of the run that is left')
  assert.equal(host.clock.pending, 1)
  assert.equal(socket.sent.length, 100)
})

/** Apart, so that no closure of the test holds what it makes. */
function tracked(refs: WeakRef<object>[]): RealtimeHandler<any, any, any> {
  const handler: RealtimeHandler<any, any, any> = (connection) => {
    const callback = (value: unknown): void => void connection.send(value)
    connection.onMessage(callback)
    connection.onError(() => connection)
    connection.onClose(() => connection)
    refs.push(new WeakRef(handler), new WeakRef(connection), new WeakRef(callback))
  }
  return handler
}
