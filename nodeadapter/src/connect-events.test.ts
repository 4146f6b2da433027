import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import type { RawData } from 'ws'
import { frame, handshake, reads } from './testing/raw.js'
import { connectClient, later, prefix, withSession } from './testing/upgrade-server.js'

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
