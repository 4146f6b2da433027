/** From the 101 to the first messages: HOSTS.md C18-C24. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSession } from './client.mjs'
import { frame, upgradeRequest } from './raw.mjs'

const early = 64
const text = (value) => JSON.stringify({ type: 'message', value })

/** @param {import('./client.mjs').App} app */
export function openingTests(app) {
  test('C18: the handler starts when the socket is open, and speaks first', async () => {
    const greeting = await app.open('useGreeting', { hello: false })
    assert.deepEqual(await greeting.messages(2), ['first', 'second'])
    await greeting.end()
  })

  test('the input is what connect() was given', async () => {
    const input = { session: newSession(), text: 'ä 😀 & = + % #', list: [1, { a: null }], big: { $: ['bigint', '9007199254740993'] } }
    const echo = await app.open('useEcho', { input, session: input.session })
    echo.send('?')
    assert.equal(await echo.message(), '?')
    await echo.end()
  })

  for (const [name, input] of [['not JSON', '{'], ['a tag that nobody knows', '{"$":["Function","1"]}'], ['a forbidden key', '{"__proto__":{"polluted":1}}']]) {
    test(`input that is ${name} is a 400`, async () => {
      const target = new URL(app.target('useEcho'), app.url)
      target.searchParams.set('input', input)
      const { status } = await handshake(app, target.pathname + target.search)
      assert.equal(status, 400)
      await app.isAlive()
    })
  }

  test('a connection URL over 16 KiB is a 414', async () => {
    const { status } = await app.refused('useEcho', { input: { text: 'x'.repeat(16 * 1024) } })
    assert.equal(status, app.deviations['a long URL'] ? 431 : 414)
  })

  test('C21: messages before onMessage come in order, then the later ones', async () => {
    const late = await app.open('useLate')
    for (let n = 0; n < early; n++) late.send(n)
    await late.settled()
    await app.openGate(late.session)
    const first = await late.messages(early + 1)
    late.send('later')
    assert.equal(await late.message(), 'later')
    assert.deepEqual(first.filter((value) => value !== 'ready'), Array.from({ length: early }, (_, n) => n))
    await late.end()
  })

  test('C22: more messages before onMessage than can wait', async () => {
    const late = await app.open('useLate')
    for (let n = 0; n <= early; n++) late.send(n)
    assert.equal((await late.over()).code, 1013)
    assert.equal((await app.closing(late.session)).code, 1013)
    await app.openGate(late.session)
    await app.isAlive()
  })

  test('C22: more bytes before onMessage than can wait', async () => {
    const late = await app.open('useLate')
    for (let n = 0; n < 3; n++) late.send('x'.repeat(100 * 1024))
    assert.equal((await late.over()).code, 1013)
    await app.openGate(late.session)
  })

  test('C23: an onClose that is registered too late is called once, and later', async () => {
    const session = await app.open('useLateClose')
    await session.end(4000, 'gone')
    await app.logged(session.session, 'over')
    await app.openGate(session.session)
    assert.deepEqual(await app.closing(session.session), { code: 4000, reason: 'gone', wasClean: true })
    assert.deepEqual(await app.events(session.session), ['over', 'registered', 'close'])
  })

  test('C24: two sessions know nothing of each other', async () => {
    const sessions = await Promise.all([app.open('useEcho'), app.open('useEcho')])
    for (const [n, one] of sessions.entries()) one.send(n)
    assert.deepEqual(await Promise.all(sessions.map((one) => one.message())), [0, 1])
    await sessions[0].end(4000)
    sessions[1].send('still open')
    assert.equal(await sessions[1].message(), 'still open')
    assert.deepEqual(sessions.map((one) => one.leftOver()), [[], []])
    await sessions[1].end()
  })

  test('F52: a handler that registers nothing', async () => {
    const silent = await app.open('useSilent')
    silent.send('to nobody')
    await silent.settled()
    assert.equal((await silent.end()).code, 1000)
  })

  test('frames in the TCP segment of the handshake', async (context) => {
    const deviation = app.deviations['frames with the handshake']
    if (deviation) return context.skip(deviation)
    const { raw } = await app.openRaw('useEcho', { then: Buffer.concat([frame('{"type":"hello"}'), frame(text('at once'))]) })
    assert.deepEqual(await raw.json(), { type: 'message', value: 'at once' })
    raw.destroy()
  })

  test('frames right behind the 101', async () => {
    const { raw } = await app.openRaw('useEcho')
    raw.write(Buffer.concat([frame('{"type":"hello"}'), frame(text(1)), frame(text(2))]))
    assert.deepEqual([await raw.json(), await raw.json()].map(({ value }) => value), [1, 2])
    raw.destroy()
  })
}

async function handshake(app, target) {
  const raw = await app.raw()
  try {
    raw.write(upgradeRequest(target, app.url.host))
    return await raw.head()
  } finally {
    raw.destroy()
  }
}
