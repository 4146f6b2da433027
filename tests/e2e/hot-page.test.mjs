/** The page's side of hot updates: what a swapped component keeps, what the overlay offers, and a channel that is cut. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { launch, openPage } from '../harness/browser.mjs'
import { copyApp, startDev, until } from '../harness/servers.mjs'

let browser, app, server
const originals = new Map()
before(async () => {
  browser = await launch()
  app = copyApp('testdata/fixtures/apps/refresh')
  server = await startDev(app.root)
})
after(async () => {
  await browser?.close()
  await server?.stop()
  app?.remove()
})

function edit(file, from, to) {
  const path = join(app.root, 'app', file)
  const text = readFileSync(path, 'utf8')
  if (!originals.has(path)) originals.set(path, text)
  const edited = from instanceof RegExp ? text.replace(from, to) : text.replaceAll(from, to)
  assert.notEqual(edited, text, `${file} has no ${from}`)
  writeFileSync(path, edited)
}

function restore() {
  for (const [path, text] of originals) writeFileSync(path, text)
  originals.clear()
}

let opened, page, loads
async function visit(path = '/') {
  opened = await openPage(browser, server.url + path)
  page = opened.page
  loads = 0
  page.on('load', () => loads++)
}
afterEach(async () => {
  await opened?.close()
  restore()
})

const shows = (selector, text) => page.locator(selector).filter({ hasText: text }).first().waitFor()
const overlay = () => page.locator('eclipsa-error-overlay')
const gone = () => overlay().waitFor({ state: 'detached' })

describe('stylesheets of a route', () => {
  const color = () => page.locator('.styled').evaluate((shown) => getComputedStyle(shown).color)
  const links = () => page.evaluate(() => [...document.querySelectorAll('link[rel=stylesheet]')].map(({ href }) => new URL(href).pathname.replace('/__eclipsa/dev/', '')))
  const each = ['css/app/styled/first.css', 'css/app/styled/second.css', 'css/app/styled/later.css']
  const elsewhere = '.styled { color: rgb(4, 4, 4); border: 1px solid rgb(4, 4, 4) }'

  async function open() {
    opened = await browser.newContext()
    page = await opened.newPage()
    loads = 0
    page.on('load', () => loads++)
    await page.route('https://fonts.test/elsewhere.css', (route) => route.fulfill({ contentType: 'text/css', body: elsewhere }))
  }

  test('come as one, and each has its own link soon', async () => {
    const html = await (await fetch(`${server.url}/styled`)).text()
    assert.deepEqual(html.match(/<link[^>]*stylesheet[^>]*>/g)?.length, 1, html)
    await open()
    await page.goto(`${server.url}/styled`)
    await until(async () => (await links()).join() === each.join(), 'each to have its own link')
    assert.equal(await color(), 'rgb(2, 2, 2)')
    assert.equal(await page.locator('.styled').evaluate((shown) => getComputedStyle(shown).borderColor), 'rgb(4, 4, 4)', 'imported from elsewhere')
    await page.locator('.later').click()
    await shows('.later', 'opened')
    assert.deepEqual(await links(), each, 'modules find the links that are there')

    edit('styled/second.css', 'rgb(2, 2, 2)', 'rgb(5, 5, 5)')
    await until(async () => (await color()) === 'rgb(5, 5, 5)', 'the edit to show')
    edit('styled/+page.tsx', "import './second.css'\n", '')
    await until(async () => (await color()) === 'rgb(1, 1, 1)', 'the stylesheet to go')
    assert.equal(loads, 1)
  })

  test('are replaced while they are still one', async () => {
    await open()
    const held = []
    await page.route(/styled\/(first|later)\.css$/, (route) => new Promise((go) => held.push(go)).then(() => route.continue()))
    await page.goto(`${server.url}/styled`)
    await until(() => held.length === 2, 'the stylesheets to be asked for')
    assert.deepEqual(await links(), ['styles.css', ...each])
    assert.equal(await color(), 'rgb(2, 2, 2)')

    edit('styled/second.css', 'rgb(2, 2, 2)', 'rgb(6, 6, 6)')
    await until(async () => (await color()) === 'rgb(6, 6, 6)', 'the edit to show')
    assert.equal((await links())[0], 'styles.css', 'two have not arrived')
    held.forEach((go) => go())
    await until(async () => (await links()).join() === each.join(), 'each to have its own link')
    assert.equal(await color(), 'rgb(6, 6, 6)')
  })
})

describe('a component that is edited', () => {
  beforeEach(() => visit())

  test('keeps signals, state, refs and inputs; code in memos and effects is the new one', async () => {
    await page.locator('.click').click({ clickCount: 2 })
    await shows('.state', 'given: signal 2, state 2, memo one, computed 20, same ref')
    await page.locator('.draft').fill('half')
    await page.evaluate(() => (globalThis.effects.length = 0))
    edit('everything.tsx', /(?<= )one|(?<=value \* )10/g, (found) => (found === 'one' ? 'two' : '100'))
    await shows('.state', 'given: signal 2, state 2, memo two, computed 200, same ref')
    await until(() => page.evaluate(() => globalThis.effects.includes('mount two')), 'the effects')
    assert.equal((await page.evaluate(() => globalThis.effects.filter((text) => text.includes('mount')))).join(), 'unmount one,mount two')
    assert.equal(await page.locator('.draft').inputValue(), 'half')
    await shows('.theme', 'theme dark')
    await page.locator('.click').click()
    await shows('.state', 'signal 3, state 3, memo two, computed 300')
    assert.equal(loads, 0)
  })

  test('keeps the state of a class, whose handlers are the new ones', async () => {
    await page.locator('.class').click()
    await shows('.class', 'class one 1')
    edit('everything.tsx', /class one|(?<=count \+ )1/g, (found) => (found === '1' ? '10' : 'class two'))
    await shows('.class', 'class two 1')
    await page.locator('.class').click()
    await shows('.class', 'class two 11')
  })

  test('begins anew as another kind of component', async () => {
    await page.locator('.class').click()
    await page.locator('.click').click()
    edit('everything.tsx', /class Counter[^]*/, "function Counter() {\n  return <p class=\"class\">no class</p>\n}\n")
    await shows('.class', 'no class')
    await shows('.state', 'signal 1, state 1')
    restore()
    await shows('.class', 'class one 0')
    assert.equal(loads, 0)
  })

  test('stays with its state where a layout around it renders again', async () => {
    await page.locator('.click').click()
    edit('+page.tsx', '>Show<', '>Show it<')
    await shows('.show', 'Show it')
    await page.locator('.layout').click()
    await shows('.layout', 'layout one 1')
    await shows('.state', 'signal 1, state 1')
    edit('+layout.tsx', 'layout one', 'layout two')
    await shows('.layout', 'layout two 1')
    edit('+page.tsx', '>Show it<', '>Show all<')
    await shows('.show', 'Show all')
    await shows('.state', 'signal 1, state 1')
    assert.equal(loads, 0)
  })

  test('is the new one where it was not on the page before', async () => {
    edit('dialog.tsx', 'one', 'two')
    await until(() => /app\/dialog\.tsx/.test(server.output()), 'the update')
    edit('tally.tsx', 'tally ', 'tallied ') // arrives after it
    await shows('.tally', 'tallied')
    await page.locator('.show').click()
    await shows('.dialog', 'Dialog two')
    edit('dialog.tsx', 'two', 'three')
    await shows('.dialog', 'Dialog three')
    assert.equal(loads, 0)
  })

  test('loses its state with another hook in a module below, and others keep theirs', async () => {
    await page.locator('.tally').click()
    await page.locator('.click').click()
    edit('use-tally.ts', 'useSignal(0)', 'useSignal(40)')
    await shows('.tally', 'tally 40')
    await shows('.state', 'signal 1, state 1')
    edit('use-tally.ts', 'count.value++', '(count.value += 2)')
    await page.locator('.tally').click()
    await until(async () => {
      await page.locator('.tally').click()
      return /tally 4[2-9]|tally [5-9]\d/.test(await page.locator('.tally').textContent())
    }, 'the new step')
    assert.equal(loads, 0)
  })

  test('whose export is renamed takes its importers along', async () => {
    await page.locator('.click').click()
    edit('tally.tsx', 'function Tally()', 'function Sum()')
    edit('+page.tsx', '{ Tally }', '{ Sum as Tally }')
    edit('tally.tsx', 'tally ', 'sum ')
    await shows('.tally', 'sum 0')
    await shows('.state', 'signal 1, state 1')
    assert.equal(loads, 0)
  })

  test('and fails to render keeps page and session until it is repaired', async () => {
    await page.locator('.connect').click()
    await shows('.room', 'open')
    edit('+page.tsx', '{room.status}, ', '{room.missing.status}, ')
    await overlay().getByRole('button', { name: 'app/+page.tsx:' }).first().waitFor()
    assert.match(await overlay().locator('.text').textContent(), /^TypeError: /)
    assert.match(await overlay().locator('.frame').textContent(), /room\.missing\.status/)
    restore()
    await gone()
    await page.locator('.send').click()
    await shows('.room', 'open, 1 messages')
    assert.equal(loads, 0)
  })

  test('and fails to evaluate is shown at its place, and heals', async () => {
    await page.locator('.click').click()
    edit('everything.tsx', "createContext('none')", 'createContext(document.nothing.none)')
    await overlay().getByRole('button', { name: /^app\/everything\.tsx:6:\d+$/ }).first().waitFor()
    restore()
    await gone()
    await shows('.state', 'signal 1, state 1')
    assert.equal(loads, 0)
  })
})

describe('the overlay', () => {
  beforeEach(() => visit())

  test('takes the focus, gives it back, closes with Escape', async () => {
    await page.locator('.draft').fill('half')
    edit('dialog.tsx', '</p>', '<p>')
    await overlay().getByRole('alertdialog').waitFor()
    assert.equal(await page.evaluate(() => document.activeElement.localName), 'eclipsa-error-overlay')
    await page.keyboard.press('Tab')
    assert.match(await page.evaluate(() => document.activeElement.shadowRoot.activeElement.textContent), /^app\/dialog\.tsx:/)
    await page.keyboard.press('Shift+Tab')
    assert.equal(await page.evaluate(() => document.activeElement.shadowRoot.activeElement.className), 'close')
    await page.keyboard.press('Escape')
    await gone()
    await page.keyboard.type(' a word')
    assert.equal(await page.locator('.draft').inputValue(), 'half a word')
  })

  test('opens files in the editor, and says where that fails', async () => {
    const asked = []
    await page.route('**/__eclipsa/dev/open?*', (route) => {
      const url = new URL(route.request().url())
      asked.push([route.request().method(), ...['file', 'line', 'column'].map((name) => url.searchParams.get(name))])
      return route.fulfill({ status: 501, body: 'eclipsa: no editor was found' })
    })
    edit('dialog.tsx', '</p>', '<p>')
    await overlay().locator('.place button').first().click()
    await overlay().getByText('eclipsa: no editor was found').waitFor()
    assert.deepEqual(asked.map(([method, file]) => [method, file]), [['POST', 'app/dialog.tsx']])
    assert.ok(Number(asked[0][2]) >= 3 && Number(asked[0][3]) >= 1, String(asked))
  })
})

describe('the hot channel', () => {
  test('a page whose CSP forbids to evaluate gets scripts', async () => {
    await visit('/strict')
    await page.locator('.count').click()
    await shows('.count', 'strict one 1')
    edit('strict/+page.tsx', 'strict one', 'strict two')
    await shows('.count', 'strict two 1')
    edit('strict/+page.tsx', 'strict two', 'strict three')
    await shows('.count', 'strict three 1')
    assert.equal(loads, 0)
  })

  test('a page that was cut off asks for what it missed', async () => {
    const context = await browser.newContext()
    page = await context.newPage()
    opened = { close: () => context.close() }
    let cut, connections = 0
    await page.routeWebSocket(/\/__eclipsa\/dev\/hot\?/, (socket) => {
      connections++
      const end = socket.connectToServer()
      socket.onMessage((text) => end.send(text))
      end.onMessage((text) => cut !== 'now' && socket.send(text))
      if (connections === 1) cut = () => socket.close()
    })
    await page.goto(server.url)
    await page.locator('body[data-e-resume="resumed"]').waitFor()
    loads = 0
    page.on('load', () => loads++)
    await page.locator('.click').click()
    await until(() => connections === 1, 'the channel')
    const close = cut
    cut = 'now'
    edit('everything.tsx', 'Click<', 'Clicked<')
    await until(() => server.output().split('app/everything.tsx').length > 1, 'the update')
    cut = undefined
    await close()
    await shows('.click', 'Clicked')
    await shows('.state', 'signal 1, state 1')
    assert.deepEqual([loads, connections], [0, 2])
  })

  test('another run of the server is another page', async () => {
    const own = copyApp('testdata/fixtures/apps/refresh')
    let first = await startDev(own.root)
    const { port } = new URL(first.url)
    opened = await openPage(browser, first.url)
    page = opened.page
    loads = 0
    page.on('load', () => loads++)
    await first.stop()
    first = await startDev(own.root, ['--port', port])
    await until(() => loads === 1, 'the new page')
    await page.locator('body[data-e-resume="resumed"]').waitFor()
    await first.stop()
    own.remove()
    assert.equal(loads, 1)
  })
})
