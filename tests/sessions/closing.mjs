/** How sessions end: HOSTS.md E33-E47. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeFrame, frame, opcodes } from './raw.mjs'

/** @param {import('./client.mjs').App} app */
export function closingTests(app) {
  for (const [code, reason] of [
    [4001, 'x'], [1000, 'done'], [1001, ''], [1002, ''], [1003, ''], [1007, ''], [1008, 'no'], [1011, ''], [1012, ''], [1013, ''], [1014, ''], [3000, ''], [4999, 'ä😀'],
  ]) {
    test(`E33, E34: the server closes with ${code} ${JSON.stringify(reason)}`, async (context) => {
      if (app.deviations[`close ${code}`]) return context.skip(app.deviations[`close ${code}`])
      const closer = await app.open('useCloser')
      closer.send({ close: [code, reason] })
      assert.deepEqual(await closer.over(), { code, reason })
      assert.deepEqual(await app.closing(closer.session), { code, reason, wasClean: true })
      assert.deepEqual(closer.leftOver(), [])
      // E38: send() after close() is false. E39: onClose never runs inside close().
      assert.deepEqual(await app.events(closer.session), ['before', 'after', 'close'])
      assert.equal((await app.logged(closer.session, 'after')).sent, false)
    })
  }

  test('E37: close() without arguments is 1000', async () => {
    const closer = await app.open('useCloser')
    closer.send({ close: [] })
    assert.deepEqual(await closer.over(), { code: 1000, reason: '' })
  })

  test('E38: the first close wins', async () => {
    const closer = await app.open('useCloser')
    closer.send({ close: [4001, 'first'], again: [4002, 'second'] })
    assert.deepEqual(await closer.over(), { code: 4001, reason: 'first' })
    assert.deepEqual(await app.closing(closer.session), { code: 4001, reason: 'first', wasClean: true })
  })

  test('E40: codes that must not be sent are a RangeError, and the session goes on', async () => {
    const closer = await app.open('useCloser')
    for (const code of [0, -1, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_536, 1000.5, 'a', null]) {
      closer.send({ close: [code] })
      assert.deepEqual(await closer.message(), { threw: 'RangeError' }, `close(${JSON.stringify(code)})`)
    }
    closer.send({})
    assert.equal(await closer.message(), 'still here')
    await closer.end()
  })

  for (const [what, longest] of [['a byte', 'a'.repeat(123)], ['two bytes', `${'é'.repeat(61)}a`], ['four bytes', `${'😀'.repeat(30)}abc`]]) {
    test(`E41: a reason of characters of ${what} has 123 bytes at most`, async () => {
      const closer = await app.open('useCloser')
      closer.send({ close: [4000, `${longest}b`] })
      assert.deepEqual(await closer.message(), { threw: 'RangeError' })
      closer.send({ close: [4000, longest] })
      assert.deepEqual(await closer.over(), { code: 4000, reason: longest })
    })
  }

  for (const [code, reason] of [[4002, 'cc'], [1000, ''], [3000, 'ä'], [4999, 'a'.repeat(123)]]) {
    test(`E35: the client closes with ${code}`, async () => {
      const echo = await app.open('useEcho')
      assert.equal((await echo.end(code, reason)).code, code)
      assert.deepEqual(await app.closing(echo.session), { code, reason, wasClean: true })
    })
  }

  test('E36: the client closes without a code', async () => {
    const echo = await app.open('useEcho')
    echo.socket.close()
    assert.equal((await echo.over()).code, 1005)
    assert.deepEqual(await app.closing(echo.session), { code: 1005, reason: '', wasClean: true })
  })

  for (const [name, leave] of [
    ['resets the connection', (raw) => raw.reset()],
    ['ends the connection without a close frame', (raw) => raw.socket.end()],
    ['ends it in the middle of a frame', (raw) => raw.socket.end(frame('{"type":"message"}').subarray(0, 9))],
  ]) {
    test(`E42: the client ${name}`, async () => {
      const { raw, session } = await app.openRaw('useEcho')
      await app.logged(session, 'open')
      leave(raw)
      assert.deepEqual(await app.closing(session), { code: 1006, reason: '', wasClean: false })
      raw.destroy()
    })
  }

  for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535]) {
    test(`E44: the client closes with ${code}, which must not be sent`, async () => {
      const { raw, session } = await app.openRaw('useEcho')
      await app.logged(session, 'open')
      raw.write(closeFrame(code))
      assert.equal(await raw.closeCode(), 1002)
      raw.destroy()
      assert.deepEqual(await app.closing(session), { code: 1006, reason: '', wasClean: false })
      await app.isAlive()
    })
  }

  test('what comes after the close frame is not looked at', async () => {
    const { raw, session } = await app.openRaw('useEcho')
    await app.logged(session, 'open')
    raw.write(Buffer.concat([closeFrame(4000), frame('{"type":"message","value":"late"}'), frame('x', { rsv: 4 })]))
    assert.equal(await raw.closeCode(), 4000)
    raw.destroy()
    assert.equal((await app.closing(session)).code, 4000)
    assert.deepEqual(await app.events(session), ['open', 'close'])
  })

  test('both sides close at once', async () => {
    const closer = await app.open('useCloser')
    closer.send({ close: [4001, 'server'] })
    closer.socket.close(4002, 'client')
    await closer.over()
    const { code } = await app.closing(closer.session)
    assert.ok([4001, 4002].includes(code))
  })

  test('pings of the client are answered', async () => {
    const { raw } = await app.openRaw('useEcho')
    raw.write(frame('are you there', { opcode: opcodes.ping }))
    const pong = await raw.frame()
    assert.equal(pong.opcode, opcodes.pong)
    assert.equal(pong.payload.toString(), 'are you there')
    raw.destroy()
  })
}
