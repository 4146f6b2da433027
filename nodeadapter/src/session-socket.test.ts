import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RawData } from 'ws'
import { collect, connectClient, later, withSession, type Session } from './testing/upgrade-server.js'

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
