import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import type { RawData } from 'ws'
import { frame, handshake, reads } from './testing/raw.js'
import { connectClient, createTestHandler, later, prefix, type Script, type Session, startTestServer } from './testing/upgrade-server.js'

async function withSession(script: Script, run: (port: number) => Promise<void>): Promise<void> {
  const at = await startTestServer(createTestHandler(script))
  try {
    await run(at.port)
  } finally {
    await at.close()
  }
}

/** Counts how often the server's side writes to the kernel. */
function countWrites(session: Session): () => number {
  const socket = session.raw!.socket as unknown as Record<'_write' | '_writev', (...args: unknown[]) => void>
  let writes = 0
  for (const name of ['_write', '_writev'] as const) {
    const original = socket[name]
    socket[name] = function (...args) {
      writes++
      original.apply(this, args)
    }
  }
  return () => writes
}

async function collect(client: Awaited<ReturnType<typeof connectClient>>): Promise<{ texts: string[]; code: number }> {
  const texts: string[] = []
  client.on('message', (data: RawData) => texts.push(String(data)))
  const [code] = (await once(client, 'close')) as [number]
  return { texts, code }
}

describe('writes', () => {
  test('of one turn leave together, before the close', async () => {
    const count = later<() => number>()
    await withSession({
      onMessage: (_data, session) => {
        count.resolve(countWrites(session))
        for (let i = 0; i < 100; i++) session.send(String(i))
        session.close(4001, 'done')
      },
    }, async (port) => {
      const client = await connectClient(port)
      client.send('go')
      const { texts, code } = await collect(client)
      assert.deepEqual(texts, Array.from({ length: 100 }, (_, i) => String(i)))
      assert.equal(code, 4001)
      assert.equal((await count.promise)(), 1)
    })
  })

  test('that a cut follows go out', async () => {
    await withSession({ onMessage: (_data, session) => (session.send('last'), session.raw!.terminate()) }, async (port) => {
      const client = await connectClient(port)
      client.send('go')
      assert.deepEqual(await collect(client), { texts: ['last'], code: 1006 })
    })
  })

  test('20,000 small ones in a turn are no backlog for a reader', async () => {
    const backlog = later<number>()
    await withSession({
      onMessage: (_data, session) => {
        for (let i = 0; i < 20_000; i++) session.send(String(i))
        backlog.resolve(session.raw!.bufferedAmount)
        session.send('end')
      },
    }, async (port) => {
      const client = await connectClient(port)
      client.send('go')
      let next = 0
      await new Promise<void>((resolve) => client.on('message', (data: RawData) => {
        if (String(data) === 'end') return resolve()
        assert.equal(String(data), String(next++))
      }))
      assert.equal(next, 20_000)
      assert.ok((await backlog.promise) < 300 * 1024)
      client.terminate()
    })
  })

  test('that a client does not read are counted, within the turn too', async () => {
    const seen = later<number[]>()
    const drained = later<number>()
    await withSession({
      onMessage: (data, session) => {
        if (data !== 'go') return
        const amounts: number[] = []
        for (let i = 0; i < 200; i++) {
          session.send('x'.repeat(64 * 1024))
          amounts.push(session.raw!.bufferedAmount)
        }
        seen.resolve(amounts)
        session.raw!.socket.once('drain', () => drained.resolve(session.raw!.bufferedAmount))
      },
    }, async (port) => {
      const client = await connectClient(port, 'x')
      client.pause()
      client.send('go')
      const amounts = await seen.promise
      assert.equal(amounts[0], 0)
      assert.ok(amounts.at(-1)! > 1024 * 1024, String(amounts.at(-1)))
      client.resume()
      assert.equal(await drained.promise, 0)
      client.terminate()
    })
  })

  test('after the close are dropped', async () => {
    const amount = later<number>()
    await withSession({
      onMessage: (_data, session) => {
        session.close()
        session.send('late')
        amount.resolve(session.raw!.bufferedAmount)
      },
    }, async (port) => {
      const client = await connectClient(port)
      client.send('go')
      assert.deepEqual((await collect(client)).texts, [])
      assert.equal(await amount.promise, 0)
    })
  })
})

describe('messages', () => {
  test('10,000 each way, in order', async () => {
    const received: unknown[] = []
    const all = later()
    await withSession({
      onMessage: (data, session) => {
        received.push(data)
        session.send(`s${received.length - 1}`)
        if (received.length === 10_000) all.resolve()
      },
    }, async (port) => {
      const client = await connectClient(port)
      const texts: string[] = []
      const back = later()
      client.on('message', (data: RawData) => void (texts.push(String(data)) === 10_000 && back.resolve()))
      for (let i = 0; i < 10_000; i++) client.send(`c${i}`)
      await Promise.all([all.promise, back.promise])
      assert.deepEqual(received, Array.from({ length: 10_000 }, (_, i) => `c${i}`))
      assert.deepEqual(texts, Array.from({ length: 10_000 }, (_, i) => `s${i}`))
      client.terminate()
    })
  })

  test('that came with the handshake, or while a guard waited, arrive', async () => {
    const go = later<undefined>()
    const got = later<unknown[]>()
    const received: unknown[] = []
    await withSession({
      guard: () => go.promise,
      onMessage: (data) => void (received.push(data) === 3 && got.resolve(received)),
    }, async (port) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(Buffer.concat([Buffer.from(handshake(`${prefix}x`)), frame(0x81, 'one')]))
        socket.write(frame(0x81, 'two'), () => go.resolve(undefined))
      })
      await reads(socket, /\r\n\r\n/)
      socket.write(frame(0x81, 'three'))
      assert.deepEqual(await got.promise, ['one', 'two', 'three'])
      socket.destroy()
    })
  })

  test('in binary are ArrayBuffers of their length', async () => {
    const got = later<unknown>()
    await withSession({ onMessage: (data) => got.resolve(data) }, async (port) => {
      const client = await connectClient(port)
      client.send(Buffer.from([1, 2, 3]))
      assert.deepEqual(new Uint8Array((await got.promise) as ArrayBuffer), new Uint8Array([1, 2, 3]))
      client.terminate()
    })
  })

  test('that make the app throw end nothing', async (t) => {
    const logged = t.mock.method(console, 'error', () => {})
    await withSession({ onMessage: (data, session) => { if (data === 'bad') throw new Error('x'); session.send('fine') } }, async (port) => {
      const client = await connectClient(port)
      client.send('bad')
      client.send('good')
      assert.equal(String((await once(client, 'message'))[0]), 'fine')
      assert.equal(logged.mock.callCount(), 1)
      client.terminate()
    })
  })
})

describe('S22, S23: frames that break the protocol end their session', () => {
  const length = (bytes: number[]): Buffer => Buffer.from(bytes)
  const rows: [string, Buffer, number][] = [
    ['unmasked', Buffer.from([0x81, 1, 65]), 1002],
    ['RSV1', frame(0xc1, 'x'), 1002],
    ['a reserved opcode', frame(0x83, 'x'), 1002],
    ['a fragmented ping', frame(0x09, 'x'), 1002],
    ['an oversize ping', frame(0x89, 'x'.repeat(126)), 1002],
    ['bad UTF-8', frame(0x81, Buffer.from([0xc3, 0x28])), 1007],
    ['close code 999', frame(0x88, Buffer.from([3, 231])), 1002],
    ['2^31 bytes', frame(0x82, '', length([127, 0, 0, 0, 0, 0x80, 0, 0, 0])), 1009],
    ['2^53 bytes', frame(0x82, '', length([127, 0, 0x20, 0, 0, 0, 0, 0, 0])), 1009],
    ['2^64-1 bytes', frame(0x82, '', length([127, 255, 255, 255, 255, 255, 255, 255, 255])), 1009],
    ['too many fragments', Buffer.concat([frame(0x01, 'x'), ...Array.from({ length: 5_000 }, () => frame(0x00, 'x'))]), 1008],
  ]
  for (const [name, bytes, code] of rows) {
    test(`${name}: ${code}`, async () => {
      const errors: string[] = []
      const closed = later()
      await withSession({
        onMessage: (data, session) => session.send(data as string),
        onError: (message) => errors.push(message),
        onClose: () => closed.resolve(),
      }, async (port) => {
        const other = await connectClient(port)
        const socket: Socket = connect(port, '127.0.0.1', () => socket.write(handshake(`${prefix}x`)))
        await reads(socket, /\r\n\r\n/)
        const answer = new Promise<Buffer>((resolve) => socket.once('data', resolve))
        socket.write(bytes)
        const frameOfClose = await answer
        assert.equal(frameOfClose[0], 0x88)
        assert.equal(frameOfClose.readUInt16BE(2), code)
        socket.destroy()
        await closed.promise
        assert.equal(errors.length, 1)
        other.send('alive')
        assert.equal(String((await once(other, 'message'))[0]), 'alive')
        other.terminate()
      })
    })
  }

  test('a message over 1 MiB reaches the app, which says 1009', async () => {
    const size = later<number>()
    await withSession({ onMessage: (data, session) => (size.resolve((data as string).length), session.close(1009, 'too big')) }, async (port) => {
      const client = await connectClient(port)
      client.send('x'.repeat(1024 * 1024 + 1))
      assert.equal((await collect(client)).code, 1009)
      assert.equal(await size.promise, 1024 * 1024 + 1)
    })
  })
})
