/**
 * Vite's active HTTP server in the shapes that people give it: pages, sessions and Vite's own HMR socket beside each
 * other, each upgrade claimed by exactly one.
 */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch, openPage } from '../harness/browser.mjs'
import { copyApp, repository, startServer, startVite, until } from '../harness/servers.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const config = (rest, before = '') => `import { eclipsa } from 'eclipsa/vite'
import { node } from '@eclipsa/node'
${before}
export default { appType: 'custom', cacheDir: '.vite', plugins: [eclipsa(), node()], ${rest} }
`

/** A page connects, talks, and takes an update of Vite's over its HMR socket without being loaded again. */
async function works(app, server, path = '/') {
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  const sockets = []
  const lines = []
  page.on('console', (message) => lines.push(message.text()))
  page.on('websocket', (socket) => sockets.push(socket.url()))
  try {
    await page.goto(server.url + path)
    await page.locator('body[data-e-resume="resumed"]').waitFor()
    await page.getByRole('button', { name: 'Connect' }).click()
    await page.getByText('Latest: Joined general').waitFor()
    await until(() => lines.includes('[vite] connected.'), "Vite's HMR socket") // it repeats no update for late pages
    let loads = 0
    page.on('load', () => loads++)
    const file = join(app.root, 'app/+page.tsx')
    writeFileSync(file, readFileSync(file, 'utf8').replace('Status: ', 'State: '))
    await page.getByText('State: open').waitFor()
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByText('Latest: Hello').waitFor()
    assert.equal(loads, 0)
    return sockets
  } finally {
    await context.close()
  }
}

/** @param {(app: { root: string }) => Promise<object>} start */
async function withServer(start, steps) {
  const app = copyApp('examples/room')
  let server
  try {
    server = await start(app)
    await steps(app, server)
  } finally {
    await server?.stop()
    app.remove()
  }
}

const configured = (text) => (app) => {
  writeFileSync(join(app.root, 'vite.config.mjs'), text)
  return startVite(app.root)
}

test('base', () =>
  withServer(configured(config("base: '/sub/'")), async (app, server) => {
    await works(app, server, '/sub/')
    assert.equal((await fetch(`${server.url}/sub/nowhere`)).status, 404)
  }))

test('server.hmr.port: Vite has a socket server of its own', async () => {
  const port = await freePort()
  await withServer(configured(config(`server: { hmr: { port: ${port} } }`)), async (app, server) => {
    const sockets = await works(app, server)
    assert.ok(sockets.some((url) => url.includes(`:${port}`)), sockets.join(' '))
  })
})

/** One that was free a moment ago. */
function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

test('a root that is a link: edits through either path, and new routes', async () => {
  const app = copyApp('examples/room')
  const link = `${app.root}-link`
  symlinkSync(app.root, link)
  let server
  try {
    server = await startVite(app.root, [link])
    const page = join(app.root, 'app/+page.tsx')
    const text = readFileSync(page, 'utf8')
    await works({ root: link }, server)
    writeFileSync(page, text)
    await until(async () => (await (await fetch(server.url)).text()).includes('Status: '), 'the first text')
    await works(app, server)
    mkdirSync(join(link, 'app/later'))
    writeFileSync(join(link, 'app/later/+page.tsx'), 'export default () => <p>later</p>\n')
    await until(async () => (await (await fetch(`${server.url}/later`)).text()).includes('<p>later</p>'), 'the new route')
  } finally {
    await server?.stop()
    rmSync(link)
    app.remove()
  }
})

test('https', () =>
  withServer(
    (app) => {
      for (const name of ['key.pem', 'cert.pem']) copyFileSync(join(repository, 'testdata/fixtures/tls', name), join(app.root, name)) // made for this test
      return configured(config("server: { https: { key: readFileSync('key.pem'), cert: readFileSync('cert.pem') } }", "import { readFileSync } from 'node:fs'"))(app)
    },
    async (app, server) => {
      assert.match(server.url, /^https:/)
      await works(app, server)
    },
  ))

test('another plugin that listens for upgrades keeps its own, and gets no other', () =>
  withServer(
    configured(
      config(
        '',
        `const other = { name: 'other', configureServer(server) {
  server.httpServer.on('upgrade', (incoming, socket) => {
    if (incoming.url === '/other') socket.end('HTTP/1.1 418 Teapot\\r\\nConnection: close\\r\\nContent-Length: 0\\r\\n\\r\\n')
  })
} }`,
      ).replace('node()]', 'node(), other]'),
    ),
    async (app, server) => {
      await works(app, server)
      const { WebSocket } = await import('ws')
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/other`)
      const answer = await new Promise((resolve) => socket.on('unexpected-response', (_, response) => resolve(response.statusCode)).on('error', () => {}))
      assert.equal(answer, 418)
    },
  ))

const middlewareServer = (middlewareMode) => `import { createServer } from 'node:http'
import { createServer as createVite } from 'vite'
const server = createServer((incoming, outgoing) => {
  if (incoming.url === '/own') return outgoing.end('own')
  vite.middlewares(incoming, outgoing)
})
const vite = await createVite({ server: { middlewareMode: ${middlewareMode}, hmr: { server } } })
server.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port + '/'))
process.on('SIGTERM', async () => { await vite.close(); process.exit(0) })
`

for (const middlewareMode of ['{ server }', 'true']) {
  test(`middlewareMode: ${middlewareMode}, with the user's server`, () =>
    withServer(
      (app) => {
        writeFileSync(join(app.root, 'vite.config.mjs'), config(''))
        writeFileSync(join(app.root, 'server.mjs'), middlewareServer(middlewareMode))
        return startServer(process.execPath, ['server.mjs'], { cwd: app.root })
      },
      async (app, server) => {
        await works(app, server)
        assert.equal(await (await fetch(`${server.url}/own`)).text(), 'own')
        // Vite begins anew, on the same HTTP server.
        const page = join(app.root, 'app/+page.tsx')
        writeFileSync(page, readFileSync(page, 'utf8').replace('State: ', 'Status: '))
        await until(async () => (await (await fetch(server.url)).text()).includes('Status: '), 'the first text')
        writeFileSync(join(app.root, 'vite.config.mjs'), `${config('')}// another one\n`)
        await until(() => /server restarted/.test(server.output()), 'the restart')
        await works(app, server)
      },
    ))
}

test('a restart with the same plugins', () =>
  withServer(
    (app) => {
      writeFileSync(join(app.root, 'server.mjs'), `import { createServer } from 'vite'
import { eclipsa } from 'eclipsa/vite'
const vite = await createServer({ configFile: false, cacheDir: '.vite', plugins: [eclipsa()], server: { host: '127.0.0.1', port: 0 } })
await vite.listen()
process.on('SIGUSR2', () => vite.restart())
vite.printUrls()
`)
      return startServer(process.execPath, ['server.mjs'], { cwd: app.root })
    },
    async (app, server) => {
      server.child.kill('SIGUSR2')
      await until(() => /server restarted/.test(server.output()), 'the restart')
      await works(app, server)
      assert.equal((await server.stop()).signal, null, 'nothing keeps the process')
    },
  ))

test('middlewareMode without a server says what to pass', () =>
  withServer(
    (app) => {
      writeFileSync(join(app.root, 'vite.config.mjs'), config(''))
      writeFileSync(join(app.root, 'server.mjs'), middlewareServer('true').replace(', hmr: { server }', ', hmr: false'))
      return startServer(process.execPath, ['server.mjs'], { cwd: app.root })
    },
    async (_app, server) => {
      const { page, problems, close } = await openPage(browser, server.url)
      await page.locator('body[data-e-resume="resumed"]').waitFor()
      assert.deepEqual(problems, [])
      await close()
      await until(() => /sessions need the HTTP server.*middlewareMode: \{ server: httpServer \}/.test(server.output()), 'the warning')
    },
  ))

test('edits of +server-entry take effect, and inject once each', () =>
  withServer(
    (app) => {
      writeFileSync(join(app.root, 'app/+server-entry.ts'), entry(1))
      return startVite(app.root)
    },
    async (app, server) => {
      await works(app, server)
      for (const version of [2, 3]) {
        writeFileSync(join(app.root, 'app/+server-entry.ts'), entry(version))
        await until(async () => (await (await fetch(`${server.url}/version`)).text()) === `version ${version}`, `version ${version}`)
      }
      const file = join(app.root, 'app/+page.tsx')
      writeFileSync(file, readFileSync(file, 'utf8').replace('State: ', 'Status: '))
      await works(app, server)
      assert.doesNotMatch(server.output(), /handleUpgrade\(\) called more than once|MaxListeners|uncaught/i)
    },
  ))

const entry = (version) => `import { Hono } from 'hono'
const app = new Hono()
app.get('/version', (c) => c.text('version ${version}'))
export default app
`

test('an error while rendering is in the page and in the terminal, at its place', () =>
  withServer(
    (app) => startVite(app.root),
    async (app, server) => {
      const file = join(app.root, 'app/+page.tsx')
      writeFileSync(file, readFileSync(file, 'utf8').replace('return (\n<section>', "if (typeof document === 'undefined') throw new Error('no page today')\nreturn (\n<section>"))
      const context = await browser.newContext()
      const page = await context.newPage()
      await page.goto(server.url)
      await page.locator('vite-error-overlay').getByText('no page today').first().waitFor()
      await page.locator('vite-error-overlay').getByText(`${file}:`).first().waitFor()
      assert.ok(server.output().includes(`(${file}:`), server.output())
      await context.close()
    },
  ))

test('what a module does not find at its start may be there when the page is loaded again', () =>
  withServer(
    (app) => {
      const file = join(app.root, 'app/+page.tsx')
      writeFileSync(file, `import { title } from './title.server'\n${readFileSync(file, 'utf8').replace('(connection) => {', '(connection) => {\nvoid title')}`)
      writeFileSync(join(app.root, 'app/title.server.ts'), `import { readFileSync } from 'node:fs'\nexport const title = readFileSync('${app.root}-title', 'utf8')\n`)
      return startVite(app.root)
    },
    async (app, server) => {
      for (const _ of [1, 2]) assert.equal((await fetch(server.url)).status, 500)
      writeFileSync(`${app.root}-title`, 'here')
      try {
        assert.equal((await fetch(server.url)).status, 200)
      } finally {
        rmSync(`${app.root}-title`)
      }
    },
  ))

const mistakes = {
  'an error while rendering': { broken: "export const title = { toString() { throw new Error('not now') } }" },
  'an error at the start of a module': { broken: "throw new Error('not today')\nexport const title = ''" },
  'a mistake in the syntax': { broken: 'export const title = (' },
  'a missing file': {},
}
for (const [what, { broken }] of Object.entries(mistakes)) {
  test(`the error page of ${what} goes by itself once that is mended`, () =>
    withServer(
      (app) => {
        const file = join(app.root, 'app/+page.tsx')
        writeFileSync(file, `import { title } from './title'\n${readFileSync(file, 'utf8').replace('<section>', '<section title={title}>')}`)
        if (broken !== undefined) writeFileSync(join(app.root, 'app/title.ts'), broken)
        return startVite(app.root)
      },
      async (app, server) => {
        const page = await browser.newPage()
        await page.goto(server.url)
        await page.locator('vite-error-overlay').waitFor()
        writeFileSync(join(app.root, 'app/title.ts'), "export const title = 'here'\n")
        await page.getByTitle('here').waitFor()
        await page.locator('body[data-e-resume="resumed"]').waitFor()
        await page.getByRole('button', { name: 'Connect' }).click()
        await page.getByText('Latest: Joined general').waitFor()
        await page.close()
      },
    ))
}
