/** Everybody else's plugins, in vite and in what vite build wrote: Tailwind, MDX, a CSS preprocessor, aliases. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { launch, openPage } from '../harness/browser.mjs'
import { copyApp, startVite, startViteBuilt } from '../harness/servers.mjs'

const files = {
  'vite.config.mjs': `import mdx from '@mdx-js/rollup'
import tailwindcss from '@tailwindcss/vite'
import { eclipsa } from 'eclipsa/vite'
import { node } from '@eclipsa/node'
import { fileURLToPath } from 'node:url'
const icons = {
  name: 'icons',
  resolveId: (id) => (id.startsWith('virtual:icon/') ? '\\0' + id : undefined),
  load: (id) => (id.startsWith('\\0virtual:icon/') ? 'import { jsx } from "eclipsa/jsx-runtime"\\nexport default () => jsx("i", { class: "icon", children: ' + JSON.stringify(id.slice(14)) + ' })' : undefined),
}
export default {
  cacheDir: '.vite',
  resolve: { alias: { '~': fileURLToPath(new URL('./src', import.meta.url)) } },
  plugins: [{ enforce: 'pre', ...mdx({ jsxImportSource: 'eclipsa' }) }, tailwindcss(), icons, eclipsa(), node()],
}
`,
  'app/+layout.tsx': "import './tailwind.css'\nexport default ({ children }: { children?: unknown }) => <main>{children}</main>\n",
  'app/tailwind.css': '@import "tailwindcss" source(none);\n@source "./";\n',
  'app/style.scss': '$tone: rgb(7, 8, 9);\n.sassy { span { color: $tone } }\n',
  'app/doc.mdx': "import { Talk } from '~/talk'\n\n# From MDX\n\n<Talk room=\"mdx\" />\n",
  // A session that only an MDX file reaches, by an alias: which route may ask for it only Vite's graph knows.
  'src/talk.tsx': `import { realtime } from 'eclipsa'
const useTalk = realtime<{ room: string }, string, string>((connection) => {
  connection.send('Welcome to ' + connection.input.room)
})
export function Talk({ room }: { room: string }) {
  const talk = useTalk()
  return <button onClick={() => talk.connect({ room })} type="button">{talk.lastMessage ?? 'Talk'}</button>
}
`,
  'app/+page.tsx': `import Icon from 'virtual:icon/star'
import Doc from './doc.mdx'
import './style.scss'
export default function Page() {
  return (
    <section class="sassy">
      <p class="mt-[13px] font-bold">Tailwind</p>
      <span>Sass</span>
      <Icon />
      <Doc />
    </section>
  )
}
`,
}

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

for (const [name, start] of [['vite', startVite], ['vite build', startViteBuilt]]) {
  describe(name, () => {
    let app, server
    before(async () => {
      app = copyApp('examples/room')
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(app.root, path)), { recursive: true })
        writeFileSync(join(app.root, path), text)
      }
      server = await start(app.root)
    })
    after(async () => {
      await server?.stop()
      app?.remove()
    })

    test('their output is on the page, rendered on the server and alive', async () => {
      const html = await (await fetch(server.url)).text()
      assert.match(html, /<h1>From MDX<\/h1>/)
      assert.match(html, /<i class="icon">star<\/i>/)
      const { page, problems, close } = await openPage(browser, server.url)
      const style = (selector, name) => page.locator(selector).first().evaluate((element, name) => getComputedStyle(element)[name], name)
      assert.equal(await style('p', 'marginTop'), '13px')
      assert.equal(await style('p', 'fontWeight'), '700')
      assert.equal(await style('span', 'color'), 'rgb(7, 8, 9)')
      await page.getByRole('button', { name: 'Talk' }).click()
      await page.getByRole('button', { name: 'Welcome to mdx' }).waitFor()
      assert.deepEqual(problems, [])
      await close()
    })

    test('stylesheets are in the document from the start', async () => {
      const html = await (await fetch(server.url)).text()
      const sheets = await Promise.all([...html.matchAll(/<link href="([^"]+)" rel="stylesheet"/g)].map(async ([, href]) => (await fetch(server.url + href, { headers: { accept: 'text/css' } })).text()))
      assert.match(sheets.join('\n'), /13px/)
      assert.match(sheets.join('\n'), /\.sassy span/)
    })
  })
}
