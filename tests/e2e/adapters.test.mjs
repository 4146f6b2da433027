/** An app that brings its own WebSocket adapter: as a factory (the seed's, on Node), and as an object of another host. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch, openPage } from '../harness/browser.mjs'
import { copyApp, repository, startBuilt, startDev } from '../harness/servers.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

async function connects(server) {
  const { page, problems, close } = await openPage(browser, server.url)
  await page.getByRole('button', { name: 'Connect' }).click()
  await page.getByText('Latest: Joined general').waitFor()
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByText('Latest: Hello').waitFor()
  assert.deepEqual(problems, [])
  await close()
}

for (const [name, start] of [['eclipsa dev', startDev], ['node dist/server/node.mjs', startBuilt]]) {
  test(`a factory gets the app and the server's upgrades, ${name}`, async () => {
    const app = copyApp('testdata/fixtures/apps/adapter')
    let server
    try {
      server = await start(app.root)
      // The page's Origin carries the real port, which this adapter hides from the app: the runtime finds it again.
      await connects(server)
      assert.deepEqual(await (await fetch(`${server.url}/seen`)).json(), { injected: 1, upgraded: 1 })
    } finally {
      await server?.stop()
      app.remove()
    }
  })
}

test('eclipsa dev serves an app that is meant for Bun with its own capability', async () => {
  const app = copyApp('testdata/fixtures/apps/adapter')
  const seed = readFileSync(join(repository, 'testdata', 'seed-realtime.txt'), 'utf8').split('\n')
  writeFileSync(join(app.root, 'app', '+server-entry.ts'), seed.slice(107, 116).join('\n') + '\n')
  rmSync(join(app.root, 'app', 'seen'), { recursive: true })
  let server
  try {
    server = await startDev(app.root)
    await connects(server)
  } finally {
    await server?.stop()
    app.remove()
  }
})
