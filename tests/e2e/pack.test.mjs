/** What a stranger does: installs the tarballs in a folder of their own, writes one page, runs the three commands. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch, openPage } from '../harness/browser.mjs'
import { repository, run, startServer } from '../harness/servers.mjs'

let root, browser
before(async () => {
  browser = await launch()
  root = mkdtempSync(join(tmpdir(), 'eclipsa-stranger-'))
  await run('make', ['--silent', 'pack'], { cwd: repository })
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
  const tarballs = readdirSync(join(repository, 'dist-npm')).map((name) => join(repository, 'dist-npm', name))
  assert.equal(tarballs.length, 3)
  await run('npm', ['install', '--no-audit', '--no-fund', ...tarballs], { cwd: root })
})
after(async () => {
  await browser?.close()
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
