/** What a person sees of `eclipsa dev` while working: edits, mistakes and their repair, a worker that dies. */
import assert from 'node:assert/strict'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { launch, openPage } from '../harness/browser.mjs'
import { copyApp, startDev, until } from '../harness/servers.mjs'

describe('eclipsa dev', () => {
  let app, server, browser, opened, page, file, text
  before(async () => {
    browser = await launch()
    app = copyApp('examples/room')
    file = join(app.root, 'app', '+page.tsx')
    text = readFileSync(file, 'utf8')
    server = await startDev(app.root)
    opened = await openPage(browser, server.url)
    page = opened.page
  })
  after(async () => {
    await opened?.close()
    await browser?.close()
    await server?.stop()
    app?.remove()
  })

  const whole = () => page.getByText('Status: closed').waitFor()
  const overlay = (words) => page.getByText(words).first().waitFor()

  test('a saved edit is on the page', async () => {
    writeFileSync(file, text.replace('\nConnect\n', '\nConnect now\n'))
    await page.getByRole('button', { name: 'Connect now' }).waitFor()
  })

  test('a syntax error shows its place in the overlay and the terminal, and the last good code goes on', async () => {
    writeFileSync(file, text.replace('const room = useRoom()', 'const room = useRoom('))
    await overlay('app/+page.tsx:18:1')
    await until(() => /app\/\+page\.tsx:18:1: error: /.test(server.output()), 'the terminal')
    assert.match(await (await fetch(server.url)).text(), /Connect now/)
  })

  test('the repair takes the overlay away', async () => {
    writeFileSync(file, text)
    await page.getByRole('button', { name: 'Connect', exact: true }).waitFor()
    await whole()
    await page.getByText('app/+page.tsx:18:1').waitFor({ state: 'detached' })
  })

  test('an import that leads nowhere names importer and specifier', async () => {
    writeFileSync(file, `import { nothing } from './nowhere'\n${text.replace('<section>', '<section>{nothing}')}`)
    await overlay('./nowhere')
    await until(() => /app\/\+page\.tsx:1:\d+: error: .*nowhere/.test(server.output()), 'the terminal')
  })

  test('an error while rendering shows its place in the source, and the page comes back by itself', async () => {
    writeFileSync(file, text.replace('<section>', '<section>{boom()}'))
    await overlay('boom is not defined')
    await overlay('app/+page.tsx:19:11')
    await fetch(server.url) // the open page was updated in place: nobody has asked the server to render it
    await until(() => /app\/\+page\.tsx:19:11: error: ReferenceError: boom/.test(server.output()), 'the terminal')
    writeFileSync(file, text)
    await whole()
  })

  test('a new route is there, a removed one is gone, without a restart', async () => {
    renameSync(join(app.root, 'app', 'presence'), join(app.root, 'app', 'here'))
    await until(async () => (await fetch(`${server.url}/here`)).status === 200, 'the new route')
    assert.equal((await fetch(`${server.url}/presence`)).status, 404)
  })

  test('a handler\'s edit is what the next session runs', async () => {
    writeFileSync(file, text.replace('Joined ', 'Came into '))
    await until(async () => {
      await page.getByRole('button', { name: 'Connect', exact: true }).click()
      return page.getByText('Latest: Came into general').isVisible()
    }, 'the new handler')
  })
})
