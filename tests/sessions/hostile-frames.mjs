/** Frames that break RFC 6455: SECURITY.md S22 and S23, HOSTS.md E45. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, opcodes, upgradeRequest } from './raw.mjs'

const { text, continuation, binary, close, ping, pong } = opcodes
const protocolError = [1002]
const badText = [1007]
const tooBig = [1009]
const message = '{"type":"message","value":1}'

/** What is sent, and the codes it may be answered with. */
const attacks = {
  'an unmasked frame': [[frame(message, { masked: false })], protocolError],
  'RSV1 without compression': [[frame(message, { rsv: 4 })], protocolError],
  RSV2: [[frame(message, { rsv: 2 })], protocolError],
  RSV3: [[frame(message, { rsv: 1 })], protocolError],
  'the reserved data opcode 3': [[frame(message, { opcode: 3 })], protocolError],
  'the reserved data opcode 7': [[frame(message, { opcode: 7 })], protocolError],
  'the reserved control opcode 11': [[frame('', { opcode: 11 })], protocolError],
  'the reserved control opcode 15': [[frame('', { opcode: 15 })], protocolError],
  'a continuation of nothing': [[frame(message, { opcode: continuation })], protocolError],
  'a new message inside of another': [[frame('{', { fin: false }), frame(message)], protocolError],
  'a binary frame inside of a text message': [[frame('{', { fin: false }), frame('x', { opcode: binary })], protocolError],
  'a ping of 126 bytes': [[frame('x'.repeat(126), { opcode: ping })], protocolError],
  'a pong of 65,536 bytes': [[frame('x'.repeat(65_536), { opcode: pong })], protocolError],
  'a ping in pieces': [[frame('x', { opcode: ping, fin: false })], protocolError],
  'a close frame in pieces': [[frame('', { opcode: close, fin: false })], protocolError],
  'a close frame of one byte': [[frame('x', { opcode: close })], protocolError],
  'a close frame of 126 bytes': [[frame('\x03\xe8'.padEnd(126, 'x'), { opcode: close })], protocolError],
  'a close reason that is not UTF-8': [[frame(Buffer.from([0x0f, 0xa0, 0xff]), { opcode: close })], [1007, 1002]],
  'text that is not UTF-8': [[frame(Buffer.from([...Buffer.from('{"type":"message","value":"'), 0xff, ...Buffer.from('"}')]))], badText],
  'an overlong encoding': [[frame(Buffer.from([0xc0, 0xaf]))], badText],
  'a surrogate in UTF-8': [[frame(Buffer.from([0xed, 0xa0, 0x80]))], badText],
  'a character cut in two': [[frame(Buffer.from([0xf0, 0x9f]))], badText],
  'text in pieces that is not UTF-8': [[frame('"', { fin: false }), frame(Buffer.from([0xff]), { opcode: continuation })], badText],
  ...Object.fromEntries(
    [2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n].map((length) => [
      `a frame that says it has ${length} bytes`,
      [[frame('x', { length })], [1009, 1002]],
    ]),
  ),
  'pieces that are too much together': [
    [frame('x'.repeat(600_000), { fin: false }), frame('x'.repeat(600_000), { opcode: continuation, fin: false })],
    tooBig,
  ],
}

/** @param {import('./client.mjs').App} app */
export function hostileFrameTests(app) {
  for (const [name, [frames, codes]] of Object.entries(attacks)) {
    test(`S22: ${name}`, async (context) => {
      const { raw, session } = await app.openRaw('useEcho')
      await app.logged(session, 'open')
      raw.write(Buffer.concat(frames))
      const code = await raw.closeCode()
      if (app.deviations[name]) context.diagnostic(`closed with ${code}: ${app.deviations[name]}`)
      else assert.ok(codes.includes(code), `closed with ${code}`)
      raw.destroy()
      await app.closing(session)
      assert.deepEqual(await app.events(session), ['open', 'close'])
      await app.isAlive()
    })
  }

  test('S22: a length in more bytes than it needs breaks nothing', async () => {
    const { raw } = await app.openRaw('useEcho')
    const short = frame(message)
    const long = Buffer.concat([Buffer.from([short[0], 0x80 | 126, 0, message.length]), short.subarray(2)])
    raw.write(Buffer.concat([long, frame(message)]))
    const first = await raw.frame()
    assert.ok(first?.opcode === text || first?.opcode === close)
    raw.destroy()
    await app.isAlive()
  })

  test('S23: a message of 100,000 pieces holds no memory for them', async () => {
    const { raw, session } = await app.openRaw('useEcho')
    await app.logged(session, 'open')
    const piece = frame('x', { opcode: continuation, fin: false })
    raw.write(Buffer.concat([frame('{', { fin: false }), ...Array(100_000).fill(piece)]))
    raw.write(frame('}', { opcode: continuation }))
    const answer = await raw.frame()
    // Refused by the host (ws: 1008), or put together and then no message of ours.
    assert.ok(answer === undefined || answer.opcode === close || JSON.parse(answer.payload).type === 'error')
    raw.destroy()
    await app.isAlive()
  })

  test('S23: compression is not negotiated', async () => {
    const raw = await app.raw()
    raw.write(upgradeRequest(app.target('useGreeting', { input: {} }), app.url.host, {
      'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
    }))
    const { status, headers } = await raw.head()
    assert.equal(status, 101)
    assert.equal(headers.get('sec-websocket-extensions'), null)
    raw.destroy()
  })

  test('S23: 200 connections that stop in the middle of a frame', async () => {
    const opened = await Promise.all(Array.from({ length: 200 }, () => app.openRaw('useEcho')))
    for (const { raw } of opened) raw.write(frame('x'.repeat(100), { length: 1_000_000 }))
    await app.isAlive()
    for (const { raw } of opened) raw.reset()
    for (const { session } of opened) assert.equal((await app.closing(session)).code, 1006)
  })
}
