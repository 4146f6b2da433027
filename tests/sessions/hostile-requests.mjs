/** Requests that only attackers write: HOSTS.md B14, SECURITY.md S18-S21. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSession, symbolId } from './client.mjs'
import { frame, requestText, upgradeRequest } from './raw.mjs'

const targets = [
  '/nope', '//', '///', '//other.example/', '//other.example/__eclipsa/realtime/x?url=/', '/\\other.example/', '\\', '*', ':99999/', 'x',
  'http://[', 'http://', 'http://169.254.169.254/', 'http://169.254.169.254/__eclipsa/realtime/x?url=/', 'other.example:443',
  '/%', '/%zz', '/%00', '/%c0%af', '/../../etc/passwd', '/..%2f..%2fetc%2fpasswd', '/#', '/?#', '?', '/\x7f', '/\xe4',
  '/__eclipsa', '/__eclipsa/', '/__eclipsa/realtime', '/__eclipsa/realtime/', '/__eclipsa/realtime/?url=/', '/__eclipsa/realtime//?url=/',
  ...['%', '%zz', '%00', '%c3', '%2e%2e', '..', '../../log', '__proto__', '%5f%5fproto%5f%5f', 'constructor', 'toString', 'hasOwnProperty', 'nobody', 'a/b', 'x'.repeat(4_000)]
    .map((id) => `/__eclipsa/realtime/${id}?url=/`),
]

/** Of the connection to a symbol that exists: what stands behind the question mark, and the answer. */
const queries = {
  '': 400,
  'url=': 400,
  'url=nope': 400,
  'url=//other.example/': 400,
  'url=/%5cother.example/': 400,
  'url=http://other.example/': 400,
  'url=javascript:1': 400,
  'url=/nowhere': 404,
  'url=/guarded': 404,
  'url=/%2561': 404,
  'url=/__proto__': 404,
  'url=/rooms/%25': [400, 404],
  'url=/%2500': [400, 404],
  'url=%zz': 400,
  'input=1': 400,
}

const handshakes = {
  'another version': [{ 'Sec-WebSocket-Version': '12' }, 426],
  'no version': [{ 'Sec-WebSocket-Version': undefined }, 426],
  'no key': [{ 'Sec-WebSocket-Key': undefined }, 400],
  'a key that is none': [{ 'Sec-WebSocket-Key': 'short' }, 400],
  'a body': [{ 'Content-Length': '5' }, 400],
  'a chunked body': [{ 'Transfer-Encoding': 'chunked' }, 400],
  'another protocol': [{ Upgrade: 'h2c' }, 426],
  'no upgrade at all': [{ Upgrade: undefined, Connection: undefined }, 426],
}

const headers = {
  'no Host': { Host: undefined },
  'an empty Host': { Host: '' },
  'a Host that is none': { Host: 'localhost:port@evil' },
  'two Hosts': { Host: ['localhost', 'evil.test'] },
  '2,000 headers': Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`X-${n}`, '1'])),
  '60 kB of commas as protocols': { 'Sec-WebSocket-Protocol': ','.repeat(60_000) },
  '10 kB of spaces as protocols': { 'Sec-WebSocket-Protocol': `a${' '.repeat(10_000)}b` },
  '10 kB of commas as extensions': { 'Sec-WebSocket-Extensions': `a${';'.repeat(10_000)}` },
  'extensions by names of properties': { 'Sec-WebSocket-Extensions': 'constructor; __proto__=1; toString, hasOwnProperty' },
  'a protocol that is not ASCII': { 'Sec-WebSocket-Protocol': 'caf\xe9' },
  'protocols that are no tokens': { 'Sec-WebSocket-Protocol': 'a b, "c"' },
  'the same protocol twice': { 'Sec-WebSocket-Protocol': 'a, a' },
  'bytes that are not ASCII': { 'X-Bytes': '\xff\xfe' },
  'a header without a name': { '': 'x' },
}

/** @param {import('./client.mjs').App} app */
export function hostileRequestTests(app) {
  const ask = async (text) => {
    const raw = await app.raw()
    try {
      raw.write(text)
      return await raw.head()
    } finally {
      raw.destroy()
    }
  }
  /** Where nobody answers. */
  const tell = async (text) => {
    const raw = await app.raw()
    raw.write(text)
    await app.isAlive()
    raw.destroy()
  }
  const good = () => app.target('useEcho', { input: { session: newSession() } })
  const assertRefused = (answer, what) => assert.ok(!answer || (answer.status >= 400 && answer.status < 500), `${what}: ${answer?.status}`)

  for (const target of targets) {
    const shown = JSON.stringify(target.slice(0, 60))
    test(`B14, S18, S21: upgrade to ${shown}`, async () => {
      const text = upgradeRequest(target, app.url.host)
      if (app.deviations['foreign upgrades']) await tell(text)
      else assertRefused(await ask(text), target)
      await app.isAlive()
    })
    test(`S21: GET ${shown}`, async () => {
      const answer = await ask(requestText('GET', target, { Host: app.url.host, Connection: 'close' }))
      // An answer, whichever, that is no failure of ours; absolute forms of a proxy's kind may be served as paths.
      assert.ok(!answer || answer.status < 500, `${answer?.status}`)
      if (answer && answer.status >= 300 && answer.status < 400) {
        assert.match(answer.headers.get('location') ?? '', /^\/(?![/\\])/, 'S15: the redirect stays here')
      }
      await app.isAlive()
    })
  }

  for (const [query, expected] of Object.entries(queries)) {
    test(`S21: the page's URL as ${JSON.stringify(query)}`, async () => {
      const path = `/__eclipsa/realtime/${symbolId('useEcho')}?${query}`
      for (const text of [upgradeRequest(path, app.url.host), requestText('GET', path, { Host: app.url.host })]) {
        const { status } = await ask(text)
        assert.ok([expected].flat().includes(status), `${status}`)
      }
    })
  }

  for (const [name, [changed, expected]] of Object.entries(handshakes)) {
    test(`S19: a handshake with ${name}`, async () => {
      const { status } = await ask(upgradeRequest(good(), app.url.host, changed))
      assert.equal(status, expected)
      await app.isAlive()
    })
  }

  for (const method of ['POST', 'PUT', 'HEAD', 'OPTIONS', 'BREW']) {
    test(`S19: a handshake by ${method}`, async () => {
      assertRefused(await ask(upgradeRequest(good(), app.url.host).replace('GET', method)), method)
      await app.isAlive()
    })
  }

  test('S19: a second request behind a refused upgrade is never executed', async () => {
    const session = newSession()
    const raw = await app.raw()
    const refused = upgradeRequest(app.target('useGuarded', { input: { session } }), app.url.host, { 'X-Route-Guard': '401' })
    const second = requestText('GET', app.target('useGuarded', { input: { session } }), { Host: app.url.host, 'X-Session': session })
    raw.write(refused + second)
    assert.equal((await raw.head()).status, 401)
    assert.doesNotMatch(await raw.rest(), /HTTP\/1\.1/)
    raw.destroy()
    await app.isAlive()
    assert.deepEqual(await app.everything(session), [])
  })

  for (const [name, changed] of Object.entries(headers)) {
    test(`S20: ${name}`, async () => {
      const answer = await ask(upgradeRequest(good(), app.url.host, changed))
      assert.ok(!answer || answer.status < 500, `${answer?.status}`)
      await app.isAlive()
    })
  }

  test('S20: half a handshake holds nobody up', async () => {
    const opened = await Promise.all(Array.from({ length: 50 }, () => app.raw()))
    for (const raw of opened) raw.write(upgradeRequest(good(), app.url.host).slice(0, 60))
    await app.isAlive()
    for (const raw of opened) raw.reset()
  })

  test('S20: bytes that are no HTTP', async () => {
    for (const bytes of [Buffer.alloc(1_000), frame('{"type":"hello"}'), Buffer.from('\x16\x03\x01\x02\x00\x01\x00', 'latin1'), Buffer.from('GET\r\n\r\n')]) {
      const raw = await app.raw()
      raw.write(bytes)
      raw.socket.end()
      assertRefused(await raw.head(), 'bytes')
      raw.destroy()
    }
    await app.isAlive()
  })
}
