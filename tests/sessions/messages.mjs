/** Messages of well-behaved clients: HOSTS.md D25-D31. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, opcodes } from './raw.mjs'

/** Values as they stand on the wire; each must come back the same. */
const values = {
  'an empty string': '',
  'characters outside the BMP': '😀 𝒳 \u2028 \u0000 \u{10ffff}',
  'a lone surrogate': '\ud800',
  null: null,
  false: false,
  numbers: [0, -1.5, 1e308, 9007199254740991],
  'an empty object': {},
  'nested objects': { a: [{ b: [[]] }], toString: 'own', hasOwnProperty: 1 },
  undefined: [{ $: ['undefined'] }],
  'numbers that JSON lacks': ['NaN', 'Infinity', '-Infinity', '-0'].map((name) => ({ $: ['number', name] })),
  'a bigint': { $: ['bigint', '-123456789012345678901234567890'] },
  'a Date': { $: ['Date', 1_700_000_000_000] },
  'an invalid Date': { $: ['Date', null] },
  'a URL': { $: ['URL', 'https://a.example/b?c#d'] },
  'a Map of Sets': { $: ['Map', [['key', { $: ['Set', [1, 'two']] }]]] },
  bytes: [{ $: ['ArrayBuffer', 'AAEC/w=='] }, { $: ['Uint8Array', ''] }, { $: ['Float64Array', 'AAAAAAAA8D8='] }],
  'what looks like a tag': { $: ['$', ['Map', []]] },
}

/** The largest frame that is taken (docs/realtime.md). */
const largest = 1024 * 1024
const frameOf = (value) => JSON.stringify({ type: 'message', value })

/** @param {import('./client.mjs').App} app */
export function messageTests(app) {
  for (const [name, value] of Object.entries(values)) {
    test(`D25: ${name} travels both ways`, async () => {
      const echo = await app.open('useEcho')
      echo.send(value)
      assert.deepEqual(await echo.message(), value)
      await echo.end()
    })
  }

  test('D25: undefined is a message without a value', async () => {
    const echo = await app.open('useEcho')
    echo.write({ type: 'message' })
    assert.deepEqual(await echo.frame(), { type: 'message' })
    await echo.end()
  })

  test('10,000 numbered messages each way, complete and in order', async () => {
    const count = 10_000
    const numbers = await app.open('useNumbers', { input: { count } })
    for (let n = 0; n < count; n++) numbers.send(n)
    const got = await numbers.messages(count + 1)
    assert.ok(got.includes('all came'))
    assert.deepEqual(got.filter((value) => value !== 'all came'), Array.from({ length: count }, (_, n) => n))
    await numbers.end()
  })

  test('a message in many pieces, with a ping in between', async () => {
    const { raw } = await app.openRaw('useEcho')
    const bytes = Buffer.from(frameOf('ä😀'.repeat(20)))
    const pieces = Array.from(bytes, (byte, i) =>
      frame(Buffer.from([byte]), { opcode: i === 0 ? opcodes.text : opcodes.continuation, fin: i === bytes.length - 1 }),
    )
    pieces.splice(5, 0, frame('', { opcode: opcodes.ping }))
    raw.write(Buffer.concat(pieces))
    assert.deepEqual(await raw.json().catch(() => raw.json()), { type: 'message', value: 'ä😀'.repeat(20) })
    raw.destroy()
  })

  test('one callback ends, the other goes on', async () => {
    const once = await app.open('useOnce')
    once.send('a')
    once.send('b')
    assert.deepEqual(await once.messages(3), ['a', 'second a', 'second b'])
    await once.end()
  })

  test('55: the heartbeat is answered, and no message', async () => {
    const echo = await app.open('useEcho')
    await echo.settled()
    await echo.settled()
    assert.equal((await app.events(echo.session)).includes('message'), false)
    await echo.end()
  })

  test('a second hello changes nothing', async () => {
    const greeting = await app.open('useGreeting')
    greeting.write({ type: 'hello' })
    assert.deepEqual(await greeting.messages(2), ['first', 'second'])
    await greeting.settled()
    assert.deepEqual(greeting.leftOver(), [])
    await greeting.end()
  })

  test('D29: a message at the limit arrives', async () => {
    const echo = await app.open('useEcho')
    const value = 'x'.repeat(largest - frameOf('').length)
    echo.send(value)
    assert.equal((await echo.message()) === value, true)
    await echo.end()
  })

  test('D29: a message one byte over the limit closes with 1009', async () => {
    const echo = await app.open('useEcho')
    echo.send('x'.repeat(largest - frameOf('').length + 1))
    assert.equal((await echo.over()).code, 1009)
    assert.deepEqual(await app.closing(echo.session), { code: 1009, reason: 'message too big', wasClean: true })
    await app.isAlive()
  })

  test('D29: the limit counts bytes of UTF-8', async () => {
    const echo = await app.open('useEcho')
    echo.send('€'.repeat(largest / 3))
    assert.equal((await echo.over()).code, 1009)
  })

  test('D29: a message far over the limit', async () => {
    const echo = await app.open('useEcho')
    echo.send('x'.repeat(8 * largest))
    const { code } = await echo.over()
    assert.ok([1009, 1006].includes(code), `${code}`) // 1006: the reset overtook the close frame
    assert.ok([1009, 1006].includes((await app.closing(echo.session)).code))
    await app.isAlive()
  })

  test('20,000 small messages in one turn are no slow consumer', async () => {
    const count = 20_000
    const numbers = await app.open('useNumbers', { input: { count } })
    assert.equal((await numbers.messages(count)).at(-1), count - 1)
    await numbers.end()
  })

  test('D30: a client that does not read is closed with 1013, and loses nothing that was taken', async () => {
    // 64 KiB a message. What the kernel's buffers hold comes on top of the backlog of 1 MiB.
    const limit = 4_000
    const flood = await app.open('useFlood', { input: { limit } })
    const before = (await app.log('nobody')).memory
    flood.socket.pause()
    flood.send('go')
    const { taken } = await app.logged(flood.session, 'flooded')
    assert.ok(taken < limit, 'send() never said no')
    assert.deepEqual(await app.closing(flood.session), { code: 1013, reason: 'slow consumer', wasClean: true })
    const grown = (await app.log('nobody')).memory - before
    assert.ok(grown < 96 * 1024 * 1024, `the server grew by ${grown >> 20} MiB for ${taken} messages`)
    await app.isAlive() // others are not held up

    flood.socket.resume()
    const numbers = []
    flood.socket.on('message', () => numbers.push(...flood.leftOver().map(({ value }) => value.n)))
    assert.equal((await flood.over()).code, 1013)
    assert.deepEqual(numbers, Array.from({ length: taken }, (_, n) => n))
  })
}
