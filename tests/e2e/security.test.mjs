/**
 * What a browser lets another site do to `eclipsa dev`: SECURITY.md S1 to S5. The raw requests are in
 * devserver/security_*_test.go; here Chromium adds what only browsers do, and its own rules.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { launch, openPage } from '../harness/browser.mjs'
import { copyApp, startDev, until } from '../harness/servers.mjs'

describe('another site, in Chromium', () => {
  let app, server, browser, opened, attacker, port, urls, token, session
  before(async () => {
    // Everything is this machine: what a rebound name resolves to.
    browser = await launch(['--host-resolver-rules=MAP *.test 127.0.0.1'])
    app = copyApp('testdata/fixtures/apps/e2e')
    server = await startDev(app.root)
    port = new URL(server.url).port
    attacker = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>other</title><body>other'))
    await new Promise((resolve) => attacker.listen(0, '127.0.0.1', resolve))
    const asked = new Set()
    const context = await browser.newContext()
    context.on('request', (request) => asked.add(request.url()))
    context.on('page', (page) => page.on('websocket', (socket) => asked.add(socket.url())))
    opened = await context.newPage()
    await opened.goto(server.url)
    await opened.locator('body[data-e-resume="resumed"]').waitFor()
    await until(() => [...asked].some((url) => url.includes('/hot?')), 'the hot channel')
    const dev = [...asked].filter((url) => url.includes('/__eclipsa/dev/'))
    token = new URL(dev.find((url) => url.includes('/hot?'))).searchParams.get('token')
    urls = dev.filter((url) => url.startsWith('http'))
    for (const kind of ['client.js', 'pack.js', '/deps/']) assert.ok(urls.some((url) => url.includes(kind)), kind)
    urls.push(`${server.url}/__eclipsa/dev/pack.js.map?route=%2F`, `${server.url}/__eclipsa/dev/update.js?version=1`)
    session = `${server.url.replace('http', 'ws')}/__eclipsa/realtime/x?url=/`
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
    attacker?.close()
    app?.remove()
  })

  /** Another origin: another site, the same site, the same machine by its address. */
  const origins = () => ['evil.test', 'localhost', '127.0.0.1'].map((name) => `http://${name}:${attacker.address().port}`)

  async function from(origin, script, argument) {
    const context = await browser.newContext()
    try {
      const page = await context.newPage()
      await page.goto(origin)
      return await page.evaluate(script, argument)
    } finally {
      await context.close()
    }
  }

  /**
   * Runs in the page. A classic script reads nothing of its text by itself, but what it does can be seen by whoever
   * has prepared the globals that it uses.
   */
  async function includeAsClassic(urls) {
    let seen = ''
    const see = (what) => void (seen += `${what}\n`)
    const before = Object.getOwnPropertyNames(window)
    const undo = []
    const replace = (object, name, descriptor) => {
      const own = Object.getOwnPropertyDescriptor(object, name)
      Object.defineProperty(object, name, { configurable: true, ...descriptor })
      undo[undo.length] = () => (own ? Object.defineProperty(object, name, own) : delete object[name])
    }
    addEventListener('error', ({ message }) => message && see(message))
    const results = []
    for (const url of urls) {
      const script = document.createElement('script')
      const settled = new Promise((resolve) => {
        script.onload = () => resolve('loaded')
        script.onerror = () => resolve('failed')
      })
      script.src = url
      document.head.append(script)
      for (const name of ['default', 'token', 'base', 'boot', 'code', 'id', 'deps', 'modules', 'external', 'lazy', 'version', 'sources', 'sourcesContent', 'registry', 'start', 'define']) {
        replace(Object.prototype, name, { set: () => see(`${name} set`), get: () => see(`${name} read`) })
      }
      for (const [object, methods] of [[Array.prototype, ['push', 'map', 'concat', 'forEach', 'filter', 'slice']], [Map.prototype, ['set', 'get', 'has']], [Function.prototype, ['call', 'apply', 'bind']], [JSON, ['parse', 'stringify']], [Object, ['keys', 'entries', 'assign', 'hasOwn', 'defineProperties']]]) {
        for (const name of methods) {
          const original = object[name]
          replace(object, name, { writable: true, value(...values) { see(`${name}()`); return Reflect.apply(original, this, values) } })
        }
      }
      const result = await settled
      while (undo.length > 0) undo.pop()()
      results.push(result)
    }
    return { results, seen, added: Object.getOwnPropertyNames(window).filter((name) => !before.includes(name)) }
  }

  /** Runs in the page: the other ways to get at an URL, each with what came of it. */
  async function load(urls) {
    const settled = (element, attribute, url) => new Promise((resolve) => {
      element.onload = () => resolve('loaded')
      element.onerror = () => resolve('failed')
      element[attribute] = url
      document.head.append(element)
    })
    const outcome = (promise) => promise.then(() => 'loaded', () => 'failed')
    const all = []
    for (const url of urls) {
      all.push({
        url,
        module: await settled(Object.assign(document.createElement('script'), { type: 'module' }), 'src', url),
        imported: await outcome(import(url)),
        style: await settled(Object.assign(document.createElement('link'), { rel: 'stylesheet' }), 'href', url),
        fetched: await outcome(fetch(url).then((response) => response.text())),
        opaque: await outcome(fetch(url, { mode: 'no-cors' })),
        withCookies: await outcome(fetch(url, { credentials: 'include' })),
      })
    }
    return all
  }

  function connect(url) {
    return new Promise((resolve) => {
      const socket = new WebSocket(url)
      socket.onopen = () => { resolve('opened'); socket.close() }
      socket.onerror = () => resolve('refused')
    })
  }

  test('S2: no classic script of another site sees anything of the dev server', async () => {
    // A script that runs is seen: else the rest would say nothing.
    const own = `data:text/javascript,${encodeURIComponent('var leaked = {}; leaked.token = [1].map(String)')}`
    const { results, seen, added } = await from(origins()[0], includeAsClassic, [own])
    assert.deepEqual([results, seen, added], [['loaded'], 'map()\ntoken set\n', ['leaked']])
    for (const origin of origins()) {
      const { results, seen, added } = await from(origin, includeAsClassic, urls)
      assert.deepEqual([new Set(results), seen, added], [new Set(['failed']), '', []], origin)
    }
  })

  test('S1, S2: nothing of the dev server loads on another origin in any other way', async () => {
    for (const origin of origins()) {
      for (const { url, ...ways } of await from(origin, load, urls)) {
        for (const [way, result] of Object.entries(ways)) assert.equal(result, 'failed', `${origin}, ${way}: ${url}`)
      }
    }
  })

  test('S1, S2: on our own page it does', async () => {
    const modules = urls.filter((url) => /\/(client|pack|deps)\b.*js(\?|$)/.test(url) && !url.includes('.map'))
    assert.ok(modules.length >= 3, modules.join())
    for (const { url, module, imported, fetched, withCookies } of await opened.evaluate(load, modules)) {
      assert.deepEqual([module, imported, fetched, withCookies], ['loaded', 'loaded', 'loaded', 'loaded'], url)
    }
  })

  test('S1: no other origin reads a page, a file or an error', async () => {
    for (const origin of origins()) {
      for (const path of ['/', '/nowhere', '/__eclipsa/data?url=/', '/__eclipsa/dev/hot', '/__eclipsa/worker/load']) {
        const read = await from(origin, (url) => fetch(url, { credentials: 'include' }).then((response) => response.text()).catch(() => ''), server.url + path)
        assert.equal(read, '', `${origin}${path}`)
      }
    }
  })

  test('S3, S16: no other origin opens the hot channel, even with its token, or a session', async () => {
    const hot = `${server.url.replace('http', 'ws')}/__eclipsa/dev/hot?token=${token}`
    assert.equal(await opened.evaluate(connect, hot), 'opened', 'our own page')
    for (const origin of origins()) {
      assert.equal(await from(origin, connect, hot), 'refused', origin)
      assert.equal(await from(origin, connect, hot.replace('localhost', '127.0.0.1')), 'refused', origin)
      assert.equal(await from(origin, connect, session), 'refused', origin)
    }
    const sandboxed = (url) => new Promise((resolve) => {
      const frame = document.createElement('iframe')
      frame.sandbox = 'allow-scripts'
      frame.srcdoc = `<script>const socket = new WebSocket(${JSON.stringify(url)}); socket.onopen = () => parent.postMessage('opened', '*'); socket.onerror = () => parent.postMessage('refused', '*')</script>`
      addEventListener('message', ({ data }) => resolve(data), { once: true })
      document.body.append(frame)
    })
    assert.equal(await opened.evaluate(sandboxed, hot), 'refused', 'Origin: null')
  })

  test('S4: a name that was rebound to this machine gets nothing', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    for (const path of ['/', '/__eclipsa/dev/client.js', '/__eclipsa/dev/pack.js?route=%2F']) {
      const response = await page.goto(`http://evil.test:${port}${path}`)
      assert.equal(response.status(), 403)
      assert.match(await response.text(), /"evil\.test:\d+" is not allowed/)
    }
    assert.equal(await page.evaluate(connect, `ws://evil.test:${port}/__eclipsa/dev/hot?token=${token}`), 'refused')
    await context.close()
  })

  test('S5, S6: no other site runs code in the worker, or opens a file', async () => {
    const file = join(app.root, 'written')
    const body = JSON.stringify({ external: null, removed: [], entry: 'evil', modules: [{ id: 'evil', deps: [], dynamic: [], code: `function* ($) { process.getBuiltinModule('node:fs').writeFileSync(${JSON.stringify(file)}, ''); $.exports({ default: () => () => new Response() }); yield }` }] })
    const send = async ({ url, body }) => {
      await fetch(url, { method: 'POST', mode: 'no-cors', body }).catch(() => {}) // text/plain: no preflight
      navigator.sendBeacon(url, body)
      return fetch(url, { method: 'POST', body }).then((response) => response.status, () => 0)
    }
    for (const origin of origins()) {
      for (const path of ['/__eclipsa/worker/load', `/__eclipsa/dev/open?token=${token}&file=package.json`]) assert.equal(await from(origin, send, { url: server.url + path, body }), 0)
    }
    assert.equal(await opened.evaluate(send, { url: `${server.url}/__eclipsa/worker/load`, body }), 404, 'our own page')
    assert.equal(existsSync(file), false)
  })

  test('the dev server and its page are as before', async () => {
    const again = await openPage(browser, server.url)
    assert.deepEqual(again.problems, [])
    await again.close()
  })
})
