import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { exchange, handshake, reads, statusOf } from './testing/raw.js'
import { connectClient, createTestHandler, later, prefix, withServer } from './testing/upgrade-server.js'

describe('what is not ours', () => {
  test('gets 404 where nobody else listens', () =>
    withServer({}, async ({ port }) => {
      for (const target of ['/', '/other', '/__eclipsa/realtimes/x', '/x/__eclipsa/realtime/x']) {
        assert.equal(statusOf(await exchange(port, handshake(target))), 404, target)
      }
    }))

  test('and only offers another protocol is answered like any request', () =>
    withServer({}, async ({ port }) => {
      const offer = ['Host: localhost', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']
      const response = await exchange(port, `${handshake('/', [], offer)}GET /second HTTP/1.1\r\nHost: a\r\n\r\n`)
      assert.equal(statusOf(response), 200)
      assert.match(response, /^connection: close$/im)
      assert.equal(response.match(/HTTP\/1\.1/g)?.length, 1)
      assert.equal(statusOf(await exchange(port, handshake('/', ['Content-Length: 3'], offer))), 400)
    }))

  test('is left to other listeners elsewhere', () =>
    withServer({}, async ({ port, server }) => {
      server.on('upgrade', (incoming, socket) => {
        if (incoming.url === '/hmr') socket.end('HTTP/1.1 299 Theirs\r\n\r\n')
      })
      assert.equal(statusOf(await exchange(port, handshake('/hmr'))), 299)
      assert.equal(statusOf(await exchange(port, handshake(`${prefix}x`, ['Content-Length: 3']))), 400)
    }, { listener: undefined }))

  test('gets 404 at the deadline where others listen, and none of them has answered', async () => {
    const unclaimed: string[] = []
    await withServer({}, async ({ port, server }) => {
      server.on('upgrade', (incoming, socket) => {
        if (incoming.url === '/hmr') socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
      })
      const theirs = connect(port, '127.0.0.1', () => theirs.write(handshake('/hmr')))
      assert.match(await reads(theirs, /\r\n\r\n/), /^HTTP\/1\.1 101 /)
      assert.equal(statusOf(await exchange(port, handshake('/nobody'))), 404)
      assert.equal(theirs.destroyed, false)
      theirs.destroy()
    }, { listener: undefined, deadlineMs: 20, unclaimed: (target) => unclaimed.push(target) })
    assert.deepEqual(unclaimed, ['/nobody'])
  })
})

describe('the app decides', () => {
  test('its answer is written with status, headers, each cookie and body', () =>
    withServer({ guard: () => new Response('no', { status: 401, headers: { 'x-why': 'login' } }) }, async ({ port }) => {
      const response = await exchange(port, handshake(`${prefix}x`))
      assert.equal(statusOf(response), 401)
      for (const line of [/^x-why: login$/m, /^set-cookie: a=1$/m, /^set-cookie: b=2$/m, /^Content-Length: 2$/m, /\r\n\r\nno$/]) assert.match(response, line)
    }))

  test('what it sets for the 101 is there', () =>
    withServer({}, async ({ port }) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(handshake(`${prefix}x`, ['Sec-WebSocket-Protocol: a, b'])))
      const response = await reads(socket, /\r\n\r\n/)
      assert.equal(statusOf(response), 101)
      for (const line of [/^x-after: yes$/m, /^set-cookie: a=1$/m, /^set-cookie: b=2$/m, /^Sec-WebSocket-Protocol: a$/m]) assert.match(response, line)
      socket.destroy()
    }))

  test('an answer that replaces the acceptance counts', () =>
    withServer({}, async ({ port, gate }) => {
      const inner = createTestHandler({})
      gate.use(Object.assign(async (request: Request, env?: unknown) => {
        const accepted = await inner(request, env)
        return new Response('changed my mind', { status: 403, headers: accepted.headers })
      }, { drain: inner.drain }))
      assert.equal(statusOf(await exchange(port, handshake(`${prefix}x`))), 403)
      gate.use(inner)
    }))

  test('a throw is a 500 without its text', (t) =>
    withServer({ guard: () => { throw new Error('secret') } }, async ({ port }) => {
      t.mock.method(console, 'error', () => {})
      const response = await exchange(port, handshake(`${prefix}x`))
      assert.equal(statusOf(response), 500)
      assert.doesNotMatch(response, /secret/)
    }))

  test('too late is 503', () => {
    const never = later<undefined>()
    return withServer({ guard: () => never.promise }, async ({ port, gate }) => {
      const response = exchange(port, handshake(`${prefix}x`))
      assert.equal(statusOf(await response), 503)
      never.resolve(undefined)
      assert.equal(gate.undecided.size, 0)
    }, { deadlineMs: 20 })
  })

  test('no handler, or a gate that stopped, is 503', async () => {
    await withServer(undefined, async ({ port }) => assert.equal(statusOf(await exchange(port, handshake(`${prefix}x`))), 503))
    const asked = later()
    await withServer({ guard: () => (asked.resolve(), new Promise(() => {})) }, async ({ port, gate }) => {
      const waiting = exchange(port, handshake(`${prefix}x`))
      await asked.promise
      gate.stop()
      assert.equal(statusOf(await waiting), 503)
      assert.equal(statusOf(await exchange(port, handshake(`${prefix}x`))), 503)
    })
  })

  test('a client that resets while a guard waits ends nothing', async () => {
    const asked = later()
    const go = later<undefined>()
    await withServer({ guard: (id) => (id === 'slow' ? (asked.resolve(), go.promise) : undefined) }, async ({ port, gate }) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(handshake(`${prefix}slow`)))
      socket.on('error', () => {})
      await asked.promise
      const [undecided] = gate.undecided.keys()
      socket.resetAndDestroy()
      await new Promise((resolve) => undecided!.once('close', resolve)) // `once` would reject with the reset
      assert.equal(gate.undecided.size, 0)
      go.resolve(undefined)
      const client = await connectClient(port)
      client.terminate()
    })
  })
})

describe("the app's own adapter", () => {
  const adapter = (status: number) =>
    Object.assign(async () => new Response(), {
      drain: async () => {},
      injectWebSocket: (server: any) => {
        assert.equal(server.listenerCount('upgrade'), 1)
        server.on('upgrade', async (_incoming: unknown, socket: any) => socket.end(`HTTP/1.1 ${status} Own\r\n\r\n`))
      },
    })

  test('gets the upgrades; the newest wins, with one listener', () =>
    withServer({}, async ({ port, server, gate }) => {
      const own = createTestHandler({})
      gate.use(adapter(298))
      assert.equal(statusOf(await exchange(port, handshake(`${prefix}x`))), 298)
      gate.use(adapter(299))
      assert.equal(statusOf(await exchange(port, handshake(`${prefix}x`))), 299)
      assert.equal(statusOf(await exchange(port, handshake('//x'))), 400)
      gate.use(own)
      assert.equal(server.listenerCount('upgrade'), 1)
    }))

  test('that throws or never answers is answered for', async (t) => {
    t.mock.method(console, 'error', () => {})
    await withServer({}, async ({ port, gate }) => {
      const inject = (listener: () => unknown) =>
        gate.use(Object.assign(adapter(0), { injectWebSocket: (server: any) => server.on('upgrade', listener) }))
      inject(async () => { throw new Error('x') })
      assert.equal(statusOf(await exchange(port, handshake(`${prefix}x`))), 500)
      inject(() => {})
      assert.equal(statusOf(await exchange(port, handshake(`${prefix}x`))), 503)
    }, { deadlineMs: 20 })
  })
})
