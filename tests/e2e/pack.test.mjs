/** What a stranger does: installs the tarballs in a folder of their own, writes one page, runs the three commands. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch, openPage } from '../harness/browser.mjs'
import { packPackages } from '../harness/packages.mjs'
import { run, startServer } from '../harness/servers.mjs'

let root, browser, packed
before(async () => {
  browser = await launch()
  root = mkdtempSync(join(tmpdir(), 'eclipsa-stranger-'))
  packed = await packPackages()
  writeFileSync(join(root, 'package.json'), '{ "name": "stranger", "private": true, "type": "module" }\n')
  mkdirSync(join(root, 'app'))
  writeFileSync(
    join(root, 'app', '+page.tsx'),
    `import { realtime } from 'eclipsa'
const useGreeting = realtime<{ name: string }, never, string>((connection) => {
  connection.send('Hello ' + connection.input.name)
})
export default function Page() {
  const greeting = useGreeting()
  return <button onClick={() => greeting.connect({ name: 'Ada' })}>{greeting.lastMessage ?? 'Greet'}</button>
}
`,
  )
  await run('npm', ['install', '--no-audit', '--no-fund', ...Object.values(packed.tarballs)], { cwd: root })
})
after(async () => {
  await browser?.close()
  packed?.remove()
  if (root) rmSync(root, { recursive: true, force: true })
})

async function greets(server) {
  try {
    const { page, problems, close } = await openPage(browser, server.url)
    await page.getByRole('button', { name: 'Greet' }).click()
    await page.getByRole('button', { name: 'Hello Ada' }).waitFor()
    assert.deepEqual(problems, [])
    await close()
  } finally {
    await server.stop()
  }
}

test('npx eclipsa dev', async () => {
  await greets(await startServer('npx', ['--no-install', 'eclipsa', 'dev', '--port', '0'], { cwd: root, group: true }))
})

test('npx eclipsa build, then npx eclipsa start', async () => {
  await run('npx', ['--no-install', 'eclipsa', 'build'], { cwd: root })
  await greets(await startServer('npx', ['--no-install', 'eclipsa', 'start'], { cwd: root, group: true, env: { ...process.env, PORT: '0' } }))
})
