/** `vite preview` shows what `vite build` wrote: pages, sessions and files, and nothing of the server's folder. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch, openPage } from '../harness/browser.mjs'
import { buildWithVite, copyApp, run, startVite, viteCommand } from '../harness/servers.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const config = (options, rest = '') => `import { eclipsa } from 'eclipsa/vite'
import { node } from '@eclipsa/node'
export default { appType: 'custom', plugins: [eclipsa(${options}), node()], ${rest} }
`

async function withPreview(app, text, steps) {
  let server
  try {
    writeFileSync(join(app.root, 'vite.config.mjs'), text)
    await buildWithVite(app.root)
    server = await startVite(app.root, [], {}, 'preview')
    await steps(server.url)
  } finally {
    await server?.stop()
    app.remove()
  }
}

for (const base of ['/', '/sub/']) {
  test(`pages, sessions and files at ${base}`, () =>
    withPreview(copyApp('examples/room'), config('', `base: '${base}'`), async (url) => {
      const { page, problems, close } = await openPage(browser, url + base)
      await page.locator('body[data-e-resume="resumed"]').waitFor()
      await page.getByRole('button', { name: 'Connect' }).click()
      await page.getByText('Latest: Joined general').waitFor()
      await page.getByRole('button', { name: 'Send' }).click()
      await page.getByText('Latest: Hello').waitFor()
      const script = await page.evaluate(() => performance.getEntriesByType('resource').find(({ initiatorType }) => initiatorType === 'script').name)
      assert.equal((await fetch(script)).status, 200)
      assert.deepEqual(problems, [])
      await close()
      assert.equal((await fetch(`${url}${base}nowhere`)).status, 404)
      for (const path of ['server/index.mjs', 'server/node.mjs', '../server/index.mjs', 'dist/server/index.mjs']) assert.equal((await fetch(url + base + path)).status, 404, path)
      const upgrade = await fetch(`${url}${base}nowhere`, { headers: { Connection: 'Upgrade', Upgrade: 'websocket' } }).catch(() => undefined)
      assert.notEqual(upgrade?.status, 101)
    }))
}

test('ssg: true leaves pages and no server', () => {
  const app = copyApp('examples/room')
  mkdirSync(join(app.root, 'app/about'))
  writeFileSync(join(app.root, 'app/+page.tsx'), 'export default () => <p>start</p>\n')
  writeFileSync(join(app.root, 'app/about/+page.tsx'), 'export default () => <p>about</p>\n')
  return withPreview(app, config('{ ssg: true }'), async (url) => {
    assert.ok(!existsSync(join(app.root, 'dist/server/index.mjs')))
    assert.match(await (await fetch(url)).text(), /<p>start<\/p>/)
    assert.match(await (await fetch(`${url}/about`)).text(), /<p>about<\/p>/)
    assert.equal((await fetch(`${url}/nowhere`)).status, 404)
  })
})

test('build.outDir has both folders in it', () => {
  const app = copyApp('examples/room')
  return withPreview(app, config('', "build: { outDir: 'out' }"), async (url) => {
    assert.ok(existsSync(join(app.root, 'out/client/assets')) && existsSync(join(app.root, 'out/server/node.mjs')) && !existsSync(join(app.root, 'dist')))
    assert.match(await (await fetch(url)).text(), /Status: closed/)
  })
})

test('without a build it says what to do', async () => {
  const app = copyApp('examples/room')
  try {
    writeFileSync(join(app.root, 'vite.config.mjs'), config(''))
    assert.match(await run(process.execPath, [viteCommand, 'preview'], { cwd: app.root }, 1), /\[eclipsa\] there is no .*dist\/client to show: run `vite build` first\./)
  } finally {
    app.remove()
  }
})
