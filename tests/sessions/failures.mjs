/**
 * What the author's code throws: HOSTS.md F49-F51 with our rule, that a callback's failure is told to
 * `onError` and to the client, and the session goes on; a handler's failure closes with 1011.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'

const ways = { throw: 'CANARY-message', reject: 'CANARY-message', 'throw undefined': 'undefined', 'reject null': 'null' }

/** @param {import('./client.mjs').App} app */
export function failureTests(app) {
  /** An error frame; its text is for the author only. */
  function assertFailure(frame, secret) {
    assert.equal(frame.type, 'error')
    assert.equal(frame.error.name, 'HandlerError')
    assert.equal(typeof frame.error.message, 'string')
    const text = JSON.stringify(frame)
    assert.doesNotMatch(text, /\.(tsx?|m?js)\b/, 'no stack')
    if (app.production) assert.doesNotMatch(text, /CANARY/)
    else assert.ok(text.includes(secret), text)
  }

  for (const [how, message] of Object.entries(ways)) {
    test(`F49, F50: a message callback that does "${how}"`, async () => {
      const failing = await app.open('useFailing')
      failing.send(how)
      assertFailure(await failing.frame(), message)
      failing.send('no')
      assert.equal(await failing.message(), 'fine')
      await failing.end()
      assert.equal((await app.closing(failing.session)).code, 1000)
      assert.deepEqual(await app.events(failing.session), ['error', 'close'])
      assert.equal((await app.logged(failing.session, 'error')).error, message)
    })

    test(`F51: a handler that does "${how}"`, async () => {
      const failing = await app.open('useFailing', { input: { handler: how } })
      assertFailure(await failing.frame(), message.replace('message', 'handler'))
      const { code, reason } = await failing.over()
      assert.equal(code, 1011)
      assert.doesNotMatch(reason, /CANARY/)
      assert.equal((await app.closing(failing.session)).code, 1011)
      assert.deepEqual(await app.events(failing.session), ['error', 'close'])
      await app.isAlive()
    })

    for (const where of ['close', 'error']) {
      test(`F51: a callback of on${where === 'close' ? 'Close' : 'Error'} that does "${how}"`, async () => {
        const failing = await app.open('useFailing', { input: { [where]: how } })
        failing.send('throw')
        assertFailure(await failing.frame(), 'CANARY-message')
        failing.send('no')
        assert.equal(await failing.message(), 'fine')
        await failing.end()
        await app.closing(failing.session)
        await app.isAlive()
        assert.deepEqual(await app.events(failing.session), ['error', 'close'])
      })
    }
  }

  test('many failures in a row', async () => {
    const failing = await app.open('useFailing')
    for (let n = 0; n < 100; n++) failing.send(n % 2 ? 'reject' : 'throw')
    for (let n = 0; n < 100; n++) assertFailure(await failing.frame(), 'CANARY-message')
    failing.send('no')
    assert.equal(await failing.message(), 'fine')
    await failing.end()
  })
}
