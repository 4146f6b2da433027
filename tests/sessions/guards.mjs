/** Everything that may answer instead of the upgrade: HOSTS.md B10-B17, SECURITY.md S16 and S17. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSession } from './client.mjs'
import { upgradeRequest } from './raw.mjs'

const guards = ['app-guard', 'route-guard', 'symbol-guard']

/** @param {import('./client.mjs').App} app */
export function guardTests(app) {
  for (const [place, guard] of guards.entries()) {
    for (const status of ['401', '403', '404', '500', '302']) {
      test(`B10: the ${guard} answers ${status}`, async () => {
        const answer = await app.refused('useGuarded', { headers: { [`x-${guard}`]: status } })
        assert.equal(answer.status, Number(status))
        if (status === '302') assert.equal(answer.headers.location, '/elsewhere?a=1')
        else {
          assert.equal(answer.headers['x-reason'], 'the guard')
          assert.deepEqual(answer.headers['set-cookie'], ['seen=1'])
          assert.equal(answer.body, `refused with ${status}`)
        }
        // Those before it ran, those behind it and the handler did not.
        assert.deepEqual(await app.everything(answer.session), guards.slice(0, place + 1))
      })
    }

    for (const [failure, what] of [['error', 'throws an Error'], ['string', 'throws a string'], ['neither', 'neither answers nor calls next()']]) {
      test(`B11: the ${guard} ${what}`, async () => {
        const answer = await app.refused('useGuarded', { headers: { [`x-${guard}`]: failure } })
        assert.equal(answer.status, 500)
        if (app.production) assert.doesNotMatch(answer.body, /CANARY|guard|\bat /)
        await app.isAlive()
      })
    }

    test(`B17: headers that the ${guard} sets break nothing`, async () => {
      const guarded = await app.open('useGuarded', { headers: { [`x-${guard}`]: 'headers' } })
      assert.equal(await guarded.message(), 'welcome')
      await guarded.end()
    })

    test(`S17: over HTTP the ${guard} answers the same`, async () => {
      for (const [wanted, status] of [['401', 401], ['302', 302], ['error', 500], ['headers', 426]]) {
        const url = new URL(app.target('useGuarded', { input: { session: newSession() } }), app.url)
        const answer = await fetch(url, { headers: { [`x-${guard}`]: wanted }, redirect: 'manual' })
        assert.equal(answer.status, status, wanted)
      }
    })

    test(`the ${guard} calls next() twice`, async () => {
      const session = newSession()
      const answer = await app.refused('useGuarded', { session, headers: { [`x-${guard}`]: 'twice' } }).catch((error) => error)
      // Whether the first call was too much to take back is the host's affair.
      if (!(answer instanceof Error)) assert.equal(answer.status, 500)
      await app.isAlive()
    })
  }

  test('a slow guard is waited for', async () => {
    const session = newSession()
    const opening = app.open('useGuarded', { session, headers: { 'x-route-guard': 'slow' } })
    await app.logged(session, 'route-guard')
    assert.deepEqual(await app.everything(session), ['app-guard', 'route-guard'])
    await app.openGate(session)
    const guarded = await opening
    assert.equal(await guarded.message(), 'welcome')
    await guarded.end()
  })

  test('S17: a guard that never decides is a 503', async () => {
    const answer = await app.refused('useGuarded', { headers: { 'x-symbol-guard': 'never' } })
    assert.equal(answer.status, 503)
  })

  for (const [name, leave] of [['B12: resets the connection', (raw) => raw.reset()], ['B13: ends its half of the connection', (raw) => raw.socket.end()]]) {
    test(`${name} while a guard awaits`, async () => {
      const session = newSession()
      const raw = await app.raw()
      const target = app.target('useGuarded', { input: { session } })
      raw.write(upgradeRequest(target, app.url.host, { 'X-Session': session, 'X-Route-Guard': 'slow' }))
      await app.logged(session, 'route-guard')
      leave(raw)
      await app.isAlive()
      await app.openGate(session)
      await app.logged(session, 'route-guard done')
      await app.isAlive()
      // Not called at all, or told that nobody is there.
      if ((await app.events(session)).includes('open')) {
        raw.destroy()
        assert.equal((await app.closing(session)).code, 1006)
      }
      raw.destroy()
    })
  }

  test('B15: Host may be any name of the machine, and counts for Origin', async () => {
    const host = `localhost:${app.url.port}`
    assert.equal(await upgradeStatus(app, { Host: host, Origin: `http://${host}` }), 101)
    assert.equal(await upgradeStatus(app, { Host: host, Origin: `http://127.0.0.1:${app.url.port}` }), 403)
  })

  const origins = {
    'none, as from programs': [() => undefined, 101],
    'the same': [({ host }) => `http://${host}`, 101],
    'the same over https, as behind TLS': [({ host }) => `https://${host}`, 101],
    'the same in capitals': [({ host }) => `HTTP://${host}`, 101, 403],
    'no port': [({ hostname }) => `http://${hostname}`, 403],
    'another port': [({ hostname, port }) => `http://${hostname}:${Number(port) ^ 1}`, 403],
    'another host': [({ port }) => `http://evil.test:${port}`, 403],
    'another name of this machine': [({ hostname, port }) => `http://${hostname === 'localhost' ? '127.0.0.1' : 'localhost'}:${port}`, 403],
    'another address of this machine': [({ port }) => `http://[::1]:${port}`, 403],
    'our address as a subdomain': [({ hostname, port }) => `http://${hostname}.evil.test:${port}`, 403],
    'our address with a dot behind': [({ hostname, port }) => `http://${hostname}.:${port}`, 101, 403], // the same host to a URL parser
    'our address as a user': [({ host }) => `http://${host}@evil.test`, 403],
    'a user at our address': [({ host }) => `http://user@${host}`, 403],
    'our address and a path': [({ host }) => `http://${host}/`, 403],
    'our address, then another': [({ host }) => `http://${host} http://evil.test`, 403],
    'another scheme': [({ host }) => `ws://${host}`, 403],
    'an extension': [() => 'chrome-extension://abcdefghijklmnop', 403],
    null: [() => 'null', 403],
    empty: [() => '', 403],
    'two headers, ours first': [({ host }) => [`http://${host}`, 'http://evil.test'], 403, 400],
    'two headers, ours last': [({ host }) => ['http://evil.test', `http://${host}`], 403, 400],
  }
  for (const [name, [origin, ...expected]] of Object.entries(origins)) {
    test(`S16: Origin: ${name}`, async () => {
      const session = newSession()
      const status = await upgradeStatus(app, { Origin: origin(app.url), Cookie: 'session=valid', 'X-Session': session })
      assert.ok(expected.includes(status), `${status}`)
      // Refused means: nothing of the app ran.
      if (status !== 101) assert.deepEqual(await app.everything(session), [])
    })
  }

  test('S16: forwarded headers rescue no Origin', async () => {
    const headers = { Origin: 'http://evil.test', 'X-Forwarded-Host': 'evil.test', 'X-Forwarded-Proto': 'http', Forwarded: 'host=evil.test' }
    assert.equal(await upgradeStatus(app, headers), 403)
  })

  test('S16: an Origin is checked over HTTP too', async () => {
    const url = new URL(app.target('useGuarded', { input: {} }), app.url)
    assert.equal((await fetch(url, { headers: { origin: 'http://evil.test' } })).status, 403)
  })
}

/** The answer to a correct handshake with these headers. */
async function upgradeStatus(app, headers) {
  const raw = await app.raw()
  try {
    raw.write(upgradeRequest(app.target('useGuarded', { input: { session: newSession() } }), app.url.host, headers))
    return (await raw.head())?.status
  } finally {
    raw.destroy()
  }
}
