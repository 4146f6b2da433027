/**
 * Edits under an open page: what stays (state, sessions, server state), what is new, and what loads the page again. One
 * suite, against `eclipsa dev` and against Vite.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { launch, openPage } from '../harness/browser.mjs'
import { copyApp, until } from '../harness/servers.mjs'

/**
 * @param {object} way
 * @param {(root: string) => Promise<object>} way.start
 * @param {string} way.overlay the element that shows errors
 * @param {boolean} way.hasWorker whether app code runs in a process of its own
 */
export function hotUpdateTests({ start, overlay, hasWorker }) {
  let browser, app, server, original
  before(async () => {
    browser = await launch()
    app = copyApp('testdata/fixtures/apps/hot')
    server = await start(app.root)
    original = new Map()
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
    app?.remove()
  })

  const path = (file) => join(app.root, 'app', file)

  /** Replaces in a file of the app; `restore` brings back what it was before all edits. */
  function edit(file, from, to) {
    const text = readFileSync(path(file), 'utf8')
    if (!original.has(file)) original.set(file, text)
    assert.ok(text.includes(from), `${file} has no ${from}`)
    writeFileSync(path(file), text.replace(from, to))
  }

  /** Chromium may never end a page that is loading again: it goes away before the files change. */
  async function restore(opened) {
    await opened?.close()
    for (const [file, text] of original) writeFileSync(path(file), text)
    original.clear()
  }

  /** A page that counts how often it was loaded, and remembers a form that somebody has begun to fill in. */
  async function visit(url = '/') {
    const opened = await openPage(browser, server.url + url)
    const { page, lines } = opened
    // Vite repeats no update for a page that was not connected yet.
    if (!hasWorker) await until(() => lines.includes('[vite] connected.'), "Vite's HMR socket")
    let loads = 0
    page.on('load', () => loads++)
    return Object.assign(opened, {
      loads: () => loads,
      text: (selector, expected) => page.locator(selector).filter({ hasText: expected }).first().waitFor(),
      item: (expected) => page.locator('li').filter({ hasText: expected }).first().waitFor(),
      items: () => page.locator('li').allTextContents(),
      button: (name) => page.getByRole('button', { name, exact: true }),
    })
  }

  async function fillIn({ page, text }) {
    await page.locator('.count').click()
    await page.locator('.count').click()
    await text('.counted', 'Counted 2')
    await page.locator('.draft').fill('half a sentence')
    await page.evaluate(() => scrollTo(0, 400))
  }

  async function assertFilledIn({ page, loads }) {
    assert.equal(loads(), 0, 'the page was loaded again')
    assert.equal(await page.locator('.counted').textContent(), 'Counted 2')
    assert.equal(await page.locator('.draft').inputValue(), 'half a sentence')
    assert.equal(await page.evaluate(() => scrollY), 400)
  }

  const count = (pattern) => server.output().match(pattern)?.length ?? 0

  describe('components and styles', () => {
    let opened
    beforeEach(async () => {
      await restore(opened)
      opened = await visit()
      await fillIn(opened)
    })
    after(() => restore(opened))

    test('a leaf component', async () => {
      edit('counter.tsx', 'Count\n', 'Count up\n')
      await opened.text('.count', 'Count up')
      await assertFilledIn(opened)
      await opened.page.locator('.count').click()
      await opened.text('.counted', 'Counted 3')
    })

    test('a page, which also declares a session', async () => {
      edit('+page.tsx', 'Hot page', 'Hotter page')
      await opened.text('.title', 'Hotter page')
      await assertFilledIn(opened)
    })

    test('a layout', async () => {
      edit('+layout.tsx', '<main>', '<main class="wide">')
      await opened.page.locator('main.wide').waitFor()
      await assertFilledIn(opened)
    })

    test('a hook that was added resets that component only', async () => {
      edit('counter.tsx', 'const count = useSignal(0)', 'const step = useSignal(5)\n  const count = useSignal(0)')
      edit('counter.tsx', 'count.value++', 'count.value += step.value')
      await opened.text('.counted', 'Counted 0')
      await opened.page.locator('.count').click()
      await opened.text('.counted', 'Counted 5')
      assert.equal(opened.loads(), 0)
      assert.equal(await opened.page.locator('.draft').inputValue(), 'half a sentence')
    })

    test('a stylesheet', async () => {
      edit('style.css', 'rgb(1, 1, 1)', 'rgb(200, 0, 0)')
      await opened.page.waitForFunction(() => getComputedStyle(document.querySelector('.title')).color === 'rgb(200, 0, 0)')
      await assertFilledIn(opened)
    })

    test('a stylesheet that is imported now, and then no more', async () => {
      writeFileSync(path('extra.css'), '.title { letter-spacing: 7px }')
      edit('counter.tsx', 'import {', 'import \'./extra.css\'\nimport {')
      const spacing = () => getComputedStyle(document.querySelector('.title')).letterSpacing
      await opened.page.waitForFunction(`(${spacing})() === '7px'`)
      edit('counter.tsx', 'import \'./extra.css\'\n', '')
      await opened.page.waitForFunction(`(${spacing})() === 'normal'`)
      await assertFilledIn(opened)
      rmSync(path('extra.css'))
    })

    test('a syntax error and its repair', async () => {
      edit('counter.tsx', 'Counted {count}', 'Counted {count')
      await opened.page.getByText('app/counter.tsx:').first().waitFor()
      await restore()
      await opened.page.locator(overlay).waitFor({ state: 'detached' })
      await assertFilledIn(opened)
    })

    test('a module that nothing accepts loads the page again, once', async () => {
      writeFileSync(path('+client.tsx'), "import { resumeContainer } from 'eclipsa'\nresumeContainer(document)\n")
      await until(() => opened.loads() > 0, 'the reload')
      await opened.page.locator('body[data-e-resume="resumed"]').waitFor()
      rmSync(path('+client.tsx'))
      await until(() => opened.loads() > 1, 'the second reload')
      await opened.page.locator('body[data-e-resume="resumed"]').waitFor()
      assert.equal(opened.loads(), 2)
    })

    test('a route that comes and goes elsewhere', async () => {
      mkdirSync(path('other'))
      writeFileSync(path('other/+page.tsx'), 'export default () => <p>Other page</p>\n')
      await until(async () => /Other page/.test(await (await fetch(`${server.url}/other`)).text()), 'the new route')
      await assertFilledIn(opened)
      rmSync(path('other'), { recursive: true })
      await until(async () => (await fetch(`${server.url}/other`)).status === 404, 'its end')
    })

    test('saves right after each other: the last one is shown', async () => {
      for (const [from, to] of [['Count\n', 'One\n'], ['One\n', 'Two\n'], ['Two\n', 'Three\n'], ['Three\n', 'Four\n']]) {
        edit('counter.tsx', from, to)
        if (from === 'One\n') await opened.text('.count', 'Two')
      }
      await opened.text('.count', 'Four')
      await assertFilledIn(opened)
    })

    test('many files at once', async () => {
      edit('counter.tsx', 'Count\n', 'Count on\n')
      edit('+page.tsx', 'Hot page', 'Page of many')
      edit('+layout.tsx', '<main>', '<main class="many">')
      edit('style.css', 'rgb(1, 1, 1)', 'rgb(0, 0, 200)')
      await opened.text('.count', 'Count on')
      await opened.text('.title', 'Page of many')
      await opened.page.locator('main.many').waitFor()
      await opened.page.waitForFunction(() => getComputedStyle(document.querySelector('.title')).color === 'rgb(0, 0, 200)')
      await assertFilledIn(opened)
    })
  })

  describe('import.meta.hot', () => {
    test('accept(dependency, callback)', async () => {
      const opened = await visit('/vite-api')
      await opened.text('.state', 'value one, accepted 0')
      edit('vite-api/value.ts', "'one'", "'two'")
      await opened.text('.state', 'value two, accepted 1')
      edit('vite-api/value.ts', "'two'", "'three'")
      await opened.text('.state', 'value three, accepted 2')
      assert.equal(opened.loads(), 0)
      await restore(opened)
    })
  })

  describe('sessions', () => {
    let opened
    beforeEach(async () => {
      await restore(opened)
      opened = await visit()
      await opened.button('Connect').click()
      await opened.text('.status', 'Status: open')
      await opened.item(/^Welcome Ann, visit/)
    })
    after(() => restore(opened))

    const visits = async () => Number(/visit (\d+)/.exec((await opened.items()).findLast((text) => text.includes('visit')))[1])
    const stayedOpen = async () => {
      assert.equal(opened.loads(), 0)
      assert.equal(await opened.page.locator('.status').textContent(), 'Status: open')
    }

    test('a handler is swapped under its session; module state and messages stay', async () => {
      const before = await visits()
      const evaluated = count(/evaluated members/g)
      edit('+page.tsx', 'Echo: ', 'Answer: ')
      await opened.item(`Welcome Ann, visit ${before + 1}, 1 here`)
      await opened.button('Send').click()
      await opened.item('Answer: ping')
      await stayedOpen()
      assert.equal(count(/evaluated members/g), evaluated)
      await until(() => count(/left Ann 1012/g) > 0, 'the old handler\'s onClose')
      assert.match(server.output(), hasWorker ? /swap app\/\+page\.tsx/ : /swapped the handler of 1 open session/)
    })

    test('saves right after each other: the last handler is the session\'s', async () => {
      for (const [from, to] of [['Echo: ', 'One: '], ['One: ', 'Two: '], ['Two: ', 'Three: ']]) edit('+page.tsx', from, to)
      await until(async () => {
        await opened.button('Send').click()
        return (await opened.items()).includes('Three: ping')
      }, 'the last handler')
      await stayedOpen()
    })

    test('an edit of a component or of CSS leaves session and server state alone', async () => {
      const before = await opened.items()
      edit('+page.tsx', 'Hot page', 'Cool page')
      await opened.text('.title', 'Cool page')
      edit('counter.tsx', 'Count\n', 'Count here\n')
      await opened.text('.count', 'Count here')
      edit('style.css', 'rgb(1, 1, 1)', 'rgb(9, 9, 9)')
      await opened.page.waitForFunction(() => getComputedStyle(document.querySelector('.title')).color === 'rgb(9, 9, 9)')
      await opened.button('Send').click()
      await opened.item('Echo: ping')
      assert.deepEqual((await opened.items()).slice(0, -1), before)
      await stayedOpen()
    })

    test('an edit of a shared server module evaluates it and its importers', async () => {
      const evaluated = count(/evaluated members/g)
      edit('greeting.ts', 'Welcome', 'Good day')
      await opened.item(/^Good day Ann/)
      await stayedOpen()
      assert.equal(count(/evaluated members/g), evaluated)
      edit('members.ts', "'evaluated members'", "'evaluated members', 'again'")
      await until(() => count(/evaluated members again/g) === 1, 'the new members')
      await stayedOpen()
    })

    test('a syntax error keeps the last good handler', async () => {
      edit('+page.tsx', 'connection.onMessage((message) => {', 'connection.onMessage((message => {')
      await opened.page.locator(overlay).waitFor()
      await opened.button('Send').evaluate((button) => button.click()) // below the overlay
      await opened.item('Echo: ping')
      await stayedOpen()
    })

    test('an error at evaluation is shown, the session goes on, and the repair is taken', async () => {
      edit('members.ts', 'export const', "throw new Error('no members today')\nexport const")
      await opened.page.getByText('no members today').first().waitFor()
      await stayedOpen()
      edit('members.ts', "throw new Error('no members today')", "console.log('repaired members')")
      await opened.page.locator(overlay).waitFor({ state: 'detached' })
      await until(() => count(/repaired members/g) === 1, 'the new members')
      await until(async () => (await opened.items()).filter((text) => text.endsWith('1 here')).length > 1, 'the new handler')
      await opened.button('Send').click()
      await opened.item('Echo: ping')
      await stayedOpen()
    })

    test('a server module that is deleted and comes back as another one', async () => {
      const text = readFileSync(path('members.ts'), 'utf8')
      original.set('members.ts', text)
      rmSync(path('members.ts'))
      if (hasWorker) await opened.page.locator(overlay).waitFor()
      else await until(async () => (await fetch(server.url)).status === 500, 'a page that misses it')
      await stayedOpen()
      writeFileSync(path('members.ts'), text.replace("'evaluated members'", "'members are back'"))
      await until(async () => (await opened.items()).filter((text) => text.endsWith('1 here')).length > 1, 'the new handler')
      assert.equal(count(/members are back/g), 1)
      await stayedOpen()
    })

    if (hasWorker) {
      test('a killed worker is started again and the session dialled again', async () => {
        const before = await opened.items()
        const worker = await workerOf(server.child.pid)
        process.kill(worker, 'SIGKILL')
        await until(async () => (await opened.items()).length > before.length, 'the new handler')
        assert.match((await opened.items()).at(-1), /^Welcome Ann, visit 1, 1 here/)
        await opened.button('Send').click()
        await opened.item('Echo: ping')
        await stayedOpen()
      })

      test('a new environment restarts the worker, and the session goes on', async () => {
        const before = await opened.items()
        writeFileSync(join(app.root, '.env'), 'GREETING=hi\n')
        await until(async () => (await opened.items()).length > before.length, 'the new handler')
        await stayedOpen()
        rmSync(join(app.root, '.env'))
        await until(async () => (await opened.items()).length > before.length + 1, 'the handler after that')
        await stayedOpen()
      })
    }
  })

  if (hasWorker) describe('a session that is refused after a restart', () => {
    test('closes with 1008 and the reason', async () => {
      const opened = await visit('/guarded')
      await opened.button('Connect').click()
      await opened.text('.status', 'Status: open')
      edit('guarded/+middleware.ts', 'async (_c, next) => {', 'async (c, next) => {\n  if (c.req.path.includes(\'realtime\')) return c.text(\'who are you\', 401)')
      process.kill(await workerOf(server.child.pid), 'SIGKILL')
      await opened.text('.status', 'Status: closed')
      await opened.text('.error', '1008')
      await opened.text('.error', '401')
      await restore(opened)
    })
  })
}

/** The one Node process that a dev server has started: any of its threads may have done it. */
function workerOf(pid) {
  return until(() => {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).trim().split(' '))
    return children.filter(Boolean).map(Number).find((child) => read(`/proc/${child}/cmdline`).includes('worker.js'))
  }, 'the worker')
}

/** Of what may end at any moment. */
function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
