import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { frame, handshake, reads } from './testing/raw.js'
import { collect, connectClient, later, prefix, withSession } from './testing/upgrade-server.js'

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
