/**
 * Pages in Chromium, in the four ways to serve an app: `eclipsa dev`, `vite`, and what `eclipsa build` and `vite build`
 * wrote, copied alone to an empty folder.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { launch, openPage } from '../harness/browser.mjs'
import { copyApp, startBuilt, startDev, startVite, startViteBuilt, until } from '../harness/servers.mjs'

const ways = {
  dev: ['eclipsa dev', startDev],
  built: ['eclipsa build, node dist/server/node.mjs', startBuilt],
  vite: ['vite', startVite],
  'vite-built': ['vite build, node dist/server/node.mjs', startViteBuilt],
}
/** `ECLIPSA_SERVERS=dev,vite` narrows a run while some of them are being worked on. */
const wanted = process.env.ECLIPSA_SERVERS?.split(',') ?? Object.keys(ways)
const servers = Object.fromEntries(wanted.map((way) => ways[way]))

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

/** Opens a page of the running app, runs the steps, and checks that nothing went wrong in it. */
async function visit(server, path, steps, expectedProblems = []) {
  const opened = await openPage(browser, server.url + path)
  try {
    await steps(opened.page)
    const unexpected = opened.problems.filter((problem) => !expectedProblems.some((pattern) => pattern.test(problem)))
    assert.deepEqual(unexpected, [])
  } finally {
    await opened.close()
  }
}

const text = (page, selector, expected) => page.locator(selector).filter({ hasText: expected }).waitFor()

for (const [name, start] of Object.entries(servers)) {
  describe(`the seed's pages, ${name}`, () => {
    let app, server
    before(async () => {
      app = copyApp('examples/room')
      server = await start(app.root)
    })
    after(async () => {
      await server?.stop()
      app?.remove()
    })

    test('Room connects, sends, shows status and messages', () =>
      visit(server, '/', async (page) => {
        await text(page, 'p', 'Status: closed')
        await text(page, 'p', 'Latest: No messages yet')
        assert.equal(await page.getByRole('button', { name: 'Send' }).isDisabled(), true)
        await page.getByRole('button', { name: 'Connect' }).click()
        await text(page, 'p', 'Status: open')
        await text(page, 'p', 'Latest: Joined general')
        await page.getByRole('button', { name: 'Send' }).click()
        await text(page, 'p', 'Latest: Hello')
      }))

    test('Presence answers typing and leaves', () =>
      visit(server, '/presence', async (page) => {
        await page.getByRole('button', { name: 'Appear' }).click()
        await text(page, 'p', 'Seen: 1')
        await page.getByRole('button', { name: 'Type' }).click()
        await text(page, 'p', 'Seen: 2')
        await page.getByRole('button', { name: 'Leave' }).click()
        await text(page, 'p', 'Status: closed')
      }))

    test('a middleware\'s variable reaches the handler', () =>
      visit(server, '/middleware', async (page) => {
        await page.getByRole('button', { name: 'Connect' }).click()
        await text(page, 'p', /Trace: [0-9a-f-]{36}/)
      }))
  })

  describe(`chat, ${name}`, () => {
    let app, server
    before(async () => {
      app = copyApp('examples/chat')
      server = await start(app.root)
    })
    after(async () => {
      await server?.stop()
      app?.remove()
    })

    async function enter(name) {
      const opened = await openPage(browser, server.url + '/')
      await opened.page.getByLabel('Your name').fill(name)
      await opened.page.getByRole('button', { name: 'Come in' }).click()
      await opened.page.getByLabel('Message').waitFor()
      return opened
    }

    test('two tabs talk, see who is here and who types, and a closed tab is gone', async () => {
      const ada = await enter('Ada')
      const bob = await enter('Bob')
      await text(ada.page, '[data-testid=people]', 'Bob')
      await bob.page.getByLabel('Message').fill('Hello Ada')
      await text(ada.page, '[data-testid=typing]', 'Bob is typing')
      await bob.page.getByRole('button', { name: 'Send' }).click()
      await text(ada.page, '[data-testid=lines]', 'Hello Ada')
      await ada.page.getByLabel('Message').fill('Hello Bob')
      await ada.page.getByRole('button', { name: 'Send' }).click()
      await text(bob.page, '[data-testid=lines]', 'Hello Bob')
      await bob.close()
      await ada.page.locator('[data-testid=people]', { hasText: 'Bob' }).waitFor({ state: 'detached' })
      assert.equal(await ada.page.locator('[data-testid=people] li').count(), 1)

      const late = await enter('Ada')
      await text(late.page, '[data-testid=people]', 'Ada 2')
      await text(late.page, '[data-testid=lines]', 'Hello Bob')
      assert.deepEqual([...ada.problems, ...late.problems], [])
      await ada.close()
      await late.close()
    })
  })

  describe(`sessions of pages, ${name}`, () => {
    let app, server
    before(async () => {
      app = copyApp('testdata/fixtures/apps/e2e')
      server = await start(app.root)
    })
    after(async () => {
      await server?.stop()
      app?.remove()
    })

    const log = async () => (await fetch(`${server.url}/log`)).json()

    test('the page is rendered on the server and comes alive in the browser', async () => {
      const html = await (await fetch(server.url)).text()
      assert.match(html, /<h1>Start<\/h1>/)
      assert.match(html, /<title>Start<\/title>/)
      assert.match(html, /hello-from-env/)
      await visit(server, '/', async (page) => {
        await page.locator('#count').click()
        await text(page, '#count', '1')
        assert.equal(await page.locator('main').evaluate((main) => getComputedStyle(main).color), 'rgb(1, 2, 3)')
      })
      assert.equal(await (await fetch(`${server.url}/note.txt`)).text(), 'a public file\n')
    })

    test('the app\'s own document, client entry, Hono app and not-found page', async () => {
      const response = await fetch(server.url)
      assert.match(await response.text(), /<html lang="eo">.*<body class="own-root">/s)
      assert.equal(response.headers.get('x-entry'), 'passed')
      assert.equal(await (await fetch(`${server.url}/ping`)).text(), 'pong')
      assert.match(await (await fetch(`${server.url}/nowhere`)).text(), /<h1>Nothing here<\/h1>/)
      await visit(server, '/', async (page) => {
        assert.equal(await page.locator('html').getAttribute('data-client'), 'own')
      })
    })

    test('10,000 numbered messages each way arrive complete and in order', () =>
      visit(server, '/numbers', async (page) => {
        await page.locator('#go').click()
        await text(page, '#result', 'open 10001 true true')
      }))

    test('unmount closes with 1000, other input replaces the session', async () => {
      await visit(server, '/unmount', async (page) => {
        await page.locator('#connect').click()
        await text(page, '#echo', 'open')
        await page.locator('#connect').click()
        await page.locator('#send').click()
        await text(page, '#echo', 'open first,second')
        await page.locator('#rename').click()
        await page.locator('#connect').click()
        await until(async () => (await log()).includes('open ab'), 'the second session')
        await page.locator('#toggle').click()
        await text(page, '#gone', 'gone')
        await until(async () => (await log()).includes('close ab 1000'), 'the close')
      })
      // Two sockets have no order between them: each session has its own.
      const story = async (name) => (await log()).filter((line) => line.split(' ')[1] === name)
      await until(async () => (await story('a')).length === 4, 'the first close')
      assert.deepEqual(await story('a'), ['open a', 'message a first', 'message a second', 'close a 1000'])
      assert.deepEqual(await story('ab'), ['open ab', 'close ab 1000'])
    })

    test('a middleware that answers 401 opens no socket', async () => {
      await visit(server, '/guarded', async (page) => {
        await page.locator('#connect').click()
        await text(page, '#error', '401')
        await text(page, '#status', 'closed')
        assert.deepEqual((await log()).filter((line) => line.startsWith('guarded')), [])
        await page.evaluate(() => (document.cookie = 'pass=1'))
        await page.locator('#connect').click()
        await text(page, '#status', 'open welcome')
      }, [/401/, /WebSocket/])
    })

    test('route params reach the page and the handler', () =>
      visit(server, '/rooms/blue%20sky', async (page) => {
        await text(page, 'h1', 'Room blue sky')
        await page.locator('#connect').click()
        await text(page, '#seen', 'blue sky')
      }))

    test('a symbol answers only on routes that reach it', async () => {
      const script = await findSymbol(server, '/guarded', 'useGuarded')
      const ask = (page) =>
        fetch(`${server.url}/__eclipsa/realtime/${script}?url=${encodeURIComponent(page)}`, { headers: { cookie: 'pass=1' } })
      assert.equal((await ask('/guarded')).status, 426)
      assert.equal((await ask('/')).status, 404)
      assert.equal((await ask('/nowhere')).status, 404)
      assert.equal((await fetch(`${server.url}/__eclipsa/realtime/${script}`)).status, 400)
      assert.equal((await fetch(`${server.url}/__eclipsa/realtime/nobody?url=/guarded`)).status, 404)
    })

    test('an error while rendering is a 500, and the server goes on', async () => {
      assert.equal((await fetch(`${server.url}/boom`)).status, 500)
      assert.equal((await fetch(`${server.url}/`)).status, 200)
      assert.equal((await fetch(`${server.url}/nowhere`)).status, 404)
    })
  })
}

/** The id of a symbol, as the page's own scripts name it. */
async function findSymbol(server, path, name) {
  const opened = await openPage(browser, server.url + path)
  const texts = []
  try {
    for (const url of await opened.page.evaluate(() => performance.getEntriesByType('resource').map((entry) => entry.name))) {
      if (/\.[jt]sx?/.test(url)) texts.push(await (await fetch(url)).text())
    }
  } finally {
    await opened.close()
  }
  const match = new RegExp(`${name}-[0-9a-z]+`).exec(texts.join('\n'))
  assert.ok(match, `no script of ${path} names ${name}`)
  return match[0]
}
